import type { Key, KeyPart } from './store.ts';

/** Rank of a UTF-16 unit by which surrogate pairs come behind the rest, as their code points do. */
const rank = (unit: number) =>
	unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;

/**
 * Orders by code points, as stores order UTF-8, so that what memory lays over a page stands where the
 * store would put it; `<` orders by UTF-16 units, which differs for emoji.
 */
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
export function compareKeys(one: Key, other: Key): number {
	const length = Math.min(one.length, other.length);
	for (let i = 0; i < length; i++) {
		const difference = comparePart(one[i] as KeyPart, other[i] as KeyPart);
		if (difference !== 0) return difference;
	}
	return 0;
}
