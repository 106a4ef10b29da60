import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Collection, ProjectedCommit, RowWrite, Store } from '../core/store.ts';
import { actorKey } from '../protocol/ids.ts';
import { addCall, CALL_DAYS, type CallDay, dayDoc, dayOf, LocalDays, newDay } from './call-days.ts';
import type { CallRow } from './ports.ts';
import type { Institutions } from './settings.ts';

/**
 * One row a call (I5): key [institution, at, id], doc {@link CallRow} without the institution. Kept for
 * three years unless another lifetime is set.
 */
export const CALLS: Collection = {
	name: 'calls',
	key: [
		{ name: 'institution', type: 'text' },
		{ name: 'at', type: 'int' },
		{ name: 'id', type: 'text' },
	],
	actor: { column: 'institution', kind: 'institution' },
	datedBy: 'at',
};

const GATHER_MS = 500;
const RETRY = { firstMs: 500, maxMs: 30_000 };
/** Of one institution in one write. */
const BATCH_ROWS_MAX = 2_000;
/** Over all institutions, while the store is away; what comes then is counted as lost. */
const WAITING_ROWS_MAX = 200_000;
/** Days whose figures are in memory: today's, and yesterday's for what began before midnight. */
const DAYS_MAX = 2;
const CLOSE_ATTEMPTS_MAX = 3;

/** What is on its way to the store; repeated as it is until it is there. */
interface Batch {
	readonly commit: ProjectedCommit;
	readonly calls: number;
}

interface InstitutionLane {
	readonly institution: string;
	readonly industry: string;
	waiting: CallRow[];
	batch?: Batch | undefined;
	/** Of the last batch. */
	position: number;
	/** By when they begin. */
	readonly days: Map<number, CallDay>;
}

export interface CallHistoryOptions {
	readonly store: Pick<Store, 'project' | 'get'>;
	readonly runtime: Runtime;
	readonly log: Log;
	readonly node: string;
	readonly institutions: Pick<Institutions, 'all' | 'utcOffsetMinutes'>;
}

/**
 * Records calls off their path: {@link CallHistory.record} adds to a list; rows and figures of the day
 * are written together, in batches, each once however often its write is repeated.
 */
export class CallHistory {
	readonly #options: CallHistoryOptions;
	readonly #days: LocalDays;
	/**
	 * Names this start: where batches are counted by nobody else, one that a start before left half
	 * written, in one shard of several, takes no number of theirs.
	 */
	readonly #source: string;
	readonly #lanes: ReadonlyMap<string, InstitutionLane>;
	#waiting = 0;
	#lost = 0;
	#numbered = 0;
	#failures = 0;
	#cancel: (() => void) | undefined;
	#writing: Promise<void> | undefined;
	#closed = false;

	constructor(options: CallHistoryOptions) {
		this.#options = options;
		this.#days = new LocalDays(options.institutions.utcOffsetMinutes);
		this.#source = `${options.node}.${options.runtime.randomId()}`;
		this.#lanes = new Map(
			options.institutions.all.map(({ id, industry }) => [
				id,
				{ institution: id, industry, waiting: [], position: 0, days: new Map() },
			]),
		);
	}

	/** Calls that are not stored yet, and that never will be. */
	figures(): { readonly waiting: number; readonly lost: number } {
		return { waiting: this.#waiting, lost: this.#lost };
	}

	/** Returns at once; the row is stored within about a second. */
	record(row: CallRow): void {
		const lane = this.#lanes.get(row.institution);
		if (lane === undefined || this.#closed || this.#waiting >= WAITING_ROWS_MAX) {
			this.#lost++;
			return;
		}
		lane.waiting.push(row);
		this.#waiting++;
		if (this.#cancel === undefined && this.#writing === undefined) this.#schedule(GATHER_MS);
	}

	/** Tries to write what was recorded before; resolves when that was done or has failed. */
	async flush(): Promise<void> {
		await this.#writing;
		this.#cancel?.();
		this.#cancel = undefined;
		await this.#write();
	}

	/** Takes no more, and resolves when all is stored, or a few attempts at it have failed. */
	async close(): Promise<void> {
		this.#closed = true;
		for (let n = 0; n < CLOSE_ATTEMPTS_MAX && this.#waiting > 0; n++) await this.flush();
		this.#cancel?.();
		if (this.#waiting > 0) {
			const { log } = this.#options;
			log.error({ calls: this.#waiting }, 'the history of calls could not be stored to its end');
		}
	}

	#schedule(ms: number): void {
		this.#cancel = this.#options.runtime.after(ms, () => {
			this.#cancel = undefined;
			void this.#write();
		});
	}

	#write(): Promise<void> {
		this.#writing ??= this.#writeAll().finally(() => {
			this.#writing = undefined;
			if (this.#waiting > 0 && !this.#closed) this.#schedule(this.#pauseMs());
		});
		return this.#writing;
	}

	#pauseMs(): number {
		if (this.#failures === 0) return GATHER_MS;
		return Math.min(RETRY.maxMs, RETRY.firstMs * 2 ** (this.#failures - 1));
	}

	/** Everything that waits now, in as many rounds as that takes; never rejects. */
	async #writeAll(): Promise<void> {
		let failed: unknown;
		let left = this.#waiting;
		while (left > 0 && failed === undefined) {
			const before = this.#waiting;
			failed = await this.#writeRound();
			left -= Math.max(1, before - this.#waiting);
		}
		this.#failures = failed === undefined ? 0 : this.#failures + 1;
		if (failed === undefined) return;
		const { log } = this.#options;
		const fields = { err: failed, calls: this.#waiting, lost: this.#lost };
		log.warn(fields, 'the history of calls will be written again');
	}

	/** A batch of each institution; answers why not all could be written. */
	async #writeRound(): Promise<unknown> {
		const lanes = [...this.#lanes.values()].filter(
			({ batch, waiting }) => batch !== undefined || waiting.length > 0,
		);
		const prepared = await Promise.allSettled(lanes.map((lane) => this.#prepare(lane)));
		const full = lanes.filter(({ batch }) => batch !== undefined);
		// All together costs one write. When one cannot be written it holds up none of the others.
		if (
			await this.#wrote(full).then(
				() => true,
				() => false,
			)
		)
			return firstReason(prepared);
		const alone = await Promise.allSettled(full.map((lane) => this.#wrote([lane])));
		return firstReason([...prepared, ...alone]);
	}

	async #wrote(lanes: readonly InstitutionLane[]): Promise<void> {
		if (lanes.length === 0) return;
		const commits = lanes.flatMap(({ batch }) => (batch === undefined ? [] : [batch.commit]));
		await this.#options.store.project(commits);
		for (const lane of lanes) {
			this.#waiting -= lane.batch?.calls ?? 0;
			lane.batch = undefined;
		}
	}

	/** Makes the lane's next batch, unless one is on its way. Nothing is taken when a read fails. */
	async #prepare(lane: InstitutionLane): Promise<void> {
		if (lane.batch !== undefined) return;
		const rows = lane.waiting.slice(0, BATCH_ROWS_MAX);
		const starts = new Set(rows.map(({ at }) => this.#days.startOf(at)));
		for (const start of starts) await this.#openDay(lane, start);
		lane.waiting = lane.waiting.slice(rows.length);
		const writes: RowWrite[] = rows.map((row) => this.#callWrite(row));
		for (const row of rows) this.#addToDay(lane, row);
		for (const start of starts) writes.push(this.#dayWrite(lane, start));
		const position = ++lane.position;
		const actor = actorKey('calls', `${this.#source}.${lane.institution}`);
		lane.batch = {
			commit: { actor, position, events: [{ position, rows: writes }] },
			calls: rows.length,
		};
		forgetDays(lane.days, starts);
	}

	/** One that was forgotten goes on with what is stored of it. */
	async #openDay(lane: InstitutionLane, start: number): Promise<void> {
		if (lane.days.has(start)) return;
		const key = [this.#days.nameOf(start), lane.institution, this.#source];
		const row = await this.#options.store.get(CALL_DAYS.name, key);
		lane.days.set(start, row ? dayOf(row.doc) : newDay(start, lane.industry));
	}

	#addToDay(lane: InstitutionLane, row: CallRow): void {
		const day = lane.days.get(this.#days.startOf(row.at));
		if (day !== undefined) addCall(day, row, Math.floor(this.#days.hourOf(row.at)));
	}

	#callWrite({ institution, ...doc }: CallRow): RowWrite {
		// Calls of one transaction may go out in the same millisecond.
		const id = `${doc.transactionId}.${(this.#numbered++).toString(36)}`;
		return { op: 'put', collection: CALLS.name, key: [institution, doc.at, id], doc };
	}

	#dayWrite({ institution, days }: InstitutionLane, start: number): RowWrite {
		const doc = dayDoc(days.get(start) as CallDay);
		const key = [this.#days.nameOf(start), institution, this.#source];
		return { op: 'put', collection: CALL_DAYS.name, key, doc };
	}
}

/** The oldest ones that are not written just now. */
function forgetDays(days: Map<number, CallDay>, used: ReadonlySet<number>): void {
	for (const start of [...days.keys()].sort((one, other) => one - other)) {
		if (days.size <= DAYS_MAX) return;
		if (!used.has(start)) days.delete(start);
	}
}

const firstReason = (results: readonly PromiseSettledResult<unknown>[]): unknown =>
	results.find((result) => result.status === 'rejected')?.reason;
