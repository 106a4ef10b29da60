// Written by `npm run sdk:generate` from src/protocol/institution.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';

export interface Asset {
	readonly id: string;
	readonly type: 'account' | 'card' | 'holding' | 'policy' | 'balance' | 'plan' | 'loan';
	readonly name: string;
	readonly amount: number;
	readonly currency: string;
	readonly asOf: number;
}

export interface AssetJob {
	readonly id: string;
	readonly state: 'running' | 'done' | 'partial' | 'failed' | 'cancelled';
	readonly startedAt: number;
	readonly endedAt?: number | undefined;
	readonly steps: readonly JobStep[];
}

export interface AssetSnapshot {
	readonly institution: string;
	readonly version: number;
	readonly asOf: number;
	readonly assets: readonly Asset[];
}

export type Circuit = 'closed' | 'open' | 'recovering' | 'forced-open' | 'forced-closed';

export interface Consent {
	readonly scopes: readonly 'assets'[];
	readonly expiresAt: number;
}

export type Health = 'HEALTHY' | 'CAUTION' | 'CRITICAL';

export type Industry =
	| 'bank'
	| 'card'
	| 'securities'
	| 'insurance'
	| 'e-money'
	| 'telecom'
	| 'capital';

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

export interface JobStep {
	readonly institution: string;
	readonly step: 'authorise' | 'token' | 'list' | 'details';
	readonly state: 'waiting' | 'running' | 'done' | 'failed';
	readonly done: number;
	readonly total: number;
	readonly code?: string | undefined;
	readonly at: number;
}

export interface AssetsTypes {
	readonly openArgs: Readonly<Record<string, never>>;
	readonly view: Readonly<Record<string, never>>;
	readonly commands: {
		readonly institutions: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: {
				readonly institutions: readonly InstitutionInfo[];
			};
		};
		readonly list: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: {
				readonly snapshots: readonly AssetSnapshot[];
			};
		};
		readonly get: {
			readonly args: {
				readonly institution: string;
			};
			readonly reply: {
				readonly snapshot?: AssetSnapshot | undefined;
			};
		};
		readonly register: {
			readonly args: {
				readonly institutions: readonly string[];
				readonly consent: Consent;
			};
			readonly reply: AssetJob;
		};
		readonly jobs: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: {
				readonly jobs: readonly AssetJob[];
			};
		};
		readonly withdraw: {
			readonly args: {
				readonly institution: string;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
	};
	readonly events: {};
	readonly ephemerals: {
		readonly step: {
			readonly jobId: string;
			readonly step: JobStep;
		};
		readonly job: AssetJob;
		readonly snapshot: AssetSnapshot;
		readonly gone: {
			readonly institution: string;
		};
	};
}

export const assetsTable: KindTable = {
	kind: 'assets',
	style: 'service',
	own: false,
	live: [],
	commands: {
		institutions: { query: true },
		list: { query: true },
		get: { query: true },
		register: {},
		jobs: { query: true },
		withdraw: {},
	},
};

type Commands = AssetsTypes['commands'];

/** The commands of `assets`, typed. */
export class AssetsHandle extends KindHandle<AssetsTypes> {
	institutions(
		args: Commands['institutions']['args'] = {},
	): Promise<Commands['institutions']['reply']> {
		return this.run('institutions', args);
	}

	list(args: Commands['list']['args'] = {}): Promise<Commands['list']['reply']> {
		return this.run('list', args);
	}

	get(args: Commands['get']['args']): Promise<Commands['get']['reply']> {
		return this.run('get', args);
	}

	register(args: Commands['register']['args']): Promise<Commands['register']['reply']> {
		return this.run('register', args);
	}

	jobs(args: Commands['jobs']['args'] = {}): Promise<Commands['jobs']['reply']> {
		return this.run('jobs', args);
	}

	withdraw(args: Commands['withdraw']['args']): Promise<Commands['withdraw']['reply']> {
		return this.run('withdraw', args);
	}
}
