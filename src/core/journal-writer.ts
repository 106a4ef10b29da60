import type { CommitRecord, Journal, JournalWrite, Outcome } from './journal.ts';
import { type Log, SILENT } from './log.ts';
import { type Meter, NO_METER } from './meter.ts';
import type { Runtime } from './runtime.ts';

/** How a commit ended, for good. */
export type Settled = 'landed' | 'fenced';

interface Waiting {
	readonly write: JournalWrite;
	readonly settle: (outcome: Settled) => void;
	readonly since: number;
}

const BATCH_RECORDS_MAX = 1_000;
const BATCH_EVENTS_MAX = 5_000;
/** A batch that fails again and again may hold a record that spoils it: then one goes at a time. */
const ALONE_BEHIND_FAILURES = 3;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 2_000;

/**
 * The one writer of a node (and store shard): gathers the commits of all actors and writes them in one
 * go, one batch in flight. An unknown outcome is settled by sending the same record again, beside new
 * ones, until the answer is definite. Bounded by its callers: one commit per actor is in flight.
 */
export class JournalWriter {
	readonly #journal: Journal;
	readonly #runtime: Runtime;
	readonly #log: Log;
	readonly #meter: Meter;
	#waiting: Waiting[] = [];
	#busy = false;
	#failures = 0;
	#closed = false;
	#idle: (() => void)[] = [];

	constructor(options: { journal: Journal; runtime: Runtime; log?: Log; meter?: Meter }) {
		this.#journal = options.journal;
		this.#runtime = options.runtime;
		this.#log = options.log ?? SILENT;
		this.#meter = options.meter ?? NO_METER;
	}

	/** Commits that are not settled yet. */
	get pending(): number {
		return this.#waiting.length;
	}

	/** Writes one commit; `settle` is called once, with a definite outcome. */
	append(write: JournalWrite, settle: (outcome: Settled) => void): void {
		this.#waiting.push({ write, settle, since: this.#runtime.monotonic() });
		this.#schedule();
	}

	/** Resolves when all that was appended is settled. */
	drained(): Promise<void> {
		if (this.#waiting.length === 0 && !this.#busy) return Promise.resolve();
		return new Promise((resolve) => this.#idle.push(resolve));
	}

	/** Stops trying; what is not settled stays so (as in a crash). */
	close(): void {
		this.#closed = true;
		this.#waiting = [];
	}

	#schedule(): void {
		if (this.#busy || this.#closed || this.#waiting.length === 0) return;
		this.#busy = true;
		const batch = () => void this.#writeBatch();
		if (this.#failures === 0) this.#runtime.defer(batch);
		else this.#runtime.after(this.#retryMs(), batch);
	}

	#retryMs(): number {
		const limit = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (this.#failures - 1));
		return limit * (0.5 + this.#runtime.random() / 2);
	}

	#take(): Waiting[] {
		const recordsMax = this.#failures >= ALONE_BEHIND_FAILURES ? 1 : BATCH_RECORDS_MAX;
		let events = 0;
		let count = 0;
		for (const { write } of this.#waiting) {
			if (count === recordsMax || (count > 0 && events > BATCH_EVENTS_MAX)) break;
			events += write.record.events.length;
			count++;
		}
		return this.#waiting.splice(0, count);
	}

	async #writeBatch(): Promise<void> {
		const batch = this.#take();
		const outcomes = await this.#append(batch.map(({ write }) => write));
		this.#busy = false;
		if (this.#closed) return;
		const unknown = batch.filter((_, index) => (outcomes[index] ?? 'unknown') === 'unknown');
		this.#failures = unknown.length === batch.length ? this.#failures + 1 : 0;
		// Behind the others: a record that the journal cannot take must not hold them up.
		this.#waiting.push(...unknown);
		this.#meter.observe('batchCommits', batch.length);
		const now = this.#runtime.monotonic();
		batch.forEach((entry, index) => {
			const outcome = outcomes[index] ?? 'unknown';
			if (outcome === 'unknown') return;
			this.#meter.observe('commitMs', now - entry.since);
			this.#settle(entry, outcome);
		});
		this.#schedule();
		if (this.#waiting.length === 0 && !this.#busy) {
			for (const resolve of this.#idle.splice(0)) resolve();
		}
	}

	/** A caller that throws must not keep the others from learning what became of their commits. */
	#settle({ write, settle }: Waiting, outcome: Settled): void {
		try {
			settle(outcome);
		} catch (error) {
			this.#log.error({ err: error, actor: write.record.actor }, 'a settled commit threw');
		}
	}

	async #append(writes: readonly JournalWrite[]): Promise<readonly Outcome[]> {
		try {
			return await this.#journal.append(writes);
		} catch (error) {
			this.#log.warn({ err: error, commits: writes.length }, 'journal batch has no outcome yet');
			return [];
		}
	}
}

/** Makes the record of an activation: no events, no new position. */
export function activationRecord(
	base: Pick<CommitRecord, 'actor' | 'commit' | 'position' | 'at' | 'writer'>,
): CommitRecord {
	return { ...base, events: [], requests: [] };
}
