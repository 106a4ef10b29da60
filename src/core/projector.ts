import type { ActorKey } from '../protocol/ids.ts';
import { type Log, SILENT } from './log.ts';
import type { Runtime } from './runtime.ts';
import { Spoilers } from './spoilers.ts';
import type { ProjectedCommit, RowWrite, Store } from './store.ts';

interface Waiting {
	readonly commit: ProjectedCommit;
	readonly done: (position: number) => void;
	/** Counts what was pushed. */
	readonly n: number;
}

/** Somebody waits until what was pushed up to `upTo` is projected. */
interface Settling extends PromiseWithResolvers<void> {
	readonly upTo: number;
	left: number;
}

/** Rows are not urgent, for what is not written yet is laid over reads: few large batches cost least. */
const GATHER_MS = 200;
/** Rows of one actor alone cause a batch at most so often: no list shows a busy channel more often. */
const BUSY_GATHER_MS = 1_000;
/** A batch of so many events gains little by waiting longer, and more would hold up the loop. */
const LARGE_BATCH_EVENTS = 1_000;
const BATCH_EVENTS_MAX = 8_000;
/** Events that may wait over all actors; beyond it commands get `BUSY`. */
const BACKLOG_EVENTS_MAX = 100_000;
const RETRY = { firstMs: 100, maxMs: 5_000 };

/** Rows that were just projected, for those who derive live lists from them. */
export interface ProjectionFeed {
	onRows(listener: (rows: readonly RowWrite[]) => void): () => void;
}

/**
 * Brings commits into the store in large batches, one in flight, in order per actor. A failing store
 * is tried again for ever; what waits is bounded by {@link Projector.full}.
 */
export class Projector implements ProjectionFeed {
	readonly #store: Store;
	readonly #runtime: Runtime;
	readonly #log: Log;
	readonly #listeners = new Set<(rows: readonly RowWrite[]) => void>();
	readonly #spoilers = new Spoilers(RETRY);
	/** What is not in flight; each actor's oldest commit first. */
	#waiting: Waiting[] = [];
	#inFlight: readonly Waiting[] = [];
	#pushed = 0;
	#backlogEvents = 0;
	#settling: Settling[] = [];
	#busy = false;
	#cancelRetry: (() => void) | undefined;
	#closed = false;
	/** A batch is gathering; not one in flight. */
	#cancelGather: (() => void) | undefined;
	/** When that batch goes, on the monotonic clock. */
	#gathersUntil = 0;
	/** When the last rows of an actor were written, oldest first, as far as it matters. */
	readonly #writtenAt = new Map<ActorKey, number>();

	constructor(options: { store: Store; runtime: Runtime; log?: Log }) {
		this.#store = options.store;
		this.#runtime = options.runtime;
		this.#log = options.log ?? SILENT;
	}

	/** Events that wait. */
	get backlog(): number {
		return this.#backlogEvents;
	}

	get full(): boolean {
		return this.#backlogEvents > BACKLOG_EVENTS_MAX;
	}

	/** `done` is called with the actor's new watermark. */
	push(commit: ProjectedCommit, done: (position: number) => void): void {
		this.#waiting.push({ commit, done, n: ++this.#pushed });
		const before = this.#backlogEvents;
		this.#backlogEvents += commit.events.length;
		const isWhole = this.#backlogEvents >= BATCH_EVENTS_MAX;
		if (isWhole && before < BATCH_EVENTS_MAX) this.#hurry();
		else if (this.#cancelGather === undefined) this.#schedule();
		else this.#goBy(this.#gatherMs(commit.actor));
	}

	/** Resolves when what was pushed before is projected. */
	settle(): Promise<void> {
		const left = this.#waiting.length + this.#inFlight.length;
		if (left === 0) return Promise.resolve();
		const last = this.#settling.at(-1);
		if (last?.upTo === this.#pushed) return last.promise;
		const settling = { ...Promise.withResolvers<void>(), upTo: this.#pushed, left };
		this.#settling.push(settling);
		this.#hurry();
		return settling.promise;
	}

	onRows(listener: (rows: readonly RowWrite[]) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	watermark(actor: ActorKey): Promise<number> {
		return this.#store.watermark(actor);
	}

	/** Stops at once; what waits is projected after the next start. */
	close(): void {
		this.#closed = true;
		this.#waiting = [];
	}

	#schedule(): void {
		if (this.#busy || this.#closed || this.#waiting.length === 0) return;
		const waitMs = this.#spoilers.waitMs(this.#actors(), this.#runtime.monotonic());
		if (waitMs > 0) {
			this.#cancelRetry ??= this.#runtime.after(waitMs, () => {
				this.#cancelRetry = undefined;
				this.#start(0);
			});
			return;
		}
		this.#cancelRetry?.();
		this.#cancelRetry = undefined;
		const isUrgent = this.#settling.length > 0 || this.#backlogEvents >= BATCH_EVENTS_MAX;
		this.#start(isUrgent ? 0 : this.#shortestGatherMs());
	}

	/** How long rows of the actor may wait for others. */
	#gatherMs(actor: ActorKey): number {
		if (this.#backlogEvents >= LARGE_BATCH_EVENTS) return GATHER_MS;
		const writtenAt = this.#writtenAt.get(actor) ?? Number.NEGATIVE_INFINITY;
		return Math.max(GATHER_MS, writtenAt + BUSY_GATHER_MS - this.#runtime.monotonic());
	}

	#shortestGatherMs(): number {
		let shortest = BUSY_GATHER_MS;
		for (const actor of this.#actors()) {
			shortest = Math.min(shortest, this.#gatherMs(actor));
			if (shortest <= GATHER_MS) break;
		}
		return shortest;
	}

	/** The gathering batch goes no later than that. */
	#goBy(waitMs: number): void {
		if (this.#runtime.monotonic() + waitMs >= this.#gathersUntil) return;
		this.#cancelGather?.();
		this.#start(waitMs);
	}

	#start(waitMs: number): void {
		if (this.#closed) return;
		this.#busy = true;
		this.#gathersUntil = this.#runtime.monotonic() + waitMs;
		this.#cancelGather = this.#runtime.after(waitMs, () => {
			this.#cancelGather = undefined;
			void this.#writeBatch();
		});
	}

	/** Ends the gathering of a batch that somebody waits for. */
	#hurry(): void {
		if (this.#cancelGather === undefined) this.#schedule();
		else this.#goBy(0);
	}

	*#actors(): Iterable<ActorKey> {
		for (const { commit } of this.#waiting) yield commit.actor;
	}

	/** Takes out what may share a batch, first come first; of one actor always its oldest. */
	#take(): Waiting[] {
		const chosen = this.#spoilers.choose(this.#actors(), this.#runtime.monotonic());
		const batch: Waiting[] = [];
		const passedOver: Waiting[] = [];
		let events = 0;
		let seen = 0;
		for (const entry of this.#waiting) {
			const isChosen = chosen?.has(entry.commit.actor) !== false;
			if (isChosen && batch.length > 0) {
				if (events + entry.commit.events.length > BATCH_EVENTS_MAX) break;
			}
			seen++;
			(isChosen ? batch : passedOver).push(entry);
			if (isChosen) events += entry.commit.events.length;
		}
		this.#waiting = [...passedOver, ...this.#waiting.slice(seen)];
		return batch;
	}

	async #writeBatch(): Promise<void> {
		const batch = this.#take();
		this.#inFlight = batch;
		const error = await this.#failure(batch);
		this.#inFlight = [];
		this.#busy = false;
		if (this.#closed) return;
		if (batch.length > 0) this.#learn(batch, error);
		this.#schedule();
	}

	#learn(batch: readonly Waiting[], error: unknown): void {
		const actors = new Set(batch.map(({ commit }) => commit.actor));
		if (error === undefined) {
			this.#spoilers.succeeded(actors);
			this.#noteWritten(actors);
			this.#finish(batch);
		} else {
			this.#log.warn({ err: error, commits: batch.length }, 'projection will be tried again');
			this.#spoilers.failed(actors, this.#runtime.monotonic());
			this.#putBack(batch, actors);
		}
	}

	async #failure(batch: readonly Waiting[]): Promise<unknown> {
		if (batch.length === 0) return undefined;
		try {
			await this.#store.project(batch.map(({ commit }) => commit));
			return undefined;
		} catch (error) {
			return error ?? new Error('the store refused');
		}
	}

	/** Others come first; the commits of each actor stay in their order. */
	#putBack(batch: readonly Waiting[], actors: ReadonlySet<ActorKey>): void {
		const isBehind = ({ commit }: Waiting) => actors.has(commit.actor);
		const others = this.#waiting.filter((entry) => !isBehind(entry));
		this.#waiting = [...others, ...batch, ...this.#waiting.filter(isBehind)];
	}

	#noteWritten(actors: ReadonlySet<ActorKey>): void {
		const now = this.#runtime.monotonic();
		for (const actor of actors) {
			this.#writtenAt.delete(actor);
			this.#writtenAt.set(actor, now);
		}
		for (const [actor, at] of this.#writtenAt) {
			if (at + BUSY_GATHER_MS > now) break;
			this.#writtenAt.delete(actor);
		}
	}

	#finish(batch: readonly Waiting[]): void {
		for (const { commit, done } of batch) {
			this.#backlogEvents -= commit.events.length;
			done(commit.position);
		}
		if (this.#listeners.size > 0) {
			const rows = batch.flatMap(({ commit }) => commit.events.flatMap((event) => event.rows));
			for (const listener of this.#listeners) listener(rows);
		}
		this.#settling = this.#settling.filter((settling) => {
			for (const { n } of batch) if (n <= settling.upTo) settling.left--;
			if (settling.left === 0) settling.resolve();
			return settling.left > 0;
		});
	}
}
