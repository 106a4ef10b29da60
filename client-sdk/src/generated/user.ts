// Written by `npm run sdk:generate` from src/protocol/user.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';

export interface Notice {
	readonly id: string;
	readonly type: string;
	readonly data: unknown;
	readonly at: number;
	readonly expiresAt: number;
}

export interface UserTypes {
	readonly openArgs: Readonly<Record<string, never>>;
	readonly view: {
		readonly notices: readonly Notice[];
		readonly jobs?:
			| readonly {
					readonly id: string;
					readonly state: 'running' | 'done' | 'partial' | 'failed' | 'cancelled';
					readonly startedAt: number;
					readonly endedAt?: number | undefined;
					readonly steps: readonly {
						readonly institution: string;
						readonly step: 'authorise' | 'token' | 'list' | 'details';
						readonly state: 'waiting' | 'running' | 'done' | 'failed';
						readonly done: number;
						readonly total: number;
						readonly code?: string | undefined;
						readonly at: number;
					}[];
			  }[]
			| undefined;
	};
	readonly commands: {
		readonly post: {
			readonly args: {
				readonly type: string;
				readonly data: unknown;
				readonly ttlSeconds: number;
			};
			readonly reply: {
				readonly id: string;
			};
		};
		readonly ack: {
			readonly args: {
				readonly id: string;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly list: {
			readonly args: {
				readonly before?: string | undefined;
				readonly limit?: number | undefined;
			};
			readonly reply: {
				readonly notices: readonly Notice[];
				readonly hasMore: boolean;
			};
		};
	};
	readonly events: {
		readonly notice: Notice;
		readonly acked: {
			readonly id: string;
		};
		readonly job: {
			readonly id: string;
			readonly state: 'running' | 'done' | 'partial' | 'failed' | 'cancelled';
			readonly startedAt: number;
			readonly endedAt?: number | undefined;
			readonly steps: readonly {
				readonly institution: string;
				readonly step: 'authorise' | 'token' | 'list' | 'details';
				readonly state: 'waiting' | 'running' | 'done' | 'failed';
				readonly done: number;
				readonly total: number;
				readonly code?: string | undefined;
				readonly at: number;
			}[];
		};
		readonly step: {
			readonly jobId: string;
			readonly step: {
				readonly institution: string;
				readonly step: 'authorise' | 'token' | 'list' | 'details';
				readonly state: 'waiting' | 'running' | 'done' | 'failed';
				readonly done: number;
				readonly total: number;
				readonly code?: string | undefined;
				readonly at: number;
			};
		};
		readonly recorded: {
			readonly institution: string;
			readonly version: number;
		};
		readonly gone: {
			readonly institution: string;
			readonly version: number;
		};
		readonly refreshed: {
			readonly institution: string;
			readonly transactionId: string;
			readonly code?: string | undefined;
			readonly retryAfterMs?: number | undefined;
		};
	};
	readonly ephemerals: {};
}

export const userTable: KindTable = {
	kind: 'user',
	style: 'stream',
	own: true,
	live: [],
	commands: {
		post: { creates: true },
		ack: { requests: 'none' },
		list: { query: true },
	},
};

type Commands = UserTypes['commands'];

/** The commands of `user`, typed. */
export class UserHandle extends KindHandle<UserTypes> {
	post(args: Commands['post']['args']): Promise<Commands['post']['reply']> {
		return this.run('post', args);
	}

	ack(args: Commands['ack']['args']): Promise<Commands['ack']['reply']> {
		return this.run('ack', args);
	}

	list(args: Commands['list']['args']): Promise<Commands['list']['reply']> {
		return this.run('list', args);
	}
}
