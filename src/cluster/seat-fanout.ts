import type { Runtime } from '../core/runtime.ts';
import type { ActorKey } from '../protocol/ids.ts';

/** A seat as the edge and the owner number it. */
export interface NumberedSeat {
	readonly number: number;
	readonly key: ActorKey;
}

/** The same bytes for one seat after the other. */
interface Run {
	readonly bytes: Uint8Array;
	readonly seats: Set<number>;
	/** How many of them are of the group. */
	members: number;
}

/** The seats of one room at one edge, as far as the edge has been told of them. */
interface Group {
	readonly id: number;
	readonly seats: Set<number>;
	run: Run | undefined;
}

export interface SeatFanoutOptions {
	/** Bytes for the seats of these numbers, in the order of the calls. */
	readonly some: (seats: readonly number[], bytes: Uint8Array) => void;
	/** Bytes for all seats of a group. */
	readonly all: (group: number, bytes: Uint8Array) => void;
	readonly runtime: Pick<Runtime, 'defer'>;
}

/**
 * What rooms say to seats at one edge: when a room hands the same bytes to seat after seat, they go
 * once. The bytes must not change before the turn ends.
 */
export class SeatFanout {
	readonly #options: SeatFanoutOptions;
	readonly #groups = new Map<ActorKey, Group>();
	/** Rooms that may have a run now. */
	#open = new Set<ActorKey>();
	#groupsMade = 0;

	constructor(options: SeatFanoutOptions) {
		this.#options = options;
	}

	/** Bytes for one seat. */
	give({ number, key }: NumberedSeat, bytes: Uint8Array): void {
		const present = this.#groups.get(key)?.run;
		// What a room says twice to the same seat is meant twice.
		const goesOn = present?.bytes === bytes && !present.seats.has(number);
		const run = goesOn ? present : this.#begin(key, bytes);
		run.seats.add(number);
		if (this.#groups.get(key)?.seats.has(number)) run.members++;
	}

	/** The edge is told next that the seat is open; answers the group that it is of from then on. */
	enter({ number, key }: NumberedSeat): number {
		this.flush(key);
		const group = this.#group(key);
		group.seats.add(number);
		return group.id;
	}

	leave({ number, key }: NumberedSeat): void {
		this.flush(key);
		const group = this.#groups.get(key);
		group?.seats.delete(number);
		if (group?.seats.size === 0) this.#groups.delete(key);
	}

	/** Sends what the room has said so far: something else comes after it. */
	flush(key: ActorKey): void {
		const group = this.#groups.get(key);
		const run = group?.run;
		if (group === undefined || run === undefined) return;
		group.run = undefined;
		const { bytes, seats, members } = run;
		const isAll = members === group.seats.size && members === seats.size;
		if (isAll) this.#options.all(group.id, bytes);
		else this.#options.some([...seats], bytes);
		if (group.seats.size === 0) this.#groups.delete(key);
	}

	#group(key: ActorKey): Group {
		const known = this.#groups.get(key);
		if (known !== undefined) return known;
		const made = { id: ++this.#groupsMade, seats: new Set<number>(), run: undefined };
		this.#groups.set(key, made);
		return made;
	}

	#begin(key: ActorKey, bytes: Uint8Array): Run {
		this.flush(key);
		const run = { bytes, seats: new Set<number>(), members: 0 };
		this.#group(key).run = run;
		if (this.#open.size === 0) this.#options.runtime.defer(() => this.#flushAll());
		this.#open.add(key);
		return run;
	}

	#flushAll(): void {
		const open = this.#open;
		this.#open = new Set();
		for (const key of open) this.flush(key);
	}
}
