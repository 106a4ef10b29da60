import type { CommandAnswer } from '../core/actor-port.ts';
import type { Connection, Service } from '../gateway/ports.ts';
import { opsContract } from '../protocol/ops.ts';
import type { OpsArgs } from './node-answers.ts';
import type { Operations } from './operations.ts';

export interface OpsServiceOptions {
	readonly operations: Operations;
	/** Whether everybody who is signed in may see where things are, and end nodes. */
	readonly isPlayground: boolean;
}

type CommandName = keyof typeof opsContract.commands;

/** On a playground these are for everybody; `kill` is for nobody elsewhere. */
const PLAYGROUND: ReadonlySet<string> = new Set<CommandName>(['where', 'drain', 'kill']);

const FORBIDDEN: CommandAnswer = {
	ok: false,
	code: 'FORBIDDEN',
	message: 'this needs the role ops',
};

/** Serves `ops/me`: looking into the nodes and acting on them, over the socket of whoever may. */
export function opsService({ operations, isPlayground }: OpsServiceOptions): Service {
	const mayRun = ({ identity }: Connection, name: string) =>
		isPlayground && PLAYGROUND.has(name) ? true : name !== 'kill' && identity.roles.includes('ops');
	return {
		contract: opsContract,
		open: (connection) => ({
			// Asked with every command: a fresh token may name other roles.
			command: async (name, args) =>
				mayRun(connection, name)
					? run(operations, connection, { name: name as CommandName, args })
					: FORBIDDEN,
			close: () => {},
		}),
	};
}

type Run = (
	operations: Operations,
	connection: Connection,
	args: never,
) => CommandAnswer | Promise<CommandAnswer>;

const RUNS: Readonly<Record<CommandName, Run>> = {
	nodes: (operations, _, args: OpsArgs<'nodes'>) => operations.nodes(args),
	node: (operations, _, args: OpsArgs<'node'>) => operations.node(args),
	actors: (operations, _, args: OpsArgs<'actors'>) => operations.actors(args),
	actor: (operations, _, args: OpsArgs<'actor'>) => operations.actor(args),
	sockets: (operations, _, args: OpsArgs<'sockets'>) => operations.sockets(args),
	socket: (operations, _, args: OpsArgs<'socket'>) => operations.socket(args),
	sleep: (operations, { identity }, args: OpsArgs<'sleep'>) => operations.sleep(identity, args),
	drain: (operations, { identity }, args: OpsArgs<'drain'>) => operations.drain(identity, args),
	kill: (operations, { identity }, args: OpsArgs<'kill'>) => operations.kill(identity, args),
	audit: (operations, _, args: OpsArgs<'audit'>) => operations.audit(args),
	where: (operations, _, args: OpsArgs<'where'>) => operations.where(args),
};

const run = (
	operations: Operations,
	connection: Connection,
	{ name, args }: { readonly name: CommandName; readonly args: unknown },
) => RUNS[name](operations, connection, args as never);
