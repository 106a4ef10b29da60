import { compareKeys } from '../../core/compare-keys.ts';
import type { Key } from '../../core/store.ts';

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
