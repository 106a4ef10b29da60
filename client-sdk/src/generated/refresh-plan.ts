// Written by `npm run sdk:generate` from src/protocol/refresh-plan.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
import type { RefreshMinute, RefreshPlanInfo, RefreshStep, RefreshTotals } from './schemas.ts';

export interface RefreshPlanTypes {
	readonly openArgs: Readonly<Record<string, never>>;
	readonly view: RefreshPlanInfo;
	readonly commands: {
		readonly ensure: {
			readonly args: {
				readonly week: number;
				readonly nextAt: number;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly begin: {
			readonly args: {
				readonly worker: string;
				readonly week: number;
				readonly weekFrom: number;
			};
			readonly reply: {
				readonly paused: boolean;
				readonly perSecondMax?: number | undefined;
				readonly cursor?: readonly [number, string] | undefined;
				readonly walked: boolean;
				readonly open: readonly (readonly [string, string])[];
				readonly targets: number;
				readonly before: number;
			};
		};
		readonly step: {
			readonly args: RefreshStep;
			readonly reply: {
				readonly paused: boolean;
				readonly perSecondMax?: number | undefined;
				readonly batch?: string | undefined;
			};
		};
		readonly rate: {
			readonly args: {
				readonly perSecondMax?: number | undefined;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly pause: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly resume: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly board: {
			readonly args: {
				readonly minutes?: number | undefined;
			};
			readonly reply: {
				readonly info: RefreshPlanInfo;
				readonly minutes: readonly RefreshMinute[];
			};
		};
	};
	readonly events: {
		readonly progress: RefreshTotals;
		readonly minute: RefreshMinute;
		readonly changed: Readonly<Record<string, never>>;
	};
	readonly ephemerals: {};
}

export const refreshPlanTable: KindTable = {
	kind: 'refresh-plan',
	style: 'stream',
	own: false,
	live: [],
	commands: {
		ensure: { creates: true, requests: 'none' },
		begin: { requests: 'none' },
		step: { requests: 'none' },
		rate: {},
		pause: {},
		resume: {},
		board: { query: true },
	},
};

type Commands = RefreshPlanTypes['commands'];

/** The commands of `refresh-plan`, typed. */
export class RefreshPlanHandle extends KindHandle<RefreshPlanTypes> {
	ensure(args: Commands['ensure']['args']): Promise<Commands['ensure']['reply']> {
		return this.run('ensure', args);
	}

	begin(args: Commands['begin']['args']): Promise<Commands['begin']['reply']> {
		return this.run('begin', args);
	}

	step(args: Commands['step']['args']): Promise<Commands['step']['reply']> {
		return this.run('step', args);
	}

	rate(args: Commands['rate']['args']): Promise<Commands['rate']['reply']> {
		return this.run('rate', args);
	}

	pause(args: Commands['pause']['args'] = {}): Promise<Commands['pause']['reply']> {
		return this.run('pause', args);
	}

	resume(args: Commands['resume']['args'] = {}): Promise<Commands['resume']['reply']> {
		return this.run('resume', args);
	}

	board(args: Commands['board']['args']): Promise<Commands['board']['reply']> {
		return this.run('board', args);
	}
}
