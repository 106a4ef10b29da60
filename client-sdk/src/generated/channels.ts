// Written by `npm run sdk:generate` from src/protocol/user.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
import type { ChannelSummary } from './schemas.ts';

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
