const SEGMENTS = 256;
const SLOTS_FIRST = 16;
/** A segment grows at a load between these, each at another, so that they do not all grow at once. */
const LOAD_MIN = 0.5;
const LOAD_MAX = 0.75;
/** And shrinks below this one. */
const LOAD_LOW = 0.125;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a leaves the high bits poor in short texts: the last steps of MurmurHash3 spread them. */
function mixed(hash: number): number {
	let mix = hash;
	mix = Math.imul(mix ^ (mix >>> 16), 0x85ebca6b);
	mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
	return (mix ^ (mix >>> 16)) >>> 0;
}

/** 32 bits of an id. */
export function hashOf(id: string): number {
	let hash = FNV_OFFSET;
	for (let n = 0; n < id.length; n++) hash = Math.imul(hash ^ id.charCodeAt(n), FNV_PRIME);
	return mixed(hash);
}

/** The same of an id in ASCII. */
export function hashOfBytes(bytes: Uint8Array, start: number, end: number): number {
	let hash = FNV_OFFSET;
	for (let n = start; n < end; n++) hash = Math.imul(hash ^ (bytes[n] as number), FNV_PRIME);
	return mixed(hash);
}

/** Open addressing with pairs of hash and number + 1; 0 is a free slot. */
interface Segment {
	pairs: Uint32Array;
	count: number;
}

/**
 * Numbers by the hash of what they stand for, 8 bytes a slot: many small tables, of which now and then
 * one doubles, so that no step takes long however many there are.
 */
export class WaitingIndex {
	readonly #segments: (Segment | undefined)[] = new Array(SEGMENTS).fill(undefined);

	/** The number under `hash` that `isMeant`. */
	find(hash: number, isMeant: (number: number) => boolean): number | undefined {
		const segment = this.#segments[hash >>> 24];
		if (segment === undefined) return undefined;
		const { pairs } = segment;
		const last = pairs.length - 1;
		for (let at = (2 * hash) & last; ; at = (at + 2) & last) {
			const number = pairs[at + 1] as number;
			if (number === 0) return undefined;
			if (pairs[at] === hash && isMeant(number - 1)) return number - 1;
		}
	}

	add(hash: number, number: number): void {
		const of = hash >>> 24;
		let segment = this.#segments[of];
		if (segment === undefined) {
			segment = { pairs: new Uint32Array(2 * SLOTS_FIRST), count: 0 };
			this.#segments[of] = segment;
		}
		put(segment.pairs, hash, number + 1);
		segment.count++;
		const load = LOAD_MIN + ((LOAD_MAX - LOAD_MIN) * of) / SEGMENTS;
		if (2 * segment.count > segment.pairs.length * load) resize(segment, 2 * segment.pairs.length);
	}

	/** Takes out a number that is there. */
	delete(hash: number, number: number): void {
		const segment = this.#segments[hash >>> 24];
		if (segment === undefined) return;
		const { pairs } = segment;
		const last = pairs.length - 1;
		let at = (2 * hash) & last;
		while (pairs[at + 1] !== number + 1) {
			if (pairs[at + 1] === 0) return;
			at = (at + 2) & last;
		}
		close(pairs, at);
		segment.count--;
		const isLow = 2 * segment.count < pairs.length * LOAD_LOW;
		if (isLow && pairs.length > 2 * SLOTS_FIRST) resize(segment, pairs.length / 2);
	}

	clear(): void {
		this.#segments.fill(undefined);
	}
}

function put(pairs: Uint32Array, hash: number, value: number): void {
	const last = pairs.length - 1;
	let at = (2 * hash) & last;
	while (pairs[at + 1] !== 0) at = (at + 2) & last;
	pairs[at] = hash;
	pairs[at + 1] = value;
}

/** Empties a slot; those behind it move up where they may, so that no search ends too early. */
function close(pairs: Uint32Array, freed: number): void {
	const last = pairs.length - 1;
	let hole = freed;
	for (let at = (freed + 2) & last; pairs[at + 1] !== 0; at = (at + 2) & last) {
		const home = (2 * (pairs[at] as number)) & last;
		if (((at - home) & last) < ((at - hole) & last)) continue;
		pairs[hole] = pairs[at] as number;
		pairs[hole + 1] = pairs[at + 1] as number;
		hole = at;
	}
	pairs[hole + 1] = 0;
}

function resize(segment: Segment, length: number): void {
	const { pairs } = segment;
	const next = new Uint32Array(length);
	for (let at = 0; at < pairs.length; at += 2) {
		const value = pairs[at + 1] as number;
		if (value !== 0) put(next, pairs[at] as number, value);
	}
	segment.pairs = next;
}
