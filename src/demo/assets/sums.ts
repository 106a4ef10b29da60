import type { Asset, AssetSnapshot } from '../../../client-sdk/src/index.ts';

/** What one pays back; all else is one's own. */
const OWED: ReadonlySet<Asset['type']> = new Set(['card', 'loan', 'plan']);

/** All of one currency, in minor units. */
export interface Sum {
	readonly currency: string;
	readonly have: number;
	readonly owe: number;
}

export const isOwed = ({ type }: Asset): boolean => OWED.has(type);

/** Sums by currency, in the same order everywhere. */
export function sumsOf(snapshots: Iterable<AssetSnapshot>): readonly Sum[] {
	const sums = new Map<string, { currency: string; have: number; owe: number }>();
	for (const { assets } of snapshots) {
		for (const asset of assets) {
			const { currency, amount } = asset;
			const sum = sums.get(currency) ?? { currency, have: 0, owe: 0 };
			sum[isOwed(asset) ? 'owe' : 'have'] += amount;
			sums.set(currency, sum);
		}
	}
	return [...sums.values()].sort((one, other) => (one.currency < other.currency ? -1 : 1));
}
