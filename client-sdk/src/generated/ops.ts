// Written by `npm run sdk:generate` from src/protocol/ops.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
import type {
	ActorLine,
	ActorPicture,
	AuditEntry,
	HandleLine,
	NodeFigures,
	NodeLine,
	SocketLine,
} from './schemas.ts';

export interface OpsTypes {
	readonly openArgs: Readonly<Record<string, never>>;
	readonly view: Readonly<Record<string, never>>;
	readonly commands: {
		readonly nodes: {
			readonly args: {
				readonly after?: string | undefined;
				readonly limit?: number | undefined;
			};
			readonly reply: {
				readonly self: string;
				readonly nodes: readonly NodeLine[];
				readonly next?: string | undefined;
				readonly total: {
					readonly nodes: number;
					readonly sockets: number;
					readonly actors: number;
				};
			};
		};
		readonly node: {
			readonly args: {
				readonly node: string;
			};
			readonly reply: NodeFigures;
		};
		readonly actors: {
			readonly args: {
				readonly node: string;
				readonly prefix?: string | undefined;
				readonly after?: string | undefined;
				readonly limit?: number | undefined;
			};
			readonly reply: {
				readonly actors: readonly ActorLine[];
				readonly next?: string | undefined;
				readonly total: number;
			};
		};
		readonly actor: {
			readonly args: {
				readonly key: string;
			};
			readonly reply: ActorPicture;
		};
		readonly sockets: {
			readonly args: {
				readonly node: string;
				readonly userId?: string | undefined;
				readonly after?: string | undefined;
				readonly limit?: number | undefined;
			};
			readonly reply: {
				readonly sockets: readonly SocketLine[];
				readonly next?: string | undefined;
				readonly total: number;
			};
		};
		readonly socket: {
			readonly args: {
				readonly node: string;
				readonly id: string;
			};
			readonly reply: {
				readonly socket: SocketLine;
				readonly handles: readonly HandleLine[];
				readonly hasMore: boolean;
			};
		};
		readonly sleep: {
			readonly args: {
				readonly key: string;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly drain: {
			readonly args: {
				readonly node: string;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly kill: {
			readonly args: {
				readonly node: string;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly audit: {
			readonly args: {
				readonly before?: string | undefined;
				readonly limit?: number | undefined;
			};
			readonly reply: {
				readonly entries: readonly AuditEntry[];
				readonly hasMore: boolean;
			};
		};
		readonly where: {
			readonly args: {
				readonly key?: string | undefined;
			};
			readonly reply: {
				readonly node: string;
				readonly nodes: number;
				readonly owner?: string | undefined;
			};
		};
	};
	readonly events: {};
	readonly ephemerals: {};
}

export const opsTable: KindTable = {
	kind: 'ops',
	style: 'service',
	own: false,
	live: [],
	commands: {
		nodes: { query: true },
		node: { query: true },
		actors: { query: true },
		actor: { query: true },
		sockets: { query: true },
		socket: { query: true },
		sleep: { query: true },
		drain: { query: true },
		kill: { query: true },
		audit: { query: true },
		where: { query: true },
	},
};

type Commands = OpsTypes['commands'];

/** The commands of `ops`, typed. */
export class OpsHandle extends KindHandle<OpsTypes> {
	nodes(args: Commands['nodes']['args']): Promise<Commands['nodes']['reply']> {
		return this.run('nodes', args);
	}

	node(args: Commands['node']['args']): Promise<Commands['node']['reply']> {
		return this.run('node', args);
	}

	actors(args: Commands['actors']['args']): Promise<Commands['actors']['reply']> {
		return this.run('actors', args);
	}

	actor(args: Commands['actor']['args']): Promise<Commands['actor']['reply']> {
		return this.run('actor', args);
	}

	sockets(args: Commands['sockets']['args']): Promise<Commands['sockets']['reply']> {
		return this.run('sockets', args);
	}

	socket(args: Commands['socket']['args']): Promise<Commands['socket']['reply']> {
		return this.run('socket', args);
	}

	sleep(args: Commands['sleep']['args']): Promise<Commands['sleep']['reply']> {
		return this.run('sleep', args);
	}

	drain(args: Commands['drain']['args']): Promise<Commands['drain']['reply']> {
		return this.run('drain', args);
	}

	kill(args: Commands['kill']['args']): Promise<Commands['kill']['reply']> {
		return this.run('kill', args);
	}

	audit(args: Commands['audit']['args']): Promise<Commands['audit']['reply']> {
		return this.run('audit', args);
	}

	where(args: Commands['where']['args']): Promise<Commands['where']['reply']> {
		return this.run('where', args);
	}
}
