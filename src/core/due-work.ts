import type { ActorKey } from '../protocol/ids.ts';
import type { Journal, WakePlace } from './journal.ts';
import type { Runtime } from './runtime.ts';

/** Rows read in one go; their actors are taken up side by side. */
const PAGE_LENGTH = 500;
/** Actors that are not there after this time (their shard hangs) hold up the next page no longer. */
const PAGE_MS_MAX = 1_000;

export interface DueWorkOptions {
	readonly journal: Journal;
	readonly runtime: Runtime;
	/** Takes the actor up unless it lives here; resolves when it serves, or when it cannot. */
	readonly takeUp: (key: ActorKey) => Promise<unknown> | undefined;
}

/** Takes up the actors whose wake rows are due: all of them, page after page, a page at a time. */
export class DueWork {
	readonly #options: DueWorkOptions;
	#sweeping: Promise<number> | undefined;
	#isStopped = false;

	constructor(options: DueWorkOptions) {
		this.#options = options;
	}

	/** Answers how many rows there were. One sweep at a time: who asks meanwhile waits for its end. */
	sweep(dueMax: number): Promise<number> {
		this.#sweeping ??= this.#sweep(dueMax).finally(() => {
			this.#sweeping = undefined;
		});
		return this.#sweeping;
	}

	stop(): void {
		this.#isStopped = true;
	}

	/** By place, not until nothing is due: a row moves on only some time after its actor was taken up. */
	async #sweep(dueMax: number): Promise<number> {
		const { journal, takeUp } = this.#options;
		let count = 0;
		let after: WakePlace | undefined;
		while (!this.#isStopped) {
			const rows = await journal.wakes(dueMax, PAGE_LENGTH, after);
			after = rows.at(-1);
			if (after === undefined) break;
			count += rows.length;
			if (!this.#isStopped) await this.#all(rows.map(({ actor }) => takeUp(actor)));
		}
		return count;
	}

	async #all(takenUp: readonly (Promise<unknown> | undefined)[]): Promise<void> {
		let cancel = () => {};
		const late = new Promise<void>((resolve) => {
			cancel = this.#options.runtime.after(PAGE_MS_MAX, resolve);
		});
		await Promise.race([Promise.all(takenUp), late]);
		cancel();
	}
}
