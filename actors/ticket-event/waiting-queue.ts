import { SlabCounts } from './slab-counts.ts';
import { hashOf, WaitingIndex } from './waiting-index.ts';
import { SLAB_LENGTH, type SlabRow, WaitingSlab } from './waiting-slab.ts';

const VERSION = 1;
/** A part of a snapshot ends behind the slab that reaches one of these; a slab takes 66 KB at most. */
const PART_SLABS_MAX = 16;
const PART_BYTES_MAX = 256 * 1024;

/** Some of the slabs, in order; `arrived` is the same in all parts. */
interface Part {
	readonly version: typeof VERSION;
	readonly arrived: number;
	readonly slabs: readonly SlabRow[];
}

const slabOf = (number: number) => Math.floor(number / SLAB_LENGTH);
const placeIn = (number: number) => number % SLAB_LENGTH;

/**
 * Users in the order of their arrival, each once: by number in slabs, by id in an index, counted in a
 * tree. Every step takes microseconds, however many wait; a million ids of 20 characters take less than
 * 60 MB.
 */
export class WaitingQueue {
	/** By index; those in which nobody waits any more are gone. */
	readonly #slabs: (WaitingSlab | undefined)[] = [];
	readonly #counts = new SlabCounts();
	readonly #index = new WaitingIndex();
	/** No slab before this one is left. */
	#head = 0;
	#arrived = 0;
	#size = 0;

	/** The queue of a cut; throws on a version that this build does not know. */
	static restore(parts: Iterable<unknown>): WaitingQueue {
		const queue = new WaitingQueue();
		for (const part of parts) for (const _ of queue.load(part));
		return queue;
	}

	/** Who wait now. */
	get size(): number {
		return this.#size;
	}

	/** Numbers given so far: 0, 1, 2 … */
	get arrived(): number {
		return this.#arrived;
	}

	/** The number of a user who waits now. */
	numberOf(userId: string): number | undefined {
		return this.#index.find(hashOf(userId), (number) => this.#is(number, userId));
	}

	/** Appends a user who does not wait already; answers with the number. */
	arrive(userId: string): number {
		const number = this.#arrived;
		const at = slabOf(number);
		let slab = this.#slabs[at];
		if (slab === undefined) {
			slab = new WaitingSlab(at);
			this.#keep(slab);
		}
		slab.append(placeIn(number), userId);
		this.#index.add(hashOf(userId), number);
		this.#counts.add(at, 1);
		this.#arrived++;
		this.#size++;
		return number;
	}

	/** The user no longer waits: has left, or got a turn. Nothing happens when the user does not wait. */
	remove(userId: string): void {
		const number = this.numberOf(userId);
		if (number === undefined) return;
		const at = slabOf(number);
		const slab = this.#slabs[at] as WaitingSlab;
		slab.remove(placeIn(number));
		this.#index.delete(hashOf(userId), number);
		this.#counts.add(at, -1);
		this.#size--;
		if (slab.waiting > 0) return;
		this.#slabs[at] = undefined;
		this.#findHead();
	}

	/** The users whose turn is next, in order; changes nothing. */
	first(count: number): string[] {
		const ids: string[] = [];
		for (let at = this.#head; at < this.#slabs.length && ids.length < count; at++) {
			this.#slabs[at]?.list(ids, count);
		}
		return ids;
	}

	/** How many wait before this user; `undefined` when the user does not wait. */
	place(userId: string): number | undefined {
		const number = this.numberOf(userId);
		if (number === undefined) return undefined;
		const at = slabOf(number);
		return this.#counts.before(at) + (this.#slabs[at] as WaitingSlab).before(placeIn(number));
	}

	/** Ends the queue for all; numbers go on. */
	clear(): void {
		this.#slabs.length = 0;
		this.#counts.clear();
		this.#index.clear();
		this.#size = 0;
		this.#head = 0;
	}

	/** An immutable cut: parts of less than 1 MB, made one by one when they are asked for. */
	cut(): Iterable<unknown> {
		const slabs: (() => SlabRow)[] = [];
		for (let at = this.#head; at < this.#slabs.length; at++) {
			const slab = this.#slabs[at];
			if (slab !== undefined) slabs.push(slab.cut());
		}
		return partsOf(this.#arrived, slabs);
	}

	/** Takes in one part of a cut, in any order, in steps of less than a millisecond. */
	*load(part: unknown): Generator<void> {
		const { version, arrived, slabs } = part as Part;
		if (version !== VERSION) throw new Error(`waiting queue: snapshot version ${version}`);
		this.#arrived = arrived;
		for (const row of slabs) {
			this.#load(WaitingSlab.restore(row));
			yield;
		}
		this.#findHead();
	}

	#load(slab: WaitingSlab): void {
		const from = slab.index * SLAB_LENGTH;
		slab.each((place, hash) => this.#index.add(hash, from + place));
		this.#keep(slab);
		this.#counts.add(slab.index, slab.waiting);
		this.#size += slab.waiting;
	}

	#keep(slab: WaitingSlab): void {
		while (this.#slabs.length < slab.index) this.#slabs.push(undefined);
		this.#slabs[slab.index] = slab;
		this.#counts.grow(slab.index + 1);
		this.#head = Math.min(this.#head, slab.index);
	}

	#findHead(): void {
		while (this.#head < this.#slabs.length && this.#slabs[this.#head] === undefined) this.#head++;
	}

	#is(number: number, userId: string): boolean {
		return this.#slabs[slabOf(number)]?.is(placeIn(number), userId) === true;
	}
}

function* partsOf(arrived: number, rows: readonly (() => SlabRow)[]): Generator<Part> {
	let slabs: SlabRow[] = [];
	let bytes = 0;
	for (const row of rows) {
		const slab = row();
		slabs.push(slab);
		bytes += slab[1].length + slab[2].length;
		if (slabs.length < PART_SLABS_MAX && bytes < PART_BYTES_MAX) continue;
		yield { version: VERSION, arrived, slabs };
		slabs = [];
		bytes = 0;
	}
	if (slabs.length > 0 || rows.length === 0) yield { version: VERSION, arrived, slabs };
}
