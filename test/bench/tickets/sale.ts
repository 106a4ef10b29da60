import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ticketEventKind } from '../../../actors/ticket-event/ticket-event-kind.ts';
import { nodeRuntime } from '../../../src/adapters/node/node-runtime.ts';
import { openSqlite, type Sqlite } from '../../../src/adapters/sqlite/open-sqlite.ts';
import type { ActorKind, Caller } from '../../../src/core/actor-kind.ts';
import type { CommandAnswer, Subscriber } from '../../../src/core/actor-port.ts';
import { ActorSystem } from '../../../src/core/actor-system.ts';
import { REQUESTS } from '../../../src/core/store.ts';
import { actorKey } from '../../../src/protocol/ids.ts';
import type { Args, ReplyOf } from '../../../src/protocol/kind.ts';
import { type TicketMe, ticketEventContract } from '../../../src/protocol/ticket-event.ts';

type Contract = typeof ticketEventContract;
type Name = keyof Contract['commands'] & string;

const KEY = actorKey('ticket-event', 'sale');
const kind = ticketEventKind as unknown as ActorKind;

/** The node that speaks for all who wait. */
const NODE = { userId: 'node-1', roles: ['system'] };
const OPERATOR = { userId: 'operator', roles: ['ops'] };

/** Who sends a command: the node, if nothing else is said. */
interface From {
	readonly caller?: Caller;
	readonly requestId?: string;
}

/** One event in the production host, on SQLite, without sockets. */
export class Sale implements AsyncDisposable {
	readonly actors: ActorSystem;
	readonly #sqlite: Sqlite;
	readonly #remove: () => void;

	private constructor(sqlite: Sqlite, remove: () => void) {
		this.#sqlite = sqlite;
		this.#remove = remove;
		this.actors = new ActorSystem({ ...sqlite, kinds: [kind], runtime: nodeRuntime });
	}

	/** Opens what is in a directory, which stays; or a temporary one. */
	static async open(directory?: string): Promise<Sale> {
		const path = directory ?? mkdtempSync(join(tmpdir(), 'naru-bench-'));
		const remove = () => {
			if (directory === undefined) rmSync(path, { recursive: true, force: true });
		};
		const collections = [...kind.collections, REQUESTS];
		return new Sale(await openSqlite({ directory: path, collections }), remove);
	}

	/** Creates the event; what the draft leaves out is as the contract says. */
	async create(draft: object): Promise<void> {
		const sale = { title: 'Bench', currency: 'KRW', opensAt: 0, secret: 'x'.repeat(32), ...draft };
		const args = ticketEventContract.commands.create.args.parse(sale);
		await this.ask('create', args, { caller: OPERATOR });
	}

	/** Runs a command of the node; rejects when it is refused. */
	async ask<N extends Name>(name: N, args: Args<Contract, N>, from: From = {}) {
		const answer = await this.attempt(name, args, from);
		if (answer.ok) return answer.reply as ReplyOf<Contract, N>;
		throw new Error(`${name}: ${answer.code} ${answer.message ?? ''}`);
	}

	attempt<N extends Name>(
		name: N,
		args: Args<Contract, N>,
		{ caller = NODE, requestId }: From = {},
	): Promise<CommandAnswer> {
		return new Promise((resolve) => {
			this.actors.command(KEY, { caller, name, args, requestId }, resolve);
		});
	}

	/** Listens as a node does. */
	async listen(hear: (type: string, data: unknown) => void): Promise<void> {
		const subscriber: Subscriber = {
			committed: ({ told }) => {
				for (const { event } of told) hear(event[0], event[1]);
			},
			ephemeral: () => {},
			closed: () => {},
		};
		await new Promise<void>((resolve, reject) => {
			this.actors.open(KEY, { caller: NODE, args: {}, subscriber }, (answer) => {
				if (answer.ok) resolve();
				else reject(new Error(`opening: ${answer.code} ${answer.message ?? ''}`));
			});
		});
	}

	/** Where users stand, in order. */
	async standing(users: readonly string[]): Promise<readonly TicketMe[]> {
		return (await this.ask('look', { users: [...users] })).me;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.actors.close();
		await this.#sqlite.close();
		this.#remove();
	}
}
