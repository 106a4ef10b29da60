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

/** Sums by currency, the largest part of what there is first. */
export function sumsOf(snapshots: Iterable<AssetSnapshot>): readonly Sum[] {
	const sums = new Map<string, { currency: string; have: number; owe: number; count: number }>();
	for (const { assets } of snapshots) {
		for (const asset of assets) {
			const { currency, amount } = asset;
			const sum = sums.get(currency) ?? { currency, have: 0, owe: 0, count: 0 };
			sum[isOwed(asset) ? 'owe' : 'have'] += amount;
			sum.count++;
			sums.set(currency, sum);
		}
	}
	return [...sums.values()]
		.sort((one, other) => other.count - one.count || (one.currency < other.currency ? -1 : 1))
		.map(({ currency, have, owe }) => ({ currency, have, owe }));
}
