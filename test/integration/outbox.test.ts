import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { openReader } from '../../src/adapters/sqlite/database.ts';
import { EventReads } from '../../src/adapters/sqlite/event-tables.ts';
import {
	DOMAIN_EVENTS,
	type DomainEvent,
	domainEventSchema,
} from '../../src/protocol/domain-events.ts';
import { SimulatedPayments } from '../bench/tickets/simulated-payments.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { seatsOf, TicketBox } from '../support/ticket-box.ts';
import { devToken, rest, until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

/** A server in a process of its own, whose queue of events a test may lock and read. */
class Shop {
	readonly directory = world.directory();
	readonly #payments: SimulatedPayments;
	process: NaruProcess | undefined;

	private constructor(payments: SimulatedPayments) {
		this.#payments = payments;
		world.later(() => payments[Symbol.dispose]());
	}

	static async open(): Promise<Shop> {
		const shop = new Shop(await SimulatedPayments.start());
		await shop.start();
		return shop;
	}

	async start(): Promise<void> {
		this.process = await world.process({
			directory: this.directory,
			port: this.process?.port ?? 0,
			env: { PAYMENT_URL: this.#payments.url },
		});
	}

	box(draft?: object): Promise<TicketBox> {
		const { url } = this.process as NaruProcess;
		return TicketBox.at(world, { url, payment: this.#payments.url, event: 'concert' }, draft);
	}

	/** Nothing can be written to the queue until the answer is called. */
	lock(): () => void {
		const db = new DatabaseSync(join(this.directory, 'events.db'), { timeout: 10_000 });
		db.exec('begin immediate');
		return () => {
			db.exec('rollback');
			db.close();
		};
	}

	/** What another service would read. */
	told(): DomainEvent[] {
		const db = openReader(join(this.directory, 'events.db'));
		try {
			const rows = new EventReads(db).behind({ seq: 0, limit: 1_000 });
			return rows.map(([, body]) => domainEventSchema.parse(JSON.parse(body)));
		} finally {
			db.close();
		}
	}

	async figure(name: string): Promise<number> {
		const { url } = this.process as NaruProcess;
		const text = await (await fetch(`${url}/metrics`)).text();
		return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
	}
}

const typesOf = (events: readonly DomainEvent[]) => events.map(({ type }) => type);
const DRAFT = { seats: seatsOf(2), maxPerUser: 2 };

test('[P30] a sale tells other services what became of it, in its contract and without secrets', async () => {
	const shop = await Shop.open();
	const box = await shop.box(DRAFT);
	const ann = await (await box.buyer('ann')).inside();
	const order = await ann.buy({ seats: ['A-1', 'A-2'] });
	const { orders } = box.shopper('ann');
	await orders.refund(order.id, { seats: ['A-2'] });
	await until(() => shop.told().length === 5);
	await box.ops('close', {});
	await until(() => shop.told().length === 6);
	const told = shop.told();
	expect(typesOf(told)).toEqual([
		'ticketEvent.opened',
		'ticket.purchased',
		'ticketEvent.soldOut',
		'ticket.refunded',
		'ticketEvent.reopened',
		'ticketEvent.closed',
	]);
	const [opened, purchased] = told;
	expect(opened?.data).toMatchObject({ eventId: 'concert', state: 'open', capacity: 2, free: 2 });
	expect(purchased).toMatchObject({
		actor: 'ticket-event/concert',
		data: {
			...{ eventId: 'concert', orderId: order.id, userId: 'ann', amount: 2_000, currency: 'KRW' },
			tickets: [
				{ id: '1', seatId: 'A-1' },
				{ id: '2', seatId: 'A-2' },
			],
		},
	});
	for (const { type, version, data } of told) {
		expect(DOMAIN_EVENTS[type]?.[version]?.parse(data)).toEqual(data);
	}
	expect(JSON.stringify(told)).not.toMatch(/secret|admission|tok-card/);
	const read = (query: string, token: string) =>
		rest(box.url, `/api/v1/events?${query}`, { token });
	const service = await devToken(box.url, { userId: 'books', roles: ['service'] });
	const first = await read('limit=4', service);
	const { events } = first.body as { events: { seq: number; event: DomainEvent }[] };
	const second = await read(`after=${events.at(-1)?.seq}`, service);
	const more = (second.body as { events: typeof events }).events;
	expect([...events, ...more].map(({ event }) => event)).toEqual(told);
	const user = await devToken(box.url, { userId: 'ann', roles: ['user'] });
	expect((await read('', user)).status).toBe(403);
});

test('[A10] [P30] data platform down: purchase still paid; the row waits; delivered once up again, as it was', async () => {
	const shop = await Shop.open();
	const box = await shop.box(DRAFT);
	await until(() => shop.told().length === 1);
	const ann = await (await box.buyer('ann')).inside();
	const unlock = shop.lock();
	const order = await ann.buy({ seats: ['A-1', 'A-2'] });
	expect(order.status).toBe('paid');
	// It changes twice before anybody is told.
	const { orders } = box.shopper('ann');
	await orders.refund(order.id, { seats: ['A-2'] });
	await until(async () => (await box.report()).refunded === 1_000);
	await orders.refund(order.id);
	await until(async () => (await box.report()).refunded === 2_000);
	expect(typesOf(shop.told())).toEqual(['ticketEvent.opened']);
	await until(async () => (await shop.figure('naru_domain_event_failures_total')) > 0);
	expect(await shop.figure('naru_outbox_actors')).toBe(1);
	expect(await shop.figure('naru_outbox_oldest_seconds')).toBeGreaterThan(0);
	unlock();
	await until(() => shop.told().length === 6);
	await until(async () => (await shop.figure('naru_outbox_oldest_seconds')) === 0);
	const told = shop.told().slice(1);
	expect(told.map(({ id }) => id)).toEqual([...new Set(told.map(({ id }) => id))]);
	const ofOrder = told.filter(({ type }) => type.startsWith('ticket.'));
	expect(ofOrder).toMatchObject([
		{ type: 'ticket.purchased', data: { amount: 2_000, tickets: [{ id: '1' }, { id: '2' }] } },
		{ type: 'ticket.refunded', data: { quantity: 1, refunded: 1_000, tickets: [{ id: '2' }] } },
		{ type: 'ticket.refunded', data: { quantity: 0, refunded: 2_000, tickets: [{ id: '1' }] } },
	]);
});

test('[A11] [P30] process killed between domain write and publish: the event still goes out after restart', async () => {
	const shop = await Shop.open();
	const box = await shop.box(DRAFT);
	await until(() => shop.told().length === 1);
	const ann = await (await box.buyer('ann')).inside();
	const unlock = shop.lock();
	const order = await ann.buy({ seats: ['A-1'] });
	await shop.process?.kill();
	expect(typesOf(shop.told())).toEqual(['ticketEvent.opened']);
	unlock();
	await shop.start();
	// Nobody comes back to the event.
	await until(() => shop.told().length === 2);
	expect(shop.told()[1]).toMatchObject({ type: 'ticket.purchased', data: { orderId: order.id } });
});

test('[P30] [P13] when the read side is lost, what was told is not told again', async () => {
	const shop = await Shop.open();
	const box = await shop.box(DRAFT);
	await (await (await box.buyer('ann')).inside()).buy({ seats: ['A-1', 'A-2'] });
	await until(() => shop.told().length === 3);
	const before = shop.told();
	await shop.process?.kill();
	for (const name of readdirSync(shop.directory)) {
		if (name.startsWith('views.db')) rmSync(join(shop.directory, name));
	}
	await shop.start();
	const again = await shop.box();
	await again.ops('settings', { title: 'Concert II' });
	await again.ops('close', {});
	await until(() => shop.told().length === 4);
	expect(shop.told().slice(0, 3)).toEqual(before);
	expect(typesOf(shop.told())[3]).toBe('ticketEvent.closed');
	expect((await rest(again.url, '/readyz')).status).toBe(200);
});
