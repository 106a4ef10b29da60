import type { ActorSystem } from '../core/actor-system.ts';
import type { Journal } from '../core/journal.ts';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { Args, KindContract, ReplyOf } from '../protocol/kind.ts';
import type { NodeFigures, NodeLine, opsContract } from '../protocol/ops.ts';
import { actorAnswers } from './actor-answers.ts';
import { socketAnswers } from './socket-answers.ts';

type Contract = typeof opsContract;
type Commands = Contract['commands'];

export type OpsArgs<C extends keyof Commands> = Args<Contract, C>;
export type OpsReply<C extends keyof Commands> = ReplyOf<Contract, C>;
export type OpsAnswer<C extends keyof Commands> =
	| { readonly ok: true; readonly reply: OpsReply<C> }
	| ({ readonly ok: false } & Refusal);

/** What every node answers about itself. */
export type NodeQuestion =
	| 'node'
	| 'actors'
	| 'actor'
	| 'sockets'
	| 'socket'
	| 'sleep'
	| 'drain'
	| 'kill';

/** Answers by question. Arguments and answers are plain data, so that any node may ask. */
export type NodeAnswers = {
	readonly [Q in NodeQuestion]: (
		args: OpsArgs<Q> & NodeHints,
	) => OpsAnswer<Q> | Promise<OpsAnswer<Q>>;
};

export interface NodeHints {
	/** An actor that sleeps is woken to be looked at. */
	readonly wakes?: boolean;
}

/** What a node is looked into through. */
export interface NodeParts {
	/** This node as the others know it, and as it is now. */
	readonly line: () => NodeLine;
	readonly actors: Pick<ActorSystem, 'hosts' | 'inspect' | 'observe' | 'projector' | 'release'>;
	readonly gateway: () => Pick<Gateway, 'connections' | 'sockets' | 'socket'>;
	readonly contracts: readonly KindContract[];
	readonly journal: Pick<Journal, 'head' | 'read'>;
	readonly presence: { counts(): { readonly users: number } };
	readonly links?: (() => NonNullable<NodeFigures['links']>) | undefined;
	/** Makes this node the owner of an actor that has none. */
	readonly claim?: ((key: ActorKey) => Promise<unknown>) | undefined;
	/** Ends this node orderly, after the answer has left. */
	readonly drain: () => void;
	/** Ends the process at once; absent where nobody may. */
	readonly kill?: (() => void) | undefined;
	readonly runtime: Runtime;
	readonly log: Log;
}

const DONE = { ok: true, reply: {} } as const;
const NOT_HERE = {
	ok: false,
	code: 'FORBIDDEN',
	message: 'nodes are killed in development on loopback only',
} as const;
const STARTING = {
	ok: false,
	code: 'RETRY_LATER',
	message: 'the node starts',
	retryAfterMs: 1_000,
} as const;
/** The answer has left by then. */
const END_AFTER_MS = 100;

/** Answers about this node. */
export function nodeAnswers(parts: NodeParts): NodeAnswers {
	const { drain, kill, line, runtime } = parts;
	return {
		node: () => ({ ok: true, reply: figuresOf(parts) }),
		...actorAnswers(parts),
		...socketAnswers(parts),
		drain: () => {
			if (line().state === 'starting') return STARTING;
			runtime.after(END_AFTER_MS, drain);
			return DONE;
		},
		kill: () => {
			if (kill === undefined) return NOT_HERE;
			runtime.after(END_AFTER_MS, kill);
			return DONE;
		},
	};
}

function figuresOf(parts: NodeParts): NodeFigures {
	const { actors, gateway, links, presence } = parts;
	const { handles, streams, bytesQueued } = gateway().connections();
	const { rss, heapUsed } = process.memoryUsage();
	return {
		...parts.line(),
		handles,
		streams,
		bytesQueued,
		backlog: actors.projector.backlog,
		usersPresent: presence.counts().users,
		memoryBytes: rss,
		heapBytes: heapUsed,
		...(links === undefined ? {} : { links: links() }),
	};
}
