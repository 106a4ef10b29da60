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
}

const one = (
	id: string,
	name: string,
	rest: Pick<CatalogueEntry, 'industry' | 'type' | 'assetsMax'> & Partial<CatalogueEntry>,
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
	one('bank-a', 'Bank A', { ...bank, routes: BOTH }),
	one('bank-b', 'Bank B', bank),
	one('card-a', 'Card A', card),
	one('card-b', 'Card B', card),
	one('securities-a', 'Securities A', { ...securities, routes: BOTH }),
	one('securities-b', 'Securities B', securities),
	one('insurance-a', 'Insurance A', insurance),
	one('insurance-b', 'Insurance B', insurance),
	one('e-money-a', 'E-money A', { industry: 'e-money', type: 'balance', assetsMax: 1 }),
	one('telecom-a', 'Telecom A', telecom),
	one('telecom-b', 'Telecom B', telecom),
	one('capital-a', 'Capital A', { industry: 'capital', type: 'loan', assetsMax: 2 }),
];
