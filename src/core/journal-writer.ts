import type { ActorKey } from '../protocol/ids.ts';
import type { CommitRecord, Journal, JournalWrite, Outcome } from './journal.ts';
import { type Log, SILENT } from './log.ts';
import { type Meter, NO_METER } from './meter.ts';
import type { Runtime } from './runtime.ts';
import { Spoilers } from './spoilers.ts';

/** How a commit ended, for good. */
export type Settled = 'landed' | 'fenced';

interface Waiting {
	readonly write: JournalWrite;
	readonly settle: (outcome: Settled) => void;
	readonly since: number;
}

const BATCH_RECORDS_MAX = 1_000;
const BATCH_EVENTS_MAX = 5_000;
const RETRY = { firstMs: 50, maxMs: 2_000 };

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
	readonly #spoilers = new Spoilers(RETRY);
	#waiting: Waiting[] = [];
	/** The batch in flight, and actors of it whose outcome nobody wants, with who waits for its end. */
	#writing: readonly Waiting[] = [];
	readonly #withdrawn = new Map<ActorKey, (() => void)[]>();
	#busy = false;
	#cancelRetry: (() => void) | undefined;
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

	/**
	 * Takes back what the actor's host appended, as far as it has not left; resolves when nothing of it is
	 * on its way any more. What came of it in the journal is not known then.
	 */
	withdraw(actor: ActorKey): Promise<void> {
		const isOf = ({ write }: Waiting) => write.record.actor === actor;
		if (this.#waiting.some(isOf)) this.#waiting = this.#waiting.filter((entry) => !isOf(entry));
		this.#spoilers.forget(actor);
		if (!this.#writing.some(isOf)) return Promise.resolve();
		return new Promise((resolve) => {
			const others = this.#withdrawn.get(actor) ?? [];
			this.#withdrawn.set(actor, [...others, resolve]);
		});
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
		const waitMs = this.#spoilers.waitMs(this.#actors(), this.#runtime.monotonic());
		if (waitMs > 0) {
			const jitter = 1 + this.#runtime.random() / 2;
			this.#cancelRetry ??= this.#runtime.after(waitMs * jitter, () => this.#start());
			return;
		}
		this.#cancelRetry?.();
		this.#busy = true;
		this.#cancelRetry = undefined;
		this.#runtime.defer(() => void this.#writeBatch());
	}

	#start(): void {
		this.#cancelRetry = undefined;
		if (this.#closed) return;
		this.#busy = true;
		void this.#writeBatch();
	}

	*#actors(): Iterable<ActorKey> {
		for (const { write } of this.#waiting) yield write.record.actor;
	}

	/** Takes what may share a batch, first come first, within the bounds. */
	#take(): Waiting[] {
		const chosen = this.#spoilers.choose(this.#actors(), this.#runtime.monotonic());
		const batch: Waiting[] = [];
		const rest: Waiting[] = [];
		let events = 0;
		for (const entry of this.#waiting) {
			const { actor, events: own } = entry.write.record;
			const fits = batch.length < BATCH_RECORDS_MAX && events <= BATCH_EVENTS_MAX;
			if (!fits || chosen?.has(actor) === false) rest.push(entry);
			else {
				batch.push(entry);
				events += own.length;
			}
		}
		this.#waiting = rest;
		return batch;
	}

	async #writeBatch(): Promise<void> {
		const batch = this.#take();
		this.#writing = batch;
		const outcomes = batch.length === 0 ? [] : await this.#append(batch.map(({ write }) => write));
		this.#busy = false;
		this.#writing = [];
		if (this.#closed) return;
		const settled = batch.map((entry, index) => ({ entry, outcome: outcomes[index] ?? 'unknown' }));
		const unknown = settled.filter(
			({ entry, outcome }) =>
				outcome === 'unknown' && !this.#withdrawn.has(entry.write.record.actor),
		);
		// Behind the others: a record that the journal cannot take must not hold them up.
		this.#waiting.push(...unknown.map(({ entry }) => entry));
		this.#learn(settled);
		const now = this.#runtime.monotonic();
		this.#meter.observe('batchCommits', batch.length);
		for (const { entry, outcome } of settled) {
			if (outcome === 'unknown') continue;
			this.#meter.observe('commitMs', now - entry.since);
			this.#settle(entry, outcome);
		}
		this.#endWithdrawals();
		this.#schedule();
		if (this.#waiting.length === 0 && !this.#busy) {
			for (const resolve of this.#idle.splice(0)) resolve();
		}
	}

	/** The batch is over, and nothing of it waits for another go on behalf of these. */
	#endWithdrawals(): void {
		const withdrawn = [...this.#withdrawn];
		this.#withdrawn.clear();
		for (const [actor, waiting] of withdrawn) {
			this.#spoilers.forget(actor);
			for (const ended of waiting) ended();
		}
	}

	#learn(settled: readonly { readonly entry: Waiting; readonly outcome: Outcome }[]): void {
		const now = this.#runtime.monotonic();
		const known = new Set<ActorKey>();
		const unknown = new Set<ActorKey>();
		for (const { entry, outcome } of settled) {
			(outcome === 'unknown' ? unknown : known).add(entry.write.record.actor);
		}
		if (known.size > 0) this.#spoilers.succeeded(known);
		if (known.size > 0) this.#spoilers.doubted(unknown, now);
		else if (unknown.size > 0) this.#spoilers.failed(unknown, now);
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
