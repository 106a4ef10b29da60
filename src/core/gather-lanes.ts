import type { CommandEntry } from './entries.ts';
import type { Runtime } from './runtime.ts';

interface Lane {
	readonly entries: CommandEntry[];
	lastAt: number;
	cancel: (() => void) | undefined;
}

/**
 * Commands that share a commit with their like: the first goes at once, what follows within
 * `gatherMs` waits for the end of that time.
 */
export class GatherLanes {
	readonly #runtime: Runtime;
	readonly #release: (entries: readonly CommandEntry[]) => void;
	readonly #lanes = new Map<string, Lane>();

	constructor(runtime: Runtime, release: (entries: readonly CommandEntry[]) => void) {
		this.#runtime = runtime;
		this.#release = release;
	}

	get waiting(): number {
		let count = 0;
		for (const { entries } of this.#lanes.values()) count += entries.length;
		return count;
	}

	add(name: string, gatherMs: number, entry: CommandEntry): void {
		const lane = this.#lane(name);
		lane.entries.push(entry);
		if (lane.cancel !== undefined) return;
		const waitMs = Math.max(0, lane.lastAt + gatherMs - this.#runtime.monotonic());
		lane.cancel = this.#runtime.after(waitMs, () => {
			lane.cancel = undefined;
			lane.lastAt = this.#runtime.monotonic();
			this.#release(lane.entries.splice(0));
		});
	}

	clear(): CommandEntry[] {
		const lanes = [...this.#lanes.values()];
		for (const lane of lanes) lane.cancel?.();
		this.#lanes.clear();
		return lanes.flatMap(({ entries }) => entries);
	}

	#lane(name: string): Lane {
		const known = this.#lanes.get(name);
		if (known !== undefined) return known;
		const lane: Lane = { entries: [], lastAt: -Infinity, cancel: undefined };
		this.#lanes.set(name, lane);
		return lane;
	}
}
