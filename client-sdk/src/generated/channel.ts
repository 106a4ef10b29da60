// Written by `npm run sdk:generate` from src/protocol/channel.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
import type { ChannelKind, Member, Message, Role } from './schemas.ts';

export interface ChannelTypes {
	readonly openArgs: {
		readonly last?: number | undefined;
	};
	readonly view: {
		readonly id: string;
		readonly kind: ChannelKind;
		readonly name: string;
		readonly memberCount: number;
		readonly lastSeq: number;
		readonly slowModeMs: number;
		readonly me?: Member | undefined;
		readonly unread: number;
		readonly messages: readonly Message[];
		readonly hasMore: boolean;
	};
	readonly commands: {
		readonly create: {
			readonly args: {
				readonly kind: ChannelKind;
				readonly name?: string | undefined;
				readonly members?: readonly string[] | undefined;
			};
			readonly reply: {
				readonly id: string;
			};
		};
		readonly join: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly leave: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly send: {
			readonly args: {
				readonly text: string;
				readonly replyTo?: number | undefined;
				readonly mentions?: readonly string[] | undefined;
				readonly data?: unknown | undefined;
			};
			readonly reply: {
				readonly seq: number;
				readonly id: string;
				readonly at: number;
			};
		};
		readonly edit: {
			readonly args: {
				readonly seq: number;
				readonly text: string;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly delete: {
			readonly args: {
				readonly seq: number;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly react: {
			readonly args: {
				readonly seq: number;
				readonly emoji: string;
				readonly on: boolean;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly read: {
			readonly args: {
				readonly seq: number;
			};
			readonly reply: {
				readonly marker: number;
				readonly unread: number;
			};
		};
		readonly history: {
			readonly args: {
				readonly before?: number | undefined;
				readonly after?: number | undefined;
				readonly around?: number | undefined;
				readonly limit?: number | undefined;
			};
			readonly reply: {
				readonly messages: readonly Message[];
				readonly hasMore: boolean;
			};
		};
		readonly members: {
			readonly args: {
				readonly after?: string | undefined;
				readonly limit?: number | undefined;
			};
			readonly reply: {
				readonly members: readonly Member[];
				readonly hasMore: boolean;
			};
		};
		readonly add: {
			readonly args: {
				readonly users: readonly string[];
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly kick: {
			readonly args: {
				readonly userId: string;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly ban: {
			readonly args: {
				readonly userId: string;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly unban: {
			readonly args: {
				readonly userId: string;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly mute: {
			readonly args: {
				readonly userId: string;
				readonly ms: number;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly setRole: {
			readonly args: {
				readonly userId: string;
				readonly role: Role;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly slowMode: {
			readonly args: {
				readonly ms: number;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly rename: {
			readonly args: {
				readonly name: string;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
	};
	readonly events: {
		readonly message: Message;
		readonly edited: {
			readonly seq: number;
			readonly text: string;
			readonly at: number;
		};
		readonly deleted: {
			readonly seq: number;
			readonly at: number;
			readonly by: string;
		};
		readonly reacted: {
			readonly seq: number;
			readonly userId: string;
			readonly emoji: string;
			readonly on: boolean;
			readonly count: number;
		};
		readonly joined: {
			readonly userId: string;
			readonly by: string;
			readonly memberCount: number;
			readonly member: Member;
		};
		readonly left: {
			readonly userId: string;
			readonly by: string;
			readonly memberCount: number;
			readonly how: 'left' | 'kicked' | 'banned';
		};
		readonly read: {
			readonly marker: number;
			readonly unread: number;
		};
		readonly muted: {
			readonly userId: string;
			readonly until: number;
		};
		readonly roleSet: {
			readonly userId: string;
			readonly role: Role;
		};
		readonly slowModeSet: {
			readonly ms: number;
		};
		readonly renamed: {
			readonly name: string;
		};
	};
	readonly ephemerals: {
		readonly typing: {
			readonly userId?: string | undefined;
		};
	};
}

export const channelTable: KindTable = {
	kind: 'channel',
	style: 'stream',
	own: false,
	live: [],
	commands: {
		create: { creates: true },
		join: { creates: true },
		leave: {},
		send: {},
		edit: {},
		delete: {},
		react: {},
		read: { requests: 'none' },
		history: { query: true },
		members: { query: true },
		add: {},
		kick: {},
		ban: {},
		unban: {},
		mute: {},
		setRole: {},
		slowMode: {},
		rename: {},
	},
};

type Commands = ChannelTypes['commands'];

/** The commands of `channel`, typed. */
export class ChannelHandle extends KindHandle<ChannelTypes> {
	create(args: Commands['create']['args']): Promise<Commands['create']['reply']> {
		return this.run('create', args);
	}

	join(args: Commands['join']['args'] = {}): Promise<Commands['join']['reply']> {
		return this.run('join', args);
	}

	leave(args: Commands['leave']['args'] = {}): Promise<Commands['leave']['reply']> {
		return this.run('leave', args);
	}

	send(args: Commands['send']['args']): Promise<Commands['send']['reply']> {
		return this.run('send', args);
	}

	edit(args: Commands['edit']['args']): Promise<Commands['edit']['reply']> {
		return this.run('edit', args);
	}

	delete(args: Commands['delete']['args']): Promise<Commands['delete']['reply']> {
		return this.run('delete', args);
	}

	react(args: Commands['react']['args']): Promise<Commands['react']['reply']> {
		return this.run('react', args);
	}

	read(args: Commands['read']['args']): Promise<Commands['read']['reply']> {
		return this.run('read', args);
	}

	history(args: Commands['history']['args']): Promise<Commands['history']['reply']> {
		return this.run('history', args);
	}

	members(args: Commands['members']['args']): Promise<Commands['members']['reply']> {
		return this.run('members', args);
	}

	add(args: Commands['add']['args']): Promise<Commands['add']['reply']> {
		return this.run('add', args);
	}

	kick(args: Commands['kick']['args']): Promise<Commands['kick']['reply']> {
		return this.run('kick', args);
	}

	ban(args: Commands['ban']['args']): Promise<Commands['ban']['reply']> {
		return this.run('ban', args);
	}

	unban(args: Commands['unban']['args']): Promise<Commands['unban']['reply']> {
		return this.run('unban', args);
	}

	mute(args: Commands['mute']['args']): Promise<Commands['mute']['reply']> {
		return this.run('mute', args);
	}

	setRole(args: Commands['setRole']['args']): Promise<Commands['setRole']['reply']> {
		return this.run('setRole', args);
	}

	slowMode(args: Commands['slowMode']['args']): Promise<Commands['slowMode']['reply']> {
		return this.run('slowMode', args);
	}

	rename(args: Commands['rename']['args']): Promise<Commands['rename']['reply']> {
		return this.run('rename', args);
	}
}
