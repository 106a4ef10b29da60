import type { FieldNature, FieldNatures } from './field-natures.ts';
import { pseudonym } from './pseudonym.ts';

/** Bounds of one picture: values in all, entries of one collection, and how deep it goes. */
const VALUES_MAX = 2_000;
const ENTRIES_MAX = 20;
const DEPTH_MAX = 8;

const HIDDEN = '•••';
const REST = '…';

const isPlain = (value: object) => {
	const prototype = Object.getPrototypeOf(value);
	return prototype === Object.prototype || prototype === null;
};

/**
 * A state as operators may see it: its structure, its numbers, and words of the protocol. Every other
 * text shows its length only, ids of people a pseudonym, and keys too unless they are names of fields.
 * What is not known to be harmless is hidden. Plain data, and bounded, whatever the state.
 */
export function maskedPicture(
	state: unknown,
	natures: FieldNatures,
	/** Names of fields at the top, besides those of the contract. */
	names: ReadonlySet<string> = new Set(),
): unknown {
	return new Picture(natures, names).of(state, undefined, 0);
}

class Picture {
	readonly #natures: FieldNatures;
	readonly #names: ReadonlySet<string>;
	#values = 0;

	constructor(natures: FieldNatures, names: ReadonlySet<string>) {
		this.#natures = natures;
		this.#names = names;
	}

	of(value: unknown, nature: FieldNature | undefined, depth: number): unknown {
		this.#values++;
		if (nature === 'anything') return value === undefined ? undefined : HIDDEN;
		if (typeof value === 'string') return textOf(value, nature);
		if (typeof value === 'object' && value !== null) return this.#object(value, nature, depth);
		return isScalar(value) ? value : HIDDEN;
	}

	#object(value: object, nature: FieldNature | undefined, depth: number): unknown {
		if (depth === DEPTH_MAX) return HIDDEN;
		if (Array.isArray(value)) return this.#list(value, value.length, { nature, depth });
		if (value instanceof Set) return this.#list(value, value.size, { nature: 'id', depth });
		if (value instanceof Map) return this.#entries(value, value.size, { depth, isMap: true });
		if (!isPlain(value)) return HIDDEN;
		const entries = Object.entries(value);
		return this.#entries(entries, entries.length, { depth, isMap: false });
	}

	#list(
		items: Iterable<unknown>,
		size: number,
		{ nature, depth }: { readonly nature: FieldNature | undefined; readonly depth: number },
	): unknown[] {
		const shown: unknown[] = [];
		for (const item of items) {
			if (this.#isFull(shown.length)) return [...shown, `${REST} ${size - shown.length}`];
			shown.push(this.of(item, nature, depth + 1));
		}
		return shown;
	}

	#entries(
		entries: Iterable<readonly [unknown, unknown]>,
		size: number,
		{ depth, isMap }: { readonly depth: number; readonly isMap: boolean },
	): unknown {
		const shown: [string, unknown][] = [];
		for (const [key, value] of entries) {
			if (this.#isFull(shown.length)) {
				shown.push([REST, size - shown.length]);
				break;
			}
			const field = isMap ? undefined : this.#fieldOf(key, depth);
			const nature = field === undefined ? undefined : this.#natures.get(field);
			shown.push([field ?? keyOf(key), this.of(value, nature, depth + 1)]);
		}
		return Object.fromEntries(shown);
	}

	/** The key when it is the name of a field, not something that was entered. */
	#fieldOf(key: unknown, depth: number): string | undefined {
		if (typeof key !== 'string') return undefined;
		const isKnown = this.#natures.has(key) || (depth === 0 && this.#names.has(key));
		return isKnown ? key : undefined;
	}

	#isFull(count: number): boolean {
		return count >= ENTRIES_MAX || this.#values >= VALUES_MAX;
	}
}

const isScalar = (value: unknown) =>
	value === undefined || value === null || typeof value === 'boolean' || typeof value === 'number';

function keyOf(key: unknown): string {
	if (typeof key === 'string') return pseudonym(key);
	return typeof key === 'number' ? String(key) : HIDDEN;
}

function textOf(text: string, nature: FieldNature | undefined): string {
	if (typeof nature === 'object' && nature.has(text)) return text;
	return nature === 'id' ? pseudonym(text) : `${HIDDEN} ${text.length}`;
}
