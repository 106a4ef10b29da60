// Written by `npm run sdk:generate` from src/protocol/institution.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
import type { Circuit, Health, Industry, InstitutionBoard, InstitutionInfo } from './schemas.ts';

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
