import type { ActorKey } from '../protocol/ids.ts';
import { type Log, SILENT } from './log.ts';
import type { Runtime } from './runtime.ts';
import type { ProjectedCommit, RowWrite, Store } from './store.ts';

interface Waiting {
	readonly commit: ProjectedCommit;
	readonly done: (position: number) => void;
}

const GATHER_MS = 20;
const BATCH_EVENTS_MAX = 2_000;
/** Events that may wait over all actors; beyond it commands get `BUSY`. */
const BACKLOG_EVENTS_MAX = 100_000;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

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
	#waiting: Waiting[] = [];
	#backlogEvents = 0;
	#pushed = 0;
	#settled = 0;
	#settling: { readonly upTo: number; readonly resolve: () => void }[] = [];
	#busy = false;
	#failures = 0;
	#closed = false;

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
		this.#waiting.push({ commit, done });
		this.#backlogEvents += commit.events.length;
		this.#pushed++;
		this.#schedule();
	}

	/** Resolves when what was pushed before is projected. */
	settle(): Promise<void> {
		if (this.#settled === this.#pushed) return Promise.resolve();
		return new Promise((resolve) => this.#settling.push({ upTo: this.#pushed, resolve }));
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
		this.#busy = true;
		const waitMs = this.#failures === 0 ? GATHER_MS : this.#retryMs();
		this.#runtime.after(waitMs, () => void this.#writeBatch());
	}

	#retryMs(): number {
		return Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (this.#failures - 1));
	}

	#batch(): Waiting[] {
		let events = 0;
		let count = 0;
		for (const { commit } of this.#waiting) {
			if (count > 0 && events + commit.events.length > BATCH_EVENTS_MAX) break;
			events += commit.events.length;
			count++;
		}
		return this.#waiting.slice(0, count);
	}

	async #writeBatch(): Promise<void> {
		const batch = this.#batch();
		try {
			await this.#store.project(batch.map(({ commit }) => commit));
			this.#failures = 0;
		} catch (error) {
			this.#failures++;
			this.#log.warn(
				{ err: error, commits: batch.length },
				'projection failed, will be tried again',
			);
		}
		this.#busy = false;
		if (this.#closed) return;
		if (this.#failures === 0) this.#finish(batch);
		this.#schedule();
	}

	#finish(batch: readonly Waiting[]): void {
		this.#waiting.splice(0, batch.length);
		this.#settled += batch.length;
		for (const { commit, done } of batch) {
			this.#backlogEvents -= commit.events.length;
			done(commit.position);
		}
		if (this.#listeners.size > 0) {
			const rows = batch.flatMap(({ commit }) => commit.events.flatMap((event) => event.rows));
			for (const listener of this.#listeners) listener(rows);
		}
		while ((this.#settling[0]?.upTo ?? Infinity) <= this.#settled)
			this.#settling.shift()?.resolve();
	}
}
