import { afterEach, expect, test } from 'vitest';
import type { TicketReport } from '../../src/protocol/ticket-event.ts';
import type { LedgerRow } from '../../src/simulators/payment/payment-ledger.ts';
import { SimulatedPayments } from '../bench/tickets/simulated-payments.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { seeded } from '../support/seeded.ts';
import { seatsOf } from '../support/ticket-box.ts';
import { TicketShopper } from '../support/ticket-shopper.ts';
import { until } from '../support/world.ts';
import { ClusterNodes } from './cluster-nodes.ts';

/** `TICKET_SEED=7 vitest run --project services test/services/tickets-crowd.test.ts` for the same chances. */
const SEED = Number(process.env.TICKET_SEED ?? Date.now() % 1_000_000);
const EVENT = 'rush';
const SEATS = 30;
const BUYERS = 40;
/** Without an owner a sale stands still for no longer (T14). */
const GOES_ON_MAX_MS = 10_000;

let cluster: ClusterNodes | undefined;
let payments: SimulatedPayments | undefined;
afterEach(async () => {
	await cluster?.end();
	payments?.[Symbol.dispose]();
	cluster = undefined;
	payments = undefined;
});

test(`[T11] [T14] [T15] the owner is killed while all buy: the sale goes on, every seat is sold once (seed ${SEED})`, async () => {
	const random = seeded(SEED);
	const paid = await SimulatedPayments.start();
	payments = paid;
	const nodes = await ClusterNodes.start(3, { env: { PAYMENT_URL: paid.url } });
	cluster = nodes;
	const [first] = nodes.nodes as [NaruProcess];
	await nodes.tickets(first, '', {
		...{ id: EVENT, title: 'Rush', opensAt: Date.now(), currency: 'KRW', maxPerUser: 2 },
		...{ seats: seatsOf(SEATS), admission: { mode: 'desk', maxActive: 6 } },
	});
	const devices = Array.from({ length: BUYERS }, (_, n) => nodes.device(`u${n}`, n % 3));
	const fates = Promise.all(
		devices.map(({ naru }) => new TicketShopper(naru, { eventId: EVENT, random }).shop()),
	);
	const reportOf = (at: NaruProcess) => nodes.tickets<TicketReport>(at, `/${EVENT}/report`);
	await until(async () => (await reportOf(first)).sold >= 5);
	const owner = await nodes.ownerOf(EVENT, 0, 'ticket-event');
	const survivor = nodes.nodes[(owner + 1) % 3] as NaruProcess;

	const { sold } = await reportOf(survivor);
	const killedAt = performance.now();
	await nodes.nodes[owner]?.kill();
	await until(async () => (await reportOf(survivor)).sold > sold);
	expect(performance.now() - killedAt).toBeLessThan(GOES_ON_MAX_MS);

	for (const device of devices) device.mend();
	const bought = (await fates).flat();
	expect(bought.sort()).toEqual(
		seatsOf(SEATS)
			.map(({ id }) => id)
			.sort(),
	);
	const report = await reportOf(survivor);
	expect(report).toMatchObject({ state: 'soldOut', sold: SEATS, captured: SEATS * 1_000 });
	const ledger = (await (await fetch(`${paid.url}/ledger`)).json()) as LedgerRow[];
	const net = ledger.reduce((sum, row) => sum + row.captured - row.refunded, 0);
	expect(net).toBe(SEATS * 1_000);
}, 120_000);
