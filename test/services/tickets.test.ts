import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import type { Naru } from '../../client-sdk/src/index.ts';
import type { TicketReport } from '../../src/protocol/ticket-event.ts';
import { startPaymentSimulator } from '../../src/simulators/payment/server.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { until } from '../support/world.ts';
import { checkRecords, recordsOf, withJournal } from './chaos-judge.ts';
import { ClusterNodes } from './cluster-nodes.ts';

const EVENT = 'concert';
const PICK_SECONDS = 20;
/** A lease of 4 s, and what a loaded machine takes to see that it is over and to begin. */
const TAKEN_OVER_MS = 15_000;

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

const seats = Array.from({ length: 20 }, (_, at) => ({
	id: `A-${at + 1}`,
	grade: 'R',
	price: 1_000,
}));

/** Nodes that sell, with a payment simulator beside them. */
async function sellers(count: number): Promise<ClusterNodes> {
	const simulator = await startPaymentSimulator({ port: 0, host: '127.0.0.1' });
	onTestFinished(() => simulator.close());
	cluster = await ClusterNodes.start(count, { env: { PAYMENT_URL: simulator.url } });
	return cluster;
}

const codeOf = (promise: Promise<unknown>) =>
	promise.then(
		() => 'OK',
		({ code }: { code: string }) => code,
	);

test('[T2] [T7] [T14] [T15] the node that owns a sale is killed: nobody loses place, seats or order', async () => {
	const nodes = await sellers(3);
	const [first] = nodes.nodes as [NaruProcess];
	const reportOf = (at: NaruProcess) => nodes.tickets<TicketReport>(at, `/${EVENT}/report`);
	const made = {
		...{ id: EVENT, title: 'Concert', opensAt: Date.now(), currency: 'KRW', seats },
		admission: { mode: 'desk', maxActive: 2 },
	};
	await nodes.tickets(first, '', made);
	const owner = await nodes.ownerOf(EVENT, 0, 'ticket-event');
	const others = nodes.nodes.filter((_, at) => at !== owner);
	const survivor = others[0] as NaruProcess;
	// Everybody begins at the owner or beside it, and knows all nodes.
	const buyers = ['ann', 'bob', 'cy', 'dee'].map((userId, at) => {
		const list = [...nodes.nodes.slice(at % 3), ...nodes.nodes.slice(0, at % 3)];
		return nodes.client(userId, ...list);
	}) as [Naru, Naru, Naru, Naru];
	const [ann, bob, cy, dee] = buyers.map((naru) => naru.ticketEvent(EVENT));
	if (!ann || !bob || !cy || !dee) throw new Error('four buyers');
	for (const event of [ann, bob]) {
		await event.enter();
		await event.admitted();
	}
	await ann.hold({ seats: ['A-1', 'A-2'] });
	expect(await codeOf(bob.hold({ seats: ['A-2', 'A-3'] }))).toBe('SEAT_TAKEN');
	await bob.hold({ seats: ['A-4'] });
	expect(await cy.enter()).toMatchObject({ phase: 'waiting', place: 0 });
	expect(await dee.enter()).toMatchObject({ phase: 'waiting', place: 1 });
	const state = (id: string) => bob.seats.find((seat) => seat.id === id)?.state;
	await until(() => state('A-1') === 'held');
	const order = await bob.checkout();

	await nodes.nodes[owner]?.kill();
	await until(async () => {
		const report = await reportOf(survivor);
		return report.waiting === 2 && report.held === 2 && report.paying === 1;
	});
	await ann.hold({ seats: ['A-5'] });
	expect(ann.me?.held.seats).toEqual(['A-1', 'A-2', 'A-5']);
	await bob.pay(order.id, { methodToken: 'tok-card' });
	await until(() => bob.me?.phase === 'done');
	expect(await cy.admitted()).toMatchObject({ phase: 'inside' });
	expect(await codeOf(cy.hold({ seats: ['A-4'] }))).toBe('SEAT_TAKEN');
	expect(dee.me).toMatchObject({ phase: 'waiting' });
	await ann.leave();
	expect(await dee.admitted()).toMatchObject({ phase: 'inside' });
	await until(() => {
		const seen = cy.seats.map(({ state: is }) => is.charAt(0)).join('');
		return seen === `fff${'s'}${'f'.repeat(16)}`;
	});
	await until(async () => {
		const { tickets } = await buyers[1].tickets.list();
		return tickets.map(({ seatId }) => seatId).join() === 'A-4';
	});
	await sleep(100);
	expect(await reportOf(survivor)).toMatchObject({ sold: 1, captured: 1_000 });
});

test('[A12] [A13] [T9] [T11] [T14] the owner is stopped in mid-sale for longer than its lease: another goes on by expiry alone, and the first sells nothing any more', async () => {
	const nodes = await sellers(3);
	const [first] = nodes.nodes as [NaruProcess];
	const made = {
		...{ id: EVENT, title: 'Concert', opensAt: Date.now(), currency: 'KRW', seats },
		admission: { mode: 'desk', maxActive: 3 },
		pickSeconds: PICK_SECONDS,
	};
	await nodes.tickets(first, '', made);
	const at = await nodes.ownerOf(EVENT, 0, 'ticket-event');
	const owner = nodes.nodes[at] as NaruProcess;
	const survivor = nodes.nodes.find((node) => node !== owner) as NaruProcess;
	// Ann and the one who will be gone are at the owner alone; Bob and Cy are not.
	const [ann, gone] = ['ann', 'gone'].map((name) => nodes.client(name, owner).ticketEvent(EVENT));
	const [bob, cy] = ['bob', 'cy'].map((name) => nodes.client(name, survivor).ticketEvent(EVENT));
	if (!ann || !gone || !bob || !cy) throw new Error('four buyers');
	for (const event of [ann, gone, bob]) {
		await event.enter();
		await event.admitted();
	}
	await gone.hold({ seats: ['A-2'] });
	expect(await cy.enter()).toMatchObject({ phase: 'waiting' });

	owner.pause();
	const stoppedAt = Date.now();
	// It waits in the owner's socket, and is the first thing that the owner sees.
	const late = codeOf(ann.hold({ seats: ['A-1'] }));
	await until(async () => (await codeOf(bob.hold({ seats: ['A-1'] }))) === 'OK');
	expect(Date.now() - stoppedAt).toBeLessThan(TAKEN_OVER_MS);
	const order = await bob.checkout();
	await bob.pay(order.id, { methodToken: 'tok-card' });
	await until(() => bob.me?.phase === 'done');
	// Nobody gives the seat back whose holder is at the stopped node: its deadline does.
	expect(await cy.admitted()).toMatchObject({ phase: 'inside' });
	await until(async () => (await codeOf(cy.hold({ seats: ['A-2'] }))) === 'OK');

	owner.resume();
	expect(['SEAT_TAKEN', 'EXPIRED', 'TIMEOUT']).toContain(await late);
	await until(async () => {
		const { sold, held, captured } = await nodes.tickets<TicketReport>(owner, `/${EVENT}/report`);
		return sold === 1 && held === 1 && captured === 1_000;
	});
	await withJournal(nodes, async (journal) => {
		const records = await recordsOf(journal, `ticket-event/${EVENT}`);
		checkRecords(records);
		expect(new Set(records.map(({ writer }) => writer)).size).toBe(2);
		const holds = records
			.flatMap(({ events }) => events)
			.filter(({ type }) => type === 'held')
			.map(({ by }) => by);
		expect(holds).toEqual(['gone', 'bob', 'cy']);
		// What Bob paid with stood there until he had paid.
		expect(JSON.stringify(records)).not.toContain('tok-card');
		expect(JSON.stringify(records)).toContain('methodsForgotten');
	});
	expect({ errors: owner.errors, isRunning: owner.isRunning }).toEqual({
		errors: '',
		isRunning: true,
	});
});
