// Written by `npm run sdk:generate` from src/protocol/user.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
import type { AssetJob, JobStep, Notice, SnapshotVersion } from './schemas.ts';

export interface UserTypes {
	readonly openArgs: Readonly<Record<string, never>>;
	readonly view: {
		readonly notices: readonly Notice[];
		readonly jobs?: readonly AssetJob[] | undefined;
		readonly snapshots?: readonly SnapshotVersion[] | undefined;
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
		readonly job: AssetJob;
		readonly step: {
			readonly jobId: string;
			readonly step: JobStep;
		};
		readonly recorded: SnapshotVersion;
		readonly gone: SnapshotVersion;
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
