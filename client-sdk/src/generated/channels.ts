// Written by `npm run sdk:generate` from src/protocol/user.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';

export interface ChannelSummary {
	readonly id: string;
	readonly kind: 'direct' | 'group' | 'open';
	readonly name: string;
	readonly memberCount: number;
	readonly lastAt: number;
	readonly lastMessage?:
		| {
				readonly seq: number;
				readonly at: number;
				readonly userId: string;
				readonly name?: string | undefined;
				readonly text: string;
				readonly deletedAt?: number | undefined;
		  }
		| undefined;
	readonly lastSeq: number;
	readonly unread?: number | undefined;
	readonly mentions?: number | undefined;
	readonly marker?: number | undefined;
}

export interface ChannelsTypes {
	readonly openArgs: Readonly<Record<string, never>>;
	readonly view: Readonly<Record<string, never>>;
	readonly commands: {
		readonly list: {
			readonly args: {
				readonly after?: string | undefined;
				readonly limit?: number | undefined;
			};
			readonly reply: {
				readonly channels: readonly ChannelSummary[];
				readonly next?: string | undefined;
			};
		};
		readonly public: {
			readonly args: {
				readonly after?: string | undefined;
				readonly limit?: number | undefined;
			};
			readonly reply: {
				readonly channels: readonly ChannelSummary[];
				readonly next?: string | undefined;
			};
		};
	};
	readonly events: {};
	readonly ephemerals: {
		readonly change: ChannelSummary;
		readonly gone: {
			readonly id: string;
		};
	};
}

export const channelsTable: KindTable = {
	kind: 'channels',
	style: 'service',
	own: false,
	live: [],
	commands: {
		list: { query: true },
		public: { query: true },
	},
};

type Commands = ChannelsTypes['commands'];

/** The commands of `channels`, typed. */
export class ChannelsHandle extends KindHandle<ChannelsTypes> {
	list(args: Commands['list']['args']): Promise<Commands['list']['reply']> {
		return this.run('list', args);
	}

	public(args: Commands['public']['args']): Promise<Commands['public']['reply']> {
		return this.run('public', args);
	}
}
