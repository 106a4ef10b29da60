import {
	CELL_AGE_MS_MAX,
	type Counts,
	type ReportedCell,
	SLICE_MS,
} from '../protocol/institution-nodes.ts';
import type { CallClass } from './ports.ts';

/** Where a class is counted: refusals in good order show that the institution works. */
const KIND: Readonly<Record<CallClass, 0 | 1 | 2 | 3>> = {
	ok: 0,
	denied: 0,
	business: 0,
	failed: 1,
	slow: 2,
	throttled: 3,
};

interface TallyCell {
	readonly generation: number;
	readonly slice: number;
	readonly counts: [number, number, number, number];
	/** How many of them the actor has for certain. */
	known: number;
}

const totalOf = ([ok, failed, slow, throttled]: Counts) => ok + failed + slow + throttled;

/** Says that a report has arrived. */
type Acknowledge = () => void;

/**
 * Calls of this process to one institution, by the time at which they began: totals that only grow, told
 * again until they have arrived. All times are monotonic milliseconds.
 */
export class CallTally {
	readonly #cells = new Map<string, TallyCell>();
	#lastAt = Number.NEGATIVE_INFINITY;

	/** When the last call was counted. */
	get lastAt(): number {
		return this.#lastAt;
	}

	/** Counts a call that began at `since`, under the generation of that time. */
	count(generation: number, since: number, { now, kind }: { now: number; kind: CallClass }): void {
		this.#lastAt = now;
		const slice = Math.floor(since / SLICE_MS);
		const key = `${generation}:${slice}`;
		let cell = this.#cells.get(key);
		if (cell === undefined) {
			cell = { generation, slice, counts: [0, 0, 0, 0], known: 0 };
			this.#cells.set(key, cell);
		}
		cell.counts[KIND[kind]]++;
	}

	/** What the actor may not have yet; call the second when it has. */
	news(now: number): readonly [readonly ReportedCell[], Acknowledge] {
		this.#forget(now);
		const told: (readonly [TallyCell, number])[] = [];
		const cells: ReportedCell[] = [];
		for (const cell of this.#cells.values()) {
			const total = totalOf(cell.counts);
			if (total === cell.known) continue;
			told.push([cell, total]);
			cells.push([cell.generation, cell.slice, now - cell.slice * SLICE_MS, ...cell.counts]);
		}
		const acknowledge = () => {
			for (const [cell, total] of told) cell.known = Math.max(cell.known, total);
		};
		return [cells, acknowledge];
	}

	#forget(now: number): void {
		for (const [key, { slice }] of this.#cells) {
			if (now - slice * SLICE_MS > CELL_AGE_MS_MAX) this.#cells.delete(key);
		}
	}
}
