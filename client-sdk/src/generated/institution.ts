// Written by `npm run sdk:generate` from src/protocol/institution.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';

export type Circuit = 'closed' | 'open' | 'recovering' | 'forced-open' | 'forced-closed';

export type Health = 'HEALTHY' | 'CAUTION' | 'CRITICAL';

export type Industry =
	| 'bank'
	| 'card'
	| 'securities'
	| 'insurance'
	| 'e-money'
	| 'telecom'
	| 'capital';

export interface InstitutionBoard {
	readonly info: InstitutionInfo;
	readonly rules: InstitutionRules;
	readonly mode: 'auto' | 'forced-open' | 'forced-closed';
	readonly auto: 'closed' | 'open' | 'recovering';
	readonly time: number;
	readonly gate: {
		readonly generation: number;
		readonly version: number;
		readonly circuit: Circuit;
		readonly percent: number;
		readonly canaries: readonly string[];
		readonly badNodes: readonly string[];
		readonly route: number;
		readonly probeMs: number;
		readonly permits: number;
		readonly expectedInMs?: number | undefined;
	};
	readonly nodes: readonly {
		readonly node: string;
		readonly incarnation: string;
		readonly agoMs: number;
	}[];
	readonly matrix: readonly {
		readonly node: string;
		readonly minute: number;
		readonly calls: number;
		readonly bad: number;
	}[];
	readonly canaries: readonly {
		readonly node: string;
		readonly sinceTime: number;
		readonly good: number;
		readonly bad: number;
		readonly goodTime: number;
		readonly badTime: number;
	}[];
	readonly badNodes: readonly string[];
	readonly permits: {
		readonly count: number;
		readonly intervalMs: number;
		readonly ratePerSecond: number;
		readonly rateFactor: number;
		readonly holders: readonly {
			readonly node: string;
			readonly want: number;
			readonly share: number;
			readonly bound: number;
		}[];
	};
	readonly turns: readonly {
		readonly position: number;
		readonly at: number;
		readonly reason: string;
		readonly circuit: Circuit;
		readonly generation: number;
		readonly health: Health;
		readonly by?: string | undefined;
		readonly node?: string | undefined;
	}[];
}

export interface InstitutionInfo {
	readonly id: string;
	readonly name: string;
	readonly industry: Industry;
	readonly circuit: Circuit;
	readonly health: Health;
	readonly prevStatus?: Health | undefined;
	readonly percent: number;
	readonly expectedAt?: number | undefined;
	readonly since: number;
	readonly calls: number;
	readonly failureRate: number;
}

export interface InstitutionRules {
	readonly name: string;
	readonly industry: Industry;
	readonly ratePerSecond: number;
	readonly routes: number;
	readonly breaker: {
		readonly failureRate: number;
		readonly callsMin: number;
		readonly goodMs: number;
		readonly stepMs: number;
		readonly expectedMs: number;
	};
}

export interface InstitutionTypes {
	readonly openArgs: Readonly<Record<string, never>>;
	readonly view: {
		readonly id: string;
		readonly name: string;
		readonly industry: Industry;
		readonly circuit: Circuit;
		readonly health: Health;
		readonly prevStatus?: Health | undefined;
		readonly percent: number;
		readonly expectedAt?: number | undefined;
		readonly since: number;
		readonly calls: number;
		readonly failureRate: number;
		readonly gate?: unknown | undefined;
	};
	readonly commands: {
		readonly circuit: {
			readonly args: {
				readonly mode: 'auto' | 'forced-open' | 'forced-closed';
			};
			readonly reply: InstitutionInfo;
		};
		readonly route: {
			readonly args: {
				readonly route: number;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly rate: {
			readonly args: {
				readonly perSecond: number;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly board: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: InstitutionBoard;
		};
	};
	readonly events: {
		readonly health: InstitutionInfo;
		readonly circuit: unknown;
	};
	readonly ephemerals: {};
}

export const institutionTable: KindTable = {
	kind: 'institution',
	style: 'stream',
	own: false,
	live: ['health', 'circuit'],
	commands: {
		circuit: {},
		route: {},
		rate: {},
		board: { query: true },
	},
};

type Commands = InstitutionTypes['commands'];

/** The commands of `institution`, typed. */
export class InstitutionHandle extends KindHandle<InstitutionTypes> {
	circuit(args: Commands['circuit']['args']): Promise<Commands['circuit']['reply']> {
		return this.run('circuit', args);
	}

	route(args: Commands['route']['args']): Promise<Commands['route']['reply']> {
		return this.run('route', args);
	}

	rate(args: Commands['rate']['args']): Promise<Commands['rate']['reply']> {
		return this.run('rate', args);
	}

	board(args: Commands['board']['args'] = {}): Promise<Commands['board']['reply']> {
		return this.run('board', args);
	}
}
