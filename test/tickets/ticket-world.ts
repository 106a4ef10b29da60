import type { z } from 'zod';
import type { PaymentCall, PaymentResult } from '../../actors/ticket-event/payment-port.ts';
import { ticketEventKind } from '../../actors/ticket-event/ticket-event-kind.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { ActorPort, CommandAnswer, Subscriber } from '../../src/core/actor-port.ts';
import { SILENT } from '../../src/core/log.ts';
import type { ServiceRequest, ServiceView } from '../../src/gateway/ports.ts';
import type {
	TicketEventInfo,
	TicketMe,
	TicketTick,
	ticketEventSchema,
} from '../../src/protocol/ticket-event.ts';
import type { WireEvent } from '../../src/protocol/wire.ts';
import { openTickets, type Tickets } from '../../src/tickets/open-tickets.ts';
import type { Tier } from '../../src/tickets/ticket-tiers.ts';
import { CoreBench } from '../support/core-bench.ts';
import { openService } from '../support/open-service.ts';
import { paymentPort } from '../support/payment-port.ts';

export const EVENT = 'concert';
const OPERATOR = { userId: 'root', roles: ['ops'] };

const KINDS = [ticketEventKind as unknown as ActorKind];

/** A provider that always pays. */
const PAYS = ({ op }: PaymentCall): PaymentResult =>
	op === 'status' ? { outcome: 'done', state: 'notFound' } : { outcome: 'done' };
/** A node with it, on the data of an earlier one if there is one. */
function newBench(before?: CoreBench): CoreBench {
	const intents = paymentPort(
		() => bench.journal,
		async (call) => PAYS(call),
	);
	const options = { kinds: KINDS, intents };
	const bench: CoreBench = before?.restart(options) ?? new CoreBench(options);
	return bench;
}

type Draft = Partial<z.input<typeof ticketEventSchema>>;

/** A number without labels, as the metrics read it. */
export const measured = (series: Tickets['series'], name: string): number =>
	Number([...(series.find((one) => one.name === name)?.read() ?? [])][0]?.at(-1));

/** A seat map of one price. */
export const seatsOf = (count: number) =>
	Array.from({ length: count }, (_, at) => ({ id: `s${at + 1}`, grade: 'A', price: 1_000 }));

/** Forwards to the actors of the present node, so that a test may end it. */
class Way implements ActorPort {
	bench: CoreBench;
	/** Commands by their names, with how many users they named. */
	readonly sent: (readonly [name: string, users: number])[] = [];
	/** Answers a command itself when it returns something. */
	intercept: (name: string) => CommandAnswer | undefined = () => undefined;

	constructor(bench: CoreBench) {
		this.bench = bench;
	}

	readonly #ears = new Set<Subscriber>();

	open: ActorPort['open'] = (key, request, answer) => {
		this.#ears.add(request.subscriber);
		this.bench.system.open(key, request, answer);
	};
	reopen: ActorPort['reopen'] = (...args) => this.bench.system.reopen(...args);
	ephemeral: ActorPort['ephemeral'] = (...args) => this.bench.system.ephemeral(...args);
	closeOpening: ActorPort['closeOpening'] = (...args) => this.bench.system.closeOpening(...args);
	unsubscribe: ActorPort['unsubscribe'] = (key, subscriber) => {
		this.#ears.delete(subscriber);
		this.bench.system.unsubscribe(key, subscriber);
	};
	/** The owner is gone: whoever listened is told so, as by a link that is down. */
	lose(): void {
		const ears = [...this.#ears];
		this.#ears.clear();
		for (const ear of ears) ear.closed();
	}

	/** How many listen. */
	get listening(): number {
		return this.#ears.size;
	}

	peek: ActorPort['peek'] = (...args) => this.bench.system.peek(...args);
	command: ActorPort['command'] = (key, request, answer) => {
		const { users } = request.args as { users?: readonly string[] };
		this.sent.push([request.name, users?.length ?? 1]);
		const own = this.intercept(request.name);
		if (own === undefined) this.bench.system.command(key, request, answer);
		else setImmediate(() => answer(own));
	};
}

/** One page of a buyer, as the gateway serves it. */
export class Page {
	readonly told: WireEvent[] = [];
	readonly view: Promise<ServiceView>;
	isSlow = false;
	readonly #world: TicketWorld;
	readonly #session: ReturnType<typeof openService>;

	constructor(world: TicketWorld, userId: string, { id = EVENT, at = world.tickets } = {}) {
		this.#world = world;
		const [service] = at.services;
		if (service === undefined) throw new Error('no lobby');
		const connection = { id: `c-${userId}`, deviceId: 'd', identity: { userId, roles: ['user'] } };
		const tell = (event: WireEvent) => {
			if (!this.isSlow) this.told.push(event);
			return !this.isSlow;
		};
		this.#session = openService(service, connection, { tell, id });
		const view = this.#session.view ?? Promise.reject(new Error('no view'));
		// As the gateway does it: a handle that is refused is closed.
		this.view = view.then((opened) => {
			if (!opened.ok) this.close();
			return opened;
		});
	}

	async opened(): Promise<{ info: TicketEventInfo; tick: TicketTick; me: TicketMe }> {
		const view = await this.#world.settled(this.view);
		if (!view.ok) throw new Error(view.code);
		return view.view as { info: TicketEventInfo; tick: TicketTick; me: TicketMe };
	}

	run(name: string, args: object = {}, request?: Partial<ServiceRequest>): Promise<CommandAnswer> {
		return this.#world.settled(this.#session.command(name, args, request));
	}

	/** The same, for whoever lets time pass: the answer is there the moment it leaves. */
	send(name: string, args: object): Promise<CommandAnswer> {
		return this.#session.command(name, args);
	}

	/** The reply, or the code of the refusal. */
	async ask(name: string, args: object = {}): Promise<unknown> {
		const answer = await this.run(name, args);
		return answer.ok ? answer.reply : answer.code;
	}

	/** What was told of a kind, oldest first. */
	of<T>(type: string): T[] {
		return this.told.filter(([name]) => name === type).map(([, data]) => data as T);
	}

	/** The standing that was told last. */
	get me(): TicketMe | undefined {
		return this.of<TicketMe>('me').at(-1);
	}

	catchUp(): void {
		this.isSlow = false;
		this.#session.caughtUp?.();
	}

	close(): void {
		this.#session.close();
	}
}

/** A sale with the real actor, and the edge of one node, in virtual time. */
export class TicketWorld {
	readonly way: Way;
	readonly tickets: Tickets;
	readonly tiers: readonly Tier[] | undefined;

	constructor(options: { readonly tiers?: readonly Tier[] } = {}) {
		this.tiers = options.tiers;
		this.way = new Way(newBench());
		this.tickets = this.edge('node-1');
	}

	static async with(draft: Draft = {}, options?: { readonly tiers?: readonly Tier[] }) {
		const world = new TicketWorld(options);
		await world.create(draft);
		return world;
	}

	get runtime() {
		return this.way.bench.runtime;
	}

	edge(node: string): Tickets {
		const { store, system } = this.way.bench;
		return openTickets({
			actors: this.way,
			store,
			feed: system.projector,
			runtime: this.runtime,
			log: SILENT,
			node,
			...(this.tiers === undefined ? {} : { tiers: this.tiers }),
		});
	}

	/** Opens in a second unless said otherwise. */
	async create(draft: Draft = {}, id = EVENT): Promise<void> {
		const stock = draft.seats === undefined ? { stock: { total: 1_000, price: 1_000 } } : {};
		const args = {
			title: 'Concert',
			opensAt: this.runtime.now() + 1_000,
			currency: 'KRW',
			secret: 'x'.repeat(32),
			...stock,
			...draft,
		};
		const answer = await this.ops('create', args, id);
		if (!answer.ok) throw new Error(answer.code);
	}

	ops(name: string, args: object = {}, id = EVENT): Promise<CommandAnswer> {
		const { contract } = ticketEventKind;
		const checked = contract.commands[name]?.args.parse(args);
		return this.way.bench.send(`ticket-event/${id}`, [name, checked], { caller: OPERATOR });
	}

	/** `at`: another node than the first. */
	page(userId: string, where: { readonly id?: string; readonly at?: Tickets } = {}): Page {
		return new Page(this, userId, where);
	}

	/** Opens a page and waits for its view. */
	async enterPage(userId: string): Promise<Page> {
		const page = this.page(userId);
		await page.opened();
		return page;
	}

	/** The outcome, with the virtual and the real time that it takes. */
	async settled<T>(promise: Promise<T>): Promise<T> {
		let isDone = false;
		const done = () => {
			isDone = true;
		};
		promise.then(done, done);
		await this.until(() => isDone);
		return promise;
	}

	/** Virtual time goes on until it holds; signatures take a moment of real time. */
	async until(check: () => boolean): Promise<void> {
		for (let round = 1; round <= 10_000; round++) {
			if (check()) return;
			await this.runtime.advance(5);
			// On a loaded machine that moment may be long.
			if (round % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
		}
		throw new Error('it did not come to that');
	}

	/** Lets time pass, and what is signed be told. */
	async pass(ms: number): Promise<void> {
		await this.runtime.advance(ms);
		for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
	}

	/** Ends the node that owns the event as by `kill -9`; another takes over. */
	async loseOwner(): Promise<void> {
		this.way.bench = newBench(this.way.bench);
		this.way.lose();
		await this.runtime.advance(0);
	}
}
