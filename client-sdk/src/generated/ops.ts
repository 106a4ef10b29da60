// Written by `npm run sdk:generate` from src/protocol/ops.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';

export interface ActorLine {
	readonly key: string;
	readonly phase: string;
	readonly position: number;
	readonly epoch: number;
	readonly waiting: number;
	readonly edges: number;
	readonly idleMs: number;
	readonly figures: Readonly<Record<string, unknown>>;
}

export interface ActorPicture {
	readonly key: string;
	readonly node?: string | undefined;
	readonly isAwake: boolean;
	readonly position: number;
	readonly writer: string;
	readonly events?: readonly EventLine[] | undefined;
	readonly live?:
		| {
				readonly phase: string;
				readonly epoch: number;
				readonly waiting: number;
				readonly idleMs: number;
				readonly figures: Readonly<Record<string, unknown>>;
				readonly edges: readonly string[];
				readonly commit?: number | undefined;
				readonly snapshotCommit?: number | undefined;
				readonly state?: unknown | undefined;
		  }
		| undefined;
}

export interface AuditEntry {
	readonly id: string;
	readonly at: number;
	readonly who: string;
	readonly what:
		| 'drain'
		| 'kill'
		| 'sleep'
		| 'createEvent'
		| 'changeEvent'
		| 'pauseEvent'
		| 'resumeEvent'
		| 'closeEvent'
		| 'resolveOrder'
		| 'refundOrder'
		| 'setCircuit'
		| 'setRoute'
		| 'setRate'
		| 'pauseRefresh'
		| 'resumeRefresh'
		| 'setRefreshRate';
	readonly target: string;
	readonly node: string;
}

export interface EventLine {
	readonly position: number;
	readonly type: string;
	readonly version: number;
	readonly at: number;
	readonly by?: string | undefined;
	readonly commit: number;
}

export interface HandleLine {
	readonly id: number;
	readonly key: string;
	readonly isMasked: boolean;
	readonly style: string;
	readonly state?: string | undefined;
	readonly position?: number | undefined;
	readonly lag?: number | undefined;
}

export interface NodeFigures {
	readonly id: string;
	readonly url: string;
	readonly pid: number;
	readonly state: NodeState;
	readonly startedAt: number;
	readonly load?: NodeLoad | undefined;
	readonly handles: number;
	readonly streams: number;
	readonly bytesQueued: number;
	readonly backlog: number;
	readonly usersPresent: number;
	readonly memoryBytes: number;
	readonly heapBytes: number;
	readonly links?:
		| {
				readonly sessions: number;
				readonly bytesWaiting: number;
				readonly resends: number;
				readonly downs: number;
		  }
		| undefined;
}

export interface NodeLine {
	readonly id: string;
	readonly url: string;
	readonly pid: number;
	readonly state: NodeState;
	readonly startedAt: number;
	readonly load?: NodeLoad | undefined;
}

export interface NodeLoad {
	readonly sockets: number;
	readonly actors: number;
	readonly loopDelayMs: number;
	readonly overloaded: boolean;
}

export type NodeState = 'starting' | 'up' | 'draining';

export interface SocketLine {
	readonly id: string;
	readonly user?: string | undefined;
	readonly device: string;
	readonly platform: string;
	readonly handles: number;
	readonly bytesQueued: number;
	readonly silentMs: number;
	readonly behindMs: number;
}

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
