// Written by `npm run sdk:generate` from src/protocol/institution.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
import type {
	AssetJob,
	AssetPart,
	AssetPlace,
	AssetSnapshot,
	Consent,
	InstitutionInfo,
	JobStep,
	SnapshotVersion,
	StandingConsent,
} from './schemas.ts';

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
			readonly args: {
				readonly after?: AssetPlace | undefined;
			};
			readonly reply: {
				readonly snapshots: readonly AssetSnapshot[];
				readonly next?: AssetPlace | undefined;
			};
		};
		readonly get: {
			readonly args: AssetPlace;
			readonly reply: {
				readonly snapshot?: AssetSnapshot | undefined;
				readonly next?: AssetPart | undefined;
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
		readonly consents: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: {
				readonly consents: readonly StandingConsent[];
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
		readonly newer: SnapshotVersion;
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
		consents: { query: true },
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

	list(args: Commands['list']['args']): Promise<Commands['list']['reply']> {
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

	consents(args: Commands['consents']['args'] = {}): Promise<Commands['consents']['reply']> {
		return this.run('consents', args);
	}

	withdraw(args: Commands['withdraw']['args']): Promise<Commands['withdraw']['reply']> {
		return this.run('withdraw', args);
	}
}
