import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Key, PageQuery, Store } from '../core/store.ts';
import { actorKey } from '../protocol/ids.ts';
import { CALL_DAYS, LocalDays } from './call-days.ts';
import { CALLS } from './call-history.ts';
import type { Institutions } from './settings.ts';

const DAY_MS = 86_400_000;
const FIRST_MS = 60_000;
const EVERY_MS = 3_600_000;
/** Rows that one step removes; when there were as many, the next one follows soon. */
const ROWS_MAX = 1_000;
const NEXT_MS = 1_000;

export interface CallSweepOptions {
	readonly store: Pick<Store, 'page' | 'project'>;
	readonly runtime: Pick<Runtime, 'after' | 'now'>;
	readonly log: Log;
	readonly node: string;
	readonly institutions: Pick<Institutions, 'all' | 'utcOffsetMinutes'>;
	/** How long calls are kept at least. */
	readonly keepDays: number;
}

/**
 * Removes calls and figures that are older than that, in steps, until it is stopped by the answer. For
 * stores that do not end documents by themselves.
 */
export function sweepCalls(options: CallSweepOptions): () => void {
	const sweep = new CallSweep(options);
	return () => sweep.stop();
}

class CallSweep {
	readonly #options: CallSweepOptions;
	readonly #days: LocalDays;
	#position = 0;
	#cancel = () => {};
	#stopped = false;

	constructor(options: CallSweepOptions) {
		this.#options = options;
		this.#days = new LocalDays(options.institutions.utcOffsetMinutes);
		this.#later(FIRST_MS);
	}

	stop(): void {
		this.#stopped = true;
		this.#cancel();
	}

	#later(ms: number): void {
		if (!this.#stopped) this.#cancel = this.#options.runtime.after(ms, () => void this.#sweep());
	}

	async #sweep(): Promise<void> {
		try {
			let isFull = false;
			for (const query of this.#queries()) isFull = (await this.#drop(query)) || isFull;
			this.#later(isFull ? NEXT_MS : EVERY_MS);
		} catch (error) {
			const { log } = this.#options;
			log.warn({ err: error }, 'old calls could not be removed, will be tried again');
			this.#later(EVERY_MS);
		}
	}

	#queries(): PageQuery[] {
		const { institutions, keepDays, runtime } = this.#options;
		const oldest = this.#days.startOf(runtime.now()) - keepDays * DAY_MS;
		const page = { limit: ROWS_MAX };
		return [
			...institutions.all.map(({ id }) => ({
				...{ collection: CALLS.name, prefix: [id], before: [oldest], ...page },
			})),
			{ collection: CALL_DAYS.name, prefix: [], before: [this.#days.nameOf(oldest)], ...page },
		];
	}

	/** Answers whether there may be more. */
	async #drop(query: PageQuery): Promise<boolean> {
		const { store, node, runtime } = this.#options;
		const { rows, more } = await store.page(query);
		if (rows.length === 0) return false;
		const drop = ({ key }: { readonly key: Key }) =>
			({ op: 'drop', collection: query.collection, key }) as const;
		// By the clock: beyond what any row was written at, and beyond what an earlier start has used.
		this.#position = Math.max(this.#position + 1, runtime.now());
		const position = this.#position;
		const events = [{ position, rows: rows.map(drop) }];
		await store.project([{ actor: actorKey('calls', `sweep.${node}`), position, events }]);
		return more;
	}
}
