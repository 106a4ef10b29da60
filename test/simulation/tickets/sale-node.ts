import type { ActorPort, CommandAnswer } from '../../../src/core/actor-port.ts';
import { ActorSystem } from '../../../src/core/actor-system.ts';
import type { EventFeed } from '../../../src/core/event-feed.ts';
import type { Journal, JournalWrite, Outcome } from '../../../src/core/journal.ts';
import { SILENT } from '../../../src/core/log.ts';
import type { ActorKey } from '../../../src/protocol/ids.ts';
import type { TicketMe } from '../../../src/protocol/ticket-event.ts';
import type { WireEvent } from '../../../src/protocol/wire.ts';
import { openTickets, type Tickets } from '../../../src/tickets/open-tickets.ts';
import { hooked } from '../../support/hooked.ts';
import { openService } from '../../support/open-service.ts';
import { paymentPort } from '../../support/payment-port.ts';
import type { VirtualRuntime } from '../../support/virtual-runtime.ts';
import { type Faults, FaultyWay } from '../faults.ts';
import type { SimulatedDisk } from '../simulated-disk.ts';
import { SimulatedNode } from '../simulated-node.ts';
import { Way } from '../way.ts';
import type { SaleProviders } from './sale-providers.ts';
import { type Place, SaleRoute } from './sale-route.ts';
import type { SaleSabotage } from './sale-sabotages.ts';

export interface SaleGround {
	readonly clock: VirtualRuntime;
	readonly disk: Pick<SimulatedDisk, 'journal' | 'store'>;
	/** Where domain events leave. */
	readonly feed: EventFeed;
	/** Each batch that reaches the journal from a node; `run` takes it in. */
	readonly append: (
		node: SaleNode,
		writes: readonly JournalWrite[],
		run: () => Promise<readonly Outcome[]>,
	) => Promise<readonly Outcome[]>;
	readonly providers: SaleProviders;
	readonly sabotage: SaleSabotage;
	readonly faults: () => Faults;
	/** Where the event lives now, as that node believes. */
	readonly ownerFor: (node: SaleNode) => Place | undefined;
}

/** One node: the actors of production, and the waiting rooms of production for the users that it holds. */
export class SaleNode implements Place {
	readonly process: SimulatedNode;
	readonly system: ActorSystem;
	readonly route: SaleRoute;
	readonly handles = new Set<SaleHandle>();
	readonly clock: VirtualRuntime;
	readonly #tickets: Tickets;

	constructor(name: string, ground: SaleGround) {
		const { clock, disk, providers, sabotage } = ground;
		this.clock = clock;
		this.process = new SimulatedNode(name, clock);
		const way = new FaultyWay(clock, this.process, ground.faults);
		const watched = hooked<Journal>(disk.journal, {
			append: (run, writes) => ground.append(this, writes, run),
		});
		const inner = sabotage.disk?.(watched) ?? watched;
		const journal = way.journal(inner);
		const feed = way.feed(ground.feed);
		this.system = new ActorSystem({
			events: sabotage.feed?.(feed) ?? feed,
			kinds: [sabotage.kind],
			journal: sabotage.journal?.(journal) ?? journal,
			store: way.store(disk.store),
			runtime: this.process,
			intents: paymentPort(
				() => journal,
				(call) => providers.call(call, this.process),
			),
		});
		this.route = new SaleRoute(clock, this, () => ground.ownerFor(this));
		this.#tickets = openTickets({
			actors: this.route as unknown as ActorPort,
			store: disk.store,
			feed: this.system.projector,
			runtime: this.process,
			log: SILENT,
			node: name,
		});
	}

	get isDead(): boolean {
		return this.process.isDead;
	}

	/** A page of a user on this node. */
	connect(userId: string, key: ActorKey, told: (me: TicketMe) => void): SaleHandle {
		const [lobby] = this.#tickets.services;
		if (lobby === undefined) throw new Error('no lobby');
		return new SaleHandle(this, { userId, key, told, lobby });
	}

	/** As by `kill -9`. */
	kill(): void {
		this.process.kill();
		this.route.cut();
		for (const handle of [...this.handles]) handle.lost();
	}
}

interface HandleOptions {
	readonly userId: string;
	readonly key: ActorKey;
	readonly told: (me: TicketMe) => void;
	readonly lobby: Tickets['services'][number];
}

/** What a buyer has open: answers come until the node is lost, or the buyer goes. */
export class SaleHandle {
	readonly #node: SaleNode;
	readonly #options: HandleOptions;
	readonly #gone = Promise.withResolvers<undefined>();
	/** Resolves when it is lost or closed. */
	readonly gone = this.#gone.promise;
	readonly #way: Way;
	#session: ReturnType<typeof openService> | undefined;
	isGone = false;

	constructor(node: SaleNode, options: HandleOptions) {
		this.#node = node;
		this.#options = options;
		this.#way = new Way(node.clock, node.process);
		// The node notices some time later that its user is gone.
		this.#way.onCut(() => this.#session?.close());
		node.handles.add(this);
	}

	/** Where the user stands when the page is there; nothing when it is lost or refused. */
	open(): Promise<TicketMe | undefined> {
		const { userId, key, lobby, told } = this.#options;
		const connection = { id: `c-${userId}`, deviceId: 'd', identity: { userId, roles: ['user'] } };
		const tell = ([type, data]: WireEvent) => {
			if (type === 'me') this.#way.down(() => told(data as TicketMe));
			return true;
		};
		return this.#ask(async () => {
			const id = key.slice(key.indexOf('/') + 1);
			this.#session = openService(lobby, connection, { tell, id });
			const view = await this.#session.view;
			return view?.ok ? (view.view as { me: TicketMe }).me : undefined;
		});
	}

	/** Asks the waiting room. */
	lobby(name: string, args: object, request: Request): Promise<CommandAnswer | undefined> {
		return this.#ask(async () => this.#session?.command(name, args, request));
	}

	/** Asks the event behind it, as the room does once it has checked the proof of admission. */
	event(name: string, args: object, request: Request): Promise<CommandAnswer | undefined> {
		const { userId, key } = this.#options;
		const caller = { userId, roles: ['user'] };
		return this.#ask(
			() =>
				new Promise<CommandAnswer>((resolve) => {
					this.#node.route.command(key, { caller, name, args, ...request }, resolve);
				}),
		);
	}

	/** The user goes away. */
	close(): void {
		if (!this.isGone) this.lost();
	}

	/** The connection is no more. */
	lost(): void {
		this.isGone = true;
		this.#way.cut();
		this.#node.handles.delete(this);
		this.#gone.resolve(undefined);
	}

	#ask<T>(run: () => Promise<T | undefined>): Promise<T | undefined> {
		const came = new Promise<T | undefined>((resolve) => {
			this.#way.up(() => void run().then((answer) => this.#way.down(() => resolve(answer))));
		});
		return Promise.race([came, this.#gone.promise]);
	}
}

interface Request {
	readonly requestId: string | undefined;
	readonly resend: boolean;
}
