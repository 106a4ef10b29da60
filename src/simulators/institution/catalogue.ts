import type { Asset } from '../../protocol/institution.ts';

/** An institution of the simulator. */
export interface CatalogueEntry {
	readonly id: string;
	readonly name: string;
	readonly industry: string;
	/** What its users have there. */
	readonly type: Asset['type'];
	/** Most assets of one user, and most positions of one asset. */
	readonly assetsMax: number;
	readonly positionsMax: number;
	/** Paths under which it answers. */
	readonly routes: readonly string[];
	/** Least and most time before an answer where one wants to watch: each institution is another. */
	readonly watchableMs: readonly [number, number];
}

const one = (
	id: string,
	name: string,
	rest: Pick<CatalogueEntry, 'industry' | 'type' | 'assetsMax' | 'watchableMs'> &
		Partial<CatalogueEntry>,
): CatalogueEntry => ({ positionsMax: 1, routes: ['first'], ...rest, id, name });

const bank = { industry: 'bank', type: 'account', assetsMax: 8 } as const;
const card = { industry: 'card', type: 'card', assetsMax: 3 } as const;
const insurance = { industry: 'insurance', type: 'policy', assetsMax: 4 } as const;
const telecom = { industry: 'telecom', type: 'plan', assetsMax: 2 } as const;
const securities = {
	industry: 'securities',
	type: 'holding',
	assetsMax: 2,
	positionsMax: 25,
} as const;
const BOTH = ['first', 'second'];

/** All that are simulated; the settings in `src/institutions/institutions.json` name the same. */
export const CATALOGUE: readonly CatalogueEntry[] = [
	one('bank-a', 'Bank A', { ...bank, routes: BOTH, watchableMs: [250, 600] }),
	one('bank-b', 'Bank B', { ...bank, watchableMs: [400, 900] }),
	one('card-a', 'Card A', { ...card, watchableMs: [150, 400] }),
	one('card-b', 'Card B', { ...card, watchableMs: [500, 1200] }),
	one('securities-a', 'Securities A', { ...securities, routes: BOTH, watchableMs: [300, 700] }),
	one('securities-b', 'Securities B', { ...securities, watchableMs: [1500, 2500] }),
	one('insurance-a', 'Insurance A', { ...insurance, watchableMs: [200, 500] }),
	one('insurance-b', 'Insurance B', { ...insurance, watchableMs: [700, 1500] }),
	one('e-money-a', 'E-money A', {
		...{ industry: 'e-money', type: 'balance', assetsMax: 1 },
		watchableMs: [80, 200],
	}),
	one('telecom-a', 'Telecom A', { ...telecom, watchableMs: [300, 700] }),
	one('telecom-b', 'Telecom B', { ...telecom, watchableMs: [150, 350] }),
	one('capital-a', 'Capital A', {
		...{ industry: 'capital', type: 'loan', assetsMax: 2 },
		watchableMs: [400, 1_000],
	}),
];
