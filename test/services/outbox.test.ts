import { afterEach, expect, onTestFinished, test } from 'vitest';
import type { Naru } from '../../client-sdk/src/index.ts';
import { startPaymentSimulator } from '../../src/simulators/payment/server.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { until } from '../support/world.ts';
import { ClusterNodes, type Ways } from './cluster-nodes.ts';
import { eventsOf } from './event-stream.ts';

const EVENT = 'concert';

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

/** Nodes with a sale, whose ways to the servers can be cut; all know that it has begun. */
async function sellers(count: number): Promise<ClusterNodes> {
	const simulator = await startPaymentSimulator({ port: 0, host: '127.0.0.1' });
	onTestFinished(() => simulator.close());
	const env = { PAYMENT_URL: simulator.url };
	const nodes = await ClusterNodes.start(count, { env, isProxied: true });
	cluster = nodes;
	const seats = [1, 2, 3, 4].map((n) => ({ id: `A-${n}`, grade: 'R', price: 1_000 }));
	await nodes.tickets(nodes.nodes[0] as NaruProcess, '', {
		...{ id: EVENT, title: 'Concert', opensAt: Date.now(), currency: 'KRW', seats },
		admission: { mode: 'desk', maxActive: 10 },
	});
	await toldTypes(nodes, 1);
	return nodes;
}

async function buy(naru: Naru, seat: string): Promise<string> {
	const event = naru.ticketEvent(EVENT);
	if (event.me?.phase !== 'inside') await event.enter();
	await event.admitted();
	await event.hold({ seats: [seat] });
	const { id } = await event.checkout();
	await event.pay(id, { methodToken: 'tok-card' });
	await until(() => event.me?.order?.status === 'paid');
	return id;
}

/** What other services were told, as soon as it is so much: by type, and which order. */
async function toldTypes(nodes: ClusterNodes, count: number) {
	let told = await eventsOf(nodes.environment);
	await until(async () => {
		told = await eventsOf(nodes.environment);
		return told.length >= count;
	});
	return told.map(({ type, data }) => [type, data.orderId]);
}

const OPENED = ['ticketEvent.opened', undefined];

test('[A10] [A11] [P30] NATS is away: the purchase is paid; the node dies; the next one tells of it once', async () => {
	const nodes = await sellers(1);
	const ann = nodes.client('ann');
	await ann.ticketEvent(EVENT).enter();
	const { nats } = nodes.ways[0] as Ways;
	nats.cut();
	const order = await buy(ann, 'A-1');
	await nodes.nodes[0]?.kill();
	expect(await eventsOf(nodes.environment)).toHaveLength(1);
	nats.restore();
	await nodes.replace(0);
	expect(await toldTypes(nodes, 2)).toEqual([OPENED, ['ticket.purchased', order]]);
});

test('[A10] [P30] NATS comes back: all that waited leaves, once and in order', async () => {
	const nodes = await sellers(1);
	const [ann, bob] = [nodes.client('ann'), nodes.client('bob')];
	for (const naru of [ann, bob]) await naru.ticketEvent(EVENT).enter();
	const { nats } = nodes.ways[0] as Ways;
	nats.cut();
	const orders = [await buy(ann, 'A-1'), await buy(bob, 'A-2')];
	nats.restore();
	const bought = orders.map((order) => ['ticket.purchased', order]);
	expect(await toldTypes(nodes, 3)).toEqual([OPENED, ...bought]);
});

test('[P13] [P30] the owner dies before it could tell: another node tells, in order, though nobody asks', async () => {
	const nodes = await sellers(2);
	const owner = await nodes.ownerOf(EVENT, 0, 'ticket-event');
	const other = 1 - owner;
	const ann = nodes.client('ann', nodes.nodes[owner] as NaruProcess);
	await ann.ticketEvent(EVENT).enter();
	// The owner goes on without NATS; its lease is in Redis.
	nodes.ways[owner]?.nats.cut();
	const first = await buy(ann, 'A-1');
	await ann.close();
	await nodes.nodes[owner]?.kill();
	expect(await toldTypes(nodes, 2)).toEqual([OPENED, ['ticket.purchased', first]]);
	const second = await buy(nodes.client('bob', nodes.nodes[other] as NaruProcess), 'A-2');
	expect(await toldTypes(nodes, 3)).toEqual([
		OPENED,
		['ticket.purchased', first],
		['ticket.purchased', second],
	]);
});
