import { hashOfBytes } from './waiting-index.ts';

/** Users per slab; all their ids together stay below what 16 bits can address. */
export const SLAB_LENGTH = 1_024;
const WORD_BITS = 32;
const ID_LENGTH_MAX = 64;
const BYTES_FIRST = 4_096;
const BYTES_MAX = SLAB_LENGTH * ID_LENGTH_MAX;
/** A slab is written anew when no more than this share of what it keeps is still waited for. */
const SQUEEZE_SHARE = 0.25;
/** Below this a slab is not worth writing anew. */
const SQUEEZE_FROM = 64;
const ASCII_MAX = 0x7f;
const NONE = new Uint16Array(0);

/** A slab in a snapshot: the length of each id (0: nobody waits there), and the ids behind each other. */
export type SlabRow = readonly [index: number, lengths: Uint8Array, bytes: Uint8Array];

/** How many bits of a word are set. */
function bitsOf(word: number): number {
	let bits = word - ((word >>> 1) & 0x55555555);
	bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
	return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * Up to {@link SLAB_LENGTH} users who arrived one after another, in columns: their ids as bytes, where
 * each begins, and a bit for who still waits. What is written of ids and beginnings never changes, so
 * that a snapshot shares it; a slab that most have left gets new ones.
 */
export class WaitingSlab {
	/** Its place among all slabs. */
	readonly index: number;
	#bytes = new Uint8Array(0);
	#starts = NONE;
	readonly #waits = new Uint32Array(SLAB_LENGTH / WORD_BITS);
	/** Places given so far, and bytes used by their ids. */
	#length = 0;
	#used = 0;
	/** Ids in the bytes. */
	#kept = 0;
	#waiting = 0;

	constructor(index: number) {
		this.index = index;
	}

	/** A slab as a snapshot has it, with copies of its own. */
	static restore([index, lengths, bytes]: SlabRow): WaitingSlab {
		const slab = new WaitingSlab(index);
		slab.#bytes = bytes.slice();
		slab.#starts = new Uint16Array(SLAB_LENGTH);
		for (let place = 0; place < lengths.length; place++) {
			slab.#starts[place] = slab.#used;
			const length = lengths[place] as number;
			if (length > 0) slab.#mark(place);
			slab.#used += length;
		}
		slab.#length = lengths.length;
		slab.#kept = slab.#waiting;
		if (slab.#used !== bytes.length) throw new Error('waiting queue: a part is damaged');
		return slab;
	}

	/** How many still wait. */
	get waiting(): number {
		return this.#waiting;
	}

	/** Writes the id at a place behind all others. */
	append(place: number, userId: string): void {
		const { length } = userId;
		if (length === 0 || length > ID_LENGTH_MAX) throw new RangeError('not the id of a user');
		if (this.#used + length > this.#bytes.length) this.#grow();
		const bytes = this.#bytes;
		for (let n = 0; n < length; n++) {
			const code = userId.charCodeAt(n);
			if (code > ASCII_MAX) throw new RangeError('not the id of a user');
			bytes[this.#used + n] = code;
		}
		if (this.#starts === NONE) this.#starts = new Uint16Array(SLAB_LENGTH);
		this.#starts.fill(this.#used, this.#length, place + 1);
		this.#length = place + 1;
		this.#used += length;
		this.#kept++;
		this.#mark(place);
		// No id follows: only what is used is kept.
		if (this.#length === SLAB_LENGTH) this.#bytes = bytes.slice(0, this.#used);
	}

	/** The user at a place no longer waits. */
	remove(place: number): void {
		this.#waits[place >>> 5] = (this.#waits[place >>> 5] as number) & ~(1 << (place & 31));
		this.#waiting--;
		if (this.#kept >= SQUEEZE_FROM && this.#waiting <= this.#kept * SQUEEZE_SHARE) this.#squeeze();
	}

	/** Whether the user with this id waits at a place. */
	is(place: number, userId: string): boolean {
		const start = this.#starts[place] as number;
		if (!this.#isWaiting(place) || this.#end(place) - start !== userId.length) return false;
		const bytes = this.#bytes;
		for (let n = 0; n < userId.length; n++) {
			if (bytes[start + n] !== userId.charCodeAt(n)) return false;
		}
		return true;
	}

	/** How many wait at places before this one. */
	before(place: number): number {
		const word = place >>> 5;
		let count = bitsOf((this.#waits[word] as number) & ((1 << (place & 31)) - 1));
		for (let n = 0; n < word; n++) count += bitsOf(this.#waits[n] as number);
		return count;
	}

	/** Adds ids of those who wait, first come first, until there are `count`. */
	list(ids: string[], count: number): void {
		for (let word = 0; word < this.#waits.length; word++) {
			for (let bits = this.#waits[word] as number; bits !== 0; bits &= bits - 1) {
				if (ids.length >= count) return;
				ids.push(this.#idAt(word * WORD_BITS + 31 - Math.clz32(bits & -bits)));
			}
		}
	}

	/** Calls with each place where somebody waits, and the hash of the id. */
	each(visit: (place: number, hash: number) => void): void {
		for (let place = 0; place < this.#length; place++) {
			if (!this.#isWaiting(place)) continue;
			const start = this.#starts[place] as number;
			visit(place, hashOfBytes(this.#bytes, start, this.#end(place)));
		}
	}

	/** What the slab is now; the row is made when it is called, and later changes are not in it. */
	cut(): () => SlabRow {
		const frozen = new WaitingSlab(this.index);
		frozen.#bytes = this.#bytes;
		frozen.#starts = this.#starts;
		frozen.#waits.set(this.#waits);
		frozen.#length = this.#length;
		frozen.#used = this.#used;
		frozen.#waiting = this.#waiting;
		return () => frozen.#row();
	}

	#row(): SlabRow {
		const lengths = new Uint8Array(this.#length);
		const bytes = new Uint8Array(this.#used);
		let used = 0;
		for (let place = 0; place < this.#length; place++) {
			if (!this.#isWaiting(place)) continue;
			const end = this.#end(place);
			const start = this.#starts[place] as number;
			lengths[place] = end - start;
			for (let n = start; n < end; n++) bytes[used++] = this.#bytes[n] as number;
		}
		return [this.index, lengths, bytes.subarray(0, used)];
	}

	#isWaiting(place: number): boolean {
		return (((this.#waits[place >>> 5] as number) >>> (place & 31)) & 1) === 1;
	}

	#mark(place: number): void {
		this.#waits[place >>> 5] = (this.#waits[place >>> 5] as number) | (1 << (place & 31));
		this.#waiting++;
	}

	#end(place: number): number {
		return place + 1 < this.#length ? (this.#starts[place + 1] as number) : this.#used;
	}

	#idAt(place: number): string {
		const bytes = this.#bytes.subarray(this.#starts[place], this.#end(place));
		return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
	}

	#grow(): void {
		const bytes = new Uint8Array(
			Math.min(BYTES_MAX, Math.max(BYTES_FIRST, 2 * this.#bytes.length)),
		);
		bytes.set(this.#bytes.subarray(0, this.#used));
		this.#bytes = bytes;
	}

	/** Keeps only the ids of those who wait, in new columns: a snapshot may hold the old ones. */
	#squeeze(): void {
		const starts = new Uint16Array(SLAB_LENGTH);
		const bytes = new Uint8Array(this.#bytes.length);
		let used = 0;
		for (let place = 0; place < this.#length; place++) {
			starts[place] = used;
			if (!this.#isWaiting(place)) continue;
			const id = this.#bytes.subarray(this.#starts[place], this.#end(place));
			bytes.set(id, used);
			used += id.length;
		}
		this.#bytes = bytes.slice(0, used);
		this.#starts = starts;
		this.#used = used;
		this.#kept = this.#waiting;
	}
}
