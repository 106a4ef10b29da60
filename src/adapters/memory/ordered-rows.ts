import type { Key, KeyPart } from '../../core/store.ts';

/** UTF-16 rank of a unit so that surrogate pairs sort behind the rest, as their code points do. */
const rank = (unit: number) =>
	unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;

/** Orders by code points, as SQLite and MongoDB order UTF-8; `<` orders by UTF-16 units. */
export function compareText(one: string, other: string): number {
	if (one === other) return 0;
	const length = Math.min(one.length, other.length);
	for (let i = 0; i < length; i++) {
		const difference = rank(one.charCodeAt(i)) - rank(other.charCodeAt(i));
		if (difference !== 0) return difference;
	}
	return one.length - other.length;
}

function comparePart(one: KeyPart, other: KeyPart): number {
	if (typeof one === 'number' && typeof other === 'number') return one - other;
	return compareText(String(one), String(other));
}

/** Orders part by part; what the shorter one does not name is equal. */
function compareKeys(one: Key, other: Key): number {
	const length = Math.min(one.length, other.length);
	for (let i = 0; i < length; i++) {
		const difference = comparePart(one[i] as KeyPart, other[i] as KeyPart);
		if (difference !== 0) return difference;
	}
	return 0;
}

/** Entries in the order of their keys, found by bisection. */
export class OrderedRows<T> {
	readonly #entries: { readonly key: Key; readonly value: T }[] = [];

	get(key: Key): T | undefined {
		const entry = this.#entries[this.firstFrom(key)];
		return entry !== undefined && compareKeys(entry.key, key) === 0 ? entry.value : undefined;
	}

	set(key: Key, value: T): void {
		const index = this.firstFrom(key);
		const there = this.#entries[index];
		const same = there !== undefined && compareKeys(there.key, key) === 0;
		this.#entries.splice(index, same ? 1 : 0, { key, value });
	}

	delete(key: Key): void {
		const index = this.firstFrom(key);
		const there = this.#entries[index];
		if (there !== undefined && compareKeys(there.key, key) === 0) this.#entries.splice(index, 1);
	}

	at(index: number): T | undefined {
		return this.#entries[index]?.value;
	}

	/** Index of the first entry that is not below the (partial) key. */
	firstFrom(key: Key): number {
		return this.#bisect((entry) => compareKeys(entry, key) >= 0);
	}

	/** Index of the first entry above the (partial) key. */
	firstBehind(key: Key): number {
		return this.#bisect((entry) => compareKeys(entry, key) > 0);
	}

	#bisect(isRight: (key: Key) => boolean): number {
		let low = 0;
		let high = this.#entries.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (isRight((this.#entries[middle] as { key: Key }).key)) high = middle;
			else low = middle + 1;
		}
		return low;
	}
}
