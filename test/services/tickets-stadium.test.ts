import { BSON, MongoClient } from 'mongodb';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import type { TicketReport } from '../../src/protocol/ticket-event.ts';
import { startPaymentSimulator } from '../../src/simulators/payment/server.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { until } from '../support/world.ts';
import { ClusterNodes } from './cluster-nodes.ts';

const EVENT = 'stadium';
const SEATS = 200_000;
const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;
const ID_LENGTH = 40;

const idOf = (at: number) => {
	const place = `${Math.floor(at / 500)}_row-${Math.floor(at / 20) % 25}_seat-${at % 20}`;
	return `north-stand_block-${place}`.padEnd(ID_LENGTH, '-');
};
const seats = Array.from({ length: SEATS }, (_, at) => ({
	id: idOf(at),
	grade: 'R',
	price: 1_000,
}));

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

/** The largest document of each collection, in bytes, and how many there are. */
async function documents(nodes: ClusterNodes) {
	const client = new MongoClient(nodes.mongoUrl);
	const db = client.db();
	const found = new Map<string, { count: number; largest: number }>();
	for (const { name } of await db.listCollections().toArray()) {
		let count = 0;
		let largest = 0;
		for await (const document of db.collection(name).find()) {
			count++;
			largest = Math.max(largest, BSON.calculateObjectSize(document));
		}
		found.set(name, { count, largest });
	}
	await client.close();
	return found;
}

test('[T1] [T7] [T14] 200,000 seats with long ids: made, sold, kept and taken over within a store’s documents', async () => {
	const simulator = await startPaymentSimulator({ port: 0, host: '127.0.0.1' });
	onTestFinished(() => simulator.close());
	const nodes = await ClusterNodes.start(2, { env: { PAYMENT_URL: simulator.url } });
	cluster = nodes;
	const [first, second] = nodes.nodes as [NaruProcess, NaruProcess];
	const report = (at: NaruProcess) => nodes.tickets<TicketReport>(at, `/${EVENT}/report`);
	const made = await nodes.tickets(first, '', {
		...{ id: EVENT, title: 'Stadium', opensAt: Date.now(), currency: 'KRW', seats },
		admission: { mode: 'desk' },
	});
	expect(made).toMatchObject({ capacity: SEATS, free: SEATS });

	const ann = nodes.client('ann', first, second).ticketEvent(EVENT);
	const bob = nodes.client('bob', second, first).ticketEvent(EVENT);
	const stateOf = (event: typeof ann, at: number) => event.seats[at]?.state;
	for (const event of [ann, bob]) {
		event.on('seats', () => {});
		await event.enter();
		await event.admitted();
		await until(() => event.seats.length === SEATS);
		expect(event.seats[SEATS - 1]).toEqual({ ...seats[SEATS - 1], state: 'free' });
	}
	await ann.hold({ seats: [idOf(0), idOf(SEATS - 1)] });
	await expect(bob.hold({ seats: [idOf(SEATS - 1)] })).rejects.toMatchObject({
		code: 'SEAT_TAKEN',
	});
	await until(() => stateOf(bob, 0) === 'held' && stateOf(bob, SEATS - 1) === 'held');
	await bob.hold({ seats: [idOf(100_000)] });
	const order = await bob.checkout();
	await bob.pay(order.id, { methodToken: 'tok' });
	await until(() => bob.me?.phase === 'done' && stateOf(ann, 100_000) === 'sold');

	// The state is worth a snapshot as soon as the event is made.
	await until(async () => ((await documents(nodes)).get('snapshots')?.count ?? 0) > 0);
	const stored = await documents(nodes);
	expect(stored.get('snapshotParts')?.count).toBeGreaterThan(5);
	for (const [name, { largest }] of stored) {
		expect(largest, name).toBeLessThan(DOCUMENT_BYTES_MAX);
	}
	const before = await report(first);
	expect(before).toMatchObject({ capacity: SEATS, held: 2, sold: 1, captured: 1_000 });

	// All end as by `kill -9`; one comes back.
	await first.kill();
	await second.kill();
	const again = await nodes.replace(0);
	expect(await report(again)).toMatchObject({ capacity: SEATS, held: 2, sold: 1, inside: 1 });
	await until(() => ann.me?.phase === 'inside' && stateOf(ann, 100_000) === 'sold');
	await ann.hold({ seats: [idOf(1)] });
	expect(ann.me?.held.seats.toSorted()).toEqual([idOf(0), idOf(1), idOf(SEATS - 1)].sort());
	await until(() => stateOf(ann, 1) === 'held');
	expect(await report(again)).toMatchObject({ free: SEATS - 4, held: 3, sold: 1 });
}, 120_000);
