const CHUNK_LENGTH_MAX = 512;

interface Chunk<V> {
	readonly keys: string[];
	readonly values: V[];
}

/** Which entries of a {@link SortedMap} are asked for. */
export interface KeyRange {
	/** How the keys begin; default: anyhow. */
	readonly prefix?: string | undefined;
	/** Only keys behind this one. */
	readonly after?: string | undefined;
	readonly limit: number;
}

/** The first place in `keys` whose key is not below `key`. */
function placeOf(keys: readonly string[], key: string): number {
	let low = 0;
	let high = keys.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((keys[middle] as string) < key) low = middle + 1;
		else high = middle;
	}
	return low;
}

/**
 * Entries in the order of their keys, by UTF-16 units: a page costs what it holds, a change the square
 * root of the size at most, so that 100,000 entries can be kept in order while they come and go.
 */
export class SortedMap<V> {
	/** In order; none is empty. */
	readonly #chunks: Chunk<V>[] = [];
	#size = 0;

	get size(): number {
		return this.#size;
	}

	get(key: string): V | undefined {
		const chunk = this.#chunks[this.#chunkOf(key)];
		if (chunk === undefined) return undefined;
		const place = placeOf(chunk.keys, key);
		return chunk.keys[place] === key ? chunk.values[place] : undefined;
	}

	set(key: string, value: V): void {
		const index = Math.min(this.#chunkOf(key), Math.max(0, this.#chunks.length - 1));
		const chunk = this.#chunks[index];
		if (chunk === undefined) {
			this.#chunks.push({ keys: [key], values: [value] });
			this.#size = 1;
			return;
		}
		const place = placeOf(chunk.keys, key);
		const isThere = chunk.keys[place] === key;
		chunk.keys.splice(place, isThere ? 1 : 0, key);
		chunk.values.splice(place, isThere ? 1 : 0, value);
		if (isThere) return;
		this.#size++;
		if (chunk.keys.length > CHUNK_LENGTH_MAX) this.#split(index, chunk);
	}

	delete(key: string): boolean {
		const index = this.#chunkOf(key);
		const chunk = this.#chunks[index];
		const place = chunk === undefined ? 0 : placeOf(chunk.keys, key);
		if (chunk?.keys[place] !== key) return false;
		chunk.keys.splice(place, 1);
		chunk.values.splice(place, 1);
		this.#size--;
		if (chunk.keys.length === 0) this.#chunks.splice(index, 1);
		return true;
	}

	/** The entries of a range, and whether there are more of it behind them. */
	page(range: KeyRange): { entries: (readonly [string, V])[]; more: boolean } {
		const entries: (readonly [string, V])[] = [];
		for (const entry of this.#entriesFrom(range)) {
			if (entries.length === range.limit) return { entries, more: true };
			entries.push(entry);
		}
		return { entries, more: false };
	}

	*#entriesFrom({ prefix = '', after = '' }: KeyRange): Generator<readonly [string, V]> {
		const from = after > prefix ? after : prefix;
		for (let index = this.#chunkOf(from); index < this.#chunks.length; index++) {
			const { keys, values } = this.#chunks[index] as Chunk<V>;
			for (let place = placeOf(keys, from); place < keys.length; place++) {
				const key = keys[place] as string;
				if (!key.startsWith(prefix)) return;
				if (key !== after || after === '') yield [key, values[place] as V];
			}
		}
	}

	/** Index of the first chunk that reaches `key`; the number of chunks when none does. */
	#chunkOf(key: string): number {
		let low = 0;
		let high = this.#chunks.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (((this.#chunks[middle] as Chunk<V>).keys.at(-1) as string) < key) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	#split(index: number, { keys, values }: Chunk<V>): void {
		const half = keys.length >>> 1;
		this.#chunks.splice(index + 1, 0, { keys: keys.splice(half), values: values.splice(half) });
	}
}
