import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ticketEventKind } from '../../../actors/ticket-event/ticket-event-kind.ts';
import { nodeRuntime } from '../../../src/adapters/node/node-runtime.ts';
import { openSqlite } from '../../../src/adapters/sqlite/open-sqlite.ts';
import type { ActorKind, Caller } from '../../../src/core/actor-kind.ts';
import type { CommandAnswer, Subscriber } from '../../../src/core/actor-port.ts';
import { ActorSystem, type ActorSystemOptions } from '../../../src/core/actor-system.ts';
import { OUTBOX } from '../../../src/core/outbox-rows.ts';
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

type Storage = Pick<ActorSystemOptions, 'journal' | 'store' | 'shards'> & {
	close(): Promise<void>;
};

/** A directory or the URL of a MongoDB, which stay; or a temporary directory. */
async function openStorage(place: string | undefined): Promise<Storage> {
	const collections = [...kind.collections, REQUESTS, OUTBOX];
	if (place?.startsWith('mongodb:')) {
		// Its driver would be a third of the memory that is measured without it.
		const { openMongoShards } = await import('../../../src/adapters/mongo/open-mongo-shards.ts');
		const environment = 'bench';
		return openMongoShards({ urls: [place], environment, collections, runtime: nodeRuntime });
	}
	const directory = place ?? mkdtempSync(join(tmpdir(), 'naru-bench-'));
	const sqlite = await openSqlite({ directory, collections });
	return {
		...sqlite,
		async close() {
			await sqlite.close();
			if (place === undefined) rmSync(directory, { recursive: true, force: true });
		},
	};
}

/** One event in the production host, without sockets. */
export class Sale implements AsyncDisposable {
	readonly actors: ActorSystem;
	readonly #storage: Storage;

	private constructor(storage: Storage) {
		this.#storage = storage;
		this.actors = new ActorSystem({ ...storage, kinds: [kind], runtime: nodeRuntime });
	}

	/** Opens what is in a place, which stays; or a temporary one. */
	static async open(place?: string): Promise<Sale> {
		return new Sale(await openStorage(place));
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
		await this.#storage.close();
	}
}
