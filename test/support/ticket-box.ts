import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Naru } from '../../client-sdk/src/index.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import type { Order, TicketMe, TicketReport } from '../../src/protocol/ticket-event.ts';
import type { LedgerRow } from '../../src/simulators/payment/payment-ledger.ts';
import { startPaymentSimulator } from '../../src/simulators/payment/server.ts';
import type { FrameClient } from './frame-client.ts';
import { devToken, rest, until, type World } from './world.ts';

const EVENTS = '/api/v1/ticket-events';

/** The reply, or the code of the refusal. */
export type Said<T> = T | ErrorCode;

/** Seats `A-1`, `A-2` … of one price. */
export const seatsOf = (count: number, price = 1_000) =>
	Array.from({ length: count }, (_, at) => ({ id: `A-${at + 1}`, grade: 'R', price }));

/** Speaks the bare protocol to one handle: whatever a hostile client may send. */
export class RawHandle {
	readonly client: FrameClient;
	readonly #handle: number;
	/** Ids of requests are for ever: another handle of the same user has others. */
	readonly #name = randomUUID();
	#count = 0;

	constructor(client: FrameClient, handle = 1) {
		this.client = client;
		this.#handle = handle;
	}

	async ask<T = unknown>(
		name: string,
		args: object = {},
		requestId = `${this.#name}-${this.#count + 1}`,
	): Promise<Said<T>> {
		const [, reply, refusal] = await this.client.command(
			this.#handle,
			++this.#count,
			name,
			args,
			requestId,
		);
		return refusal === undefined ? (reply as T) : refusal.code;
	}

	/** Sends without waiting for a reply. */
	post(name: string, args: object = {}): void {
		void this.ask(name, args);
	}
}

/** A buyer without the SDK's comfort. */
export class RawBuyer extends RawHandle {
	me: TicketMe | undefined;
	/** The proof of admission. */
	admission = '';

	async enter(): Promise<TicketMe> {
		this.me = (await this.ask<TicketMe>('enter')) as TicketMe;
		return this.me;
	}

	/** Waits for one of the phases, by looking. */
	async reach(...phases: readonly string[]): Promise<TicketMe> {
		await until(async () => {
			const me = await this.ask<TicketMe>('place');
			if (typeof me !== 'string') this.me = me;
			return phases.includes(this.me?.phase ?? '');
		});
		this.admission = this.me?.admission ?? this.admission;
		return this.me as TicketMe;
	}

	async inside(): Promise<this> {
		await this.enter();
		await this.reach('inside');
		return this;
	}

	hold(what: object): Promise<Said<TicketMe>> {
		return this.ask('hold', { admission: this.admission, ...what });
	}

	checkout(): Promise<Said<Order>> {
		return this.ask('checkout', { admission: this.admission });
	}

	pay(orderId: string, methodToken = 'tok-card'): Promise<Said<Order>> {
		return this.ask('pay', { orderId, methodToken });
	}

	/** From the inside to tickets. */
	async buy(what: object): Promise<Order> {
		expect(await this.hold(what)).toMatchObject({ phase: 'inside' });
		const order = (await this.checkout()) as Order;
		await this.pay(order.id);
		return (await this.reach('done')).order as Order;
	}
}

/** A server that sells tickets, with a payment simulator beside it, and one event. */
export class TicketBox {
	readonly url: string;
	readonly payment: string;
	readonly event: string;
	readonly #world: World;
	readonly #token: string;

	private constructor(
		world: World,
		options: { url: string; payment: string; event: string; token: string },
	) {
		this.#world = world;
		this.url = options.url;
		this.payment = options.payment;
		this.event = options.event;
		this.#token = options.token;
	}

	/** On a server of its own, on the data in the directory if there are any. */
	static async open(
		world: World,
		draft: object | undefined,
		directory = world.directory(),
	): Promise<TicketBox & { stop(): Promise<unknown> }> {
		const simulator = await startPaymentSimulator({ port: 0, host: '127.0.0.1' });
		world.later(() => simulator.close());
		const env = { PAYMENT_URL: simulator.url, SIMULATORS: 'off' };
		const server = await world.server({ directory, env });
		const place = { url: server.url, payment: simulator.url, event: 'concert' };
		const box = await TicketBox.at(world, place, draft);
		return Object.assign(box, { stop: () => server.close() });
	}

	/** On a server that runs already. */
	static async at(
		world: World,
		place: { url: string; payment: string; event: string },
		draft?: object,
	): Promise<TicketBox> {
		const token = await devToken(place.url, { userId: 'root', roles: ['ops'] });
		const box = new TicketBox(world, { ...place, token });
		if (draft !== undefined) await box.create(draft);
		return box;
	}

	async create(draft: object, id = this.event): Promise<void> {
		const body = {
			...{ id, title: 'Concert', opensAt: Date.now(), currency: 'KRW' },
			admission: { mode: 'desk' },
			...draft,
		};
		expect((await rest(this.url, EVENTS, { token: this.#token, body })).status).toBe(200);
	}

	async ops<T>(path: string, body?: object): Promise<T> {
		const answer = await this.order(path, body);
		expect(answer.status).toBe(200);
		return answer.body as T;
	}

	/** The same, whatever is answered. */
	order(path: string, body?: object) {
		return rest(this.url, `${EVENTS}/${this.event}/${path}`, {
			token: this.#token,
			...(body && { body }),
		});
	}

	report(): Promise<TicketReport> {
		return this.ops('report');
	}

	/** What the providers have, in all. */
	async ledger(): Promise<readonly LedgerRow[]> {
		return (await (await fetch(`${this.payment}/ledger`)).json()) as LedgerRow[];
	}

	/** Whatever is tried, the sale and what the providers have stay as they are. */
	async unchanged(attempt: () => Promise<void>): Promise<void> {
		const figures = async () => {
			const { waitP50Ms: _, waitP99Ms: __, ratePerMinute: ___, ...lasting } = await this.report();
			return { report: lasting, ledger: await this.ledger() };
		};
		const before = await figures();
		await attempt();
		expect(await figures()).toEqual(before);
	}

	/** How the providers behave from now on. */
	async behave(changes: object): Promise<void> {
		const answer = await fetch(`${this.payment}/control`, {
			method: 'POST',
			body: JSON.stringify(changes),
		});
		expect(answer.status).toBe(200);
	}

	async buyer(userId: string, event = this.event): Promise<RawBuyer> {
		const client = await this.#world.frames(this.url, userId);
		await client.open(1, { kind: 'ticket-lobby', id: event, args: {} });
		return new RawBuyer(client);
	}

	/** A buyer with the SDK. */
	shopper(userId: string): Naru {
		return this.#world.device(this.url, userId).naru;
	}

	/** The event itself, as operators and services reach it. */
	async backdoor(): Promise<RawHandle> {
		const client = await this.#world.frames(this.url, { userId: 'shop', roles: ['ops'] });
		await client.open(1, { kind: 'ticket-event', id: this.event, args: {} });
		return new RawHandle(client);
	}
}
