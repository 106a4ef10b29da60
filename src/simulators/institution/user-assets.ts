import { createHash } from 'node:crypto';
import type { CatalogueEntry } from './catalogue.ts';

/** As institutions write it: amounts are decimal numbers in text. */
export interface Position {
	readonly id: string;
	readonly type: string;
	readonly name: string;
	readonly amount: string;
	readonly currency: string;
}

/** What a user has at an institution. */
export interface UserAsset {
	readonly id: string;
	readonly name: string;
	readonly positions: readonly Position[];
}

const FOREIGN_SHARE = 0.2;
const UNITS_MAX = 50_000_000;

/** A whole number below `below`, always the same one for the same words. */
function drawn(below: number, ...words: readonly (string | number)[]): number {
	const hash = createHash('sha256').update(words.join('\n')).digest();
	return Math.floor((hash.readUInt32BE() / 2 ** 32) * below);
}

function position({ id, type }: CatalogueEntry, userId: string, name: string): Position {
	const units = drawn(UNITS_MAX, id, userId, name, 'amount');
	const isForeign = drawn(1_000, id, userId, name, 'currency') < FOREIGN_SHARE * 1_000;
	const amount = isForeign ? (units / 10_000).toFixed(2) : String(units);
	return { id: name, type, name: `${type} ${name}`, amount, currency: isForeign ? 'USD' : 'KRW' };
}

/** The same for the same user at every time and start. */
export function assetsOf(institution: CatalogueEntry, userId: string): readonly UserAsset[] {
	const { id, assetsMax, positionsMax, type } = institution;
	const count = 1 + drawn(assetsMax, id, userId, 'assets');
	return Array.from({ length: count }, (_, n) => {
		const assetId = `${id}-${n + 1}`;
		const length = 1 + drawn(positionsMax, id, userId, assetId, 'positions');
		const nameOf = (place: number) => (length === 1 ? assetId : `${assetId}-${place + 1}`);
		const positions = Array.from({ length }, (_unused, place) =>
			position(institution, userId, nameOf(place)),
		);
		return { id: assetId, name: `${type} ${n + 1}`, positions };
	});
}
