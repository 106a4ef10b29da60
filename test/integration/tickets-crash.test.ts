import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { Order, TicketMe } from '../../src/protocol/ticket-event.ts';
import { SimulatedPayments } from '../bench/tickets/simulated-payments.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { seeded } from '../support/seeded.ts';
import { type RawBuyer, seatsOf, TicketBox } from '../support/ticket-box.ts';
import { TicketShopper } from '../support/ticket-shopper.ts';
import { until, World } from '../support/world.ts';

/** A longer run: `CRASH_ROUNDS=30 CRASH_SEED=7 vitest run --project unit test/integration/tickets-crash.test.ts`. */
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 2);
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);

/** Of the sale in which everybody buys. */
const SEATS = 16;

const world = new World();
afterEach(() => world.end());

/** The server as a process that may be killed, and payments in another one that stays. */
class Shop {
	readonly payments: SimulatedPayments;
	readonly #directory = world.directory();
	#process: NaruProcess | undefined;

	constructor(payments: SimulatedPayments) {
		this.payments = payments;
		world.later(() => payments[Symbol.dispose]());
	}

	static async open(): Promise<Shop> {
		const shop = new Shop(await SimulatedPayments.start());
		await shop.start();
		return shop;
	}

	/** Starts it on the data that is there, where clients look for it. */
	async start(): Promise<void> {
		this.#process = await world.process({
			directory: this.#directory,
			port: this.#process?.port ?? 0,
			env: { PAYMENT_URL: this.payments.url },
		});
	}

	async kill(): Promise<void> {
		await this.#process?.kill();
	}

	box(draft?: object): Promise<TicketBox> {
		const { url } = this.#process as NaruProcess;
		return TicketBox.at(world, { url, payment: this.payments.url, event: 'concert' }, draft);
	}
}

/** Where each of the users stands, without the proofs of admission, which are signed anew. */
async function standings(buyers: readonly RawBuyer[]): Promise<unknown[]> {
	return Promise.all(
		buyers.map(async (buyer) => {
			const { admission, ...me } = (await buyer.ask('place')) as TicketMe;
			return { ...me, isAdmitted: admission !== undefined };
		}),
	);
}

test('[T14] killed in the middle: places, deadlines, holds, orders and sold seats are as before', async () => {
	const shop = await Shop.open();
	const before = await shop.box({
		seats: seatsOf(8),
		admission: { mode: 'desk', maxActive: 3, graceMs: 600_000 },
	});
	const names = ['dee', 'ann', 'bob', 'cy', 'w1', 'w2', 'w3', 'w4', 'w5'];
	const enterAll = (box: TicketBox) => Promise.all(names.map((userId) => box.buyer(userId)));
	const [dee, ann, bob, cy, ...waiting] = (await enterAll(before)) as [
		RawBuyer,
		RawBuyer,
		RawBuyer,
		RawBuyer,
		...RawBuyer[],
	];
	await (await dee.inside()).buy({ seats: ['A-8'] });
	for (const buyer of [ann, bob, cy]) await buyer.inside();
	for (const buyer of waiting) await buyer.enter();
	await ann.hold({ seats: ['A-1', 'A-2'] });
	await bob.hold({ seats: ['A-3'] });
	await bob.checkout();
	await cy.hold({ seats: ['A-4'] });
	const paying = (await cy.checkout()) as Order;
	// The money is asked for, and the process dies before it hears the answer.
	await before.behave({ latencyMs: 1_000 });
	await cy.pay(paying.id);
	const stood = await standings([dee, ann, bob, cy, ...waiting]);
	const map = await (await before.backdoor()).ask('seatMap');
	await sleep(100);
	await shop.kill();
	// Long enough to look at all, before what was begun goes on.
	await before.behave({ latencyMs: 4_000 });
	await shop.start();

	const after = await shop.box();
	const again = await enterAll(after);
	expect(await standings(again)).toEqual(stood);
	expect(await (await after.backdoor()).ask('seatMap')).toEqual(map);
	expect(waiting.length).toBe(5);
	const [, annAgain, bobAgain, cyAgain, firstInLine] = again as [
		RawBuyer,
		RawBuyer,
		RawBuyer,
		RawBuyer,
		RawBuyer,
	];
	await after.behave({ latencyMs: 20 });
	expect(await cyAgain.reach('done')).toMatchObject({ order: { id: paying.id, status: 'paid' } });
	await firstInLine.reach('inside');
	expect(await firstInLine.hold({ seats: ['A-2'] })).toBe('SEAT_TAKEN');
	await bobAgain.reach('paying');
	await bobAgain.pay(bobAgain.me?.order?.id ?? '');
	await bobAgain.reach('done');
	// The proof of admission that was signed before the crash is still good.
	annAgain.admission = ann.admission;
	await annAgain.buy({ seats: ['A-1'] });
	expect(await after.report()).toMatchObject({ sold: 5, captured: 5_000, paying: 0, held: 0 });
	const rows = (await after.ledger()).filter(({ captured }) => captured > 0);
	expect(rows.map(({ captured }) => captured).sort()).toEqual([1_000, 1_000, 1_000, 2_000]);
});

test(
	`[T9] [T11] [T14] killed again and again while everybody buys (seed ${SEED})`,
	async () => {
		const random = seeded(SEED);
		const shop = await Shop.open();
		const box = await shop.box({
			seats: seatsOf(SEATS),
			maxPerUser: 2,
			admission: { mode: 'desk', maxActive: 5 },
		});
		await box.behave({ latencyMs: [20, 400], lostAnswerRate: 0.1, duplicateRate: 0.1 });
		const devices = Array.from({ length: SEATS + 6 }, (_, n) => world.device(box.url, `u${n}`));
		const shoppers = devices.map(
			({ naru }) => new TicketShopper(naru, { eventId: box.event, random }),
		);
		const fates = Promise.all(shoppers.map((shopper) => shopper.shop()));
		for (let round = 0; round < ROUNDS; round++) {
			await sleep(300 + random() * 900);
			await shop.kill();
			await shop.start();
			// Nobody waits out a back-off.
			for (const device of devices) device.mend();
		}
		await box.behave({ lostAnswerRate: 0 });
		const bought = (await fates).flat();
		expect(bought.sort()).toEqual(
			seatsOf(SEATS)
				.map(({ id }) => id)
				.sort(),
		);
		const last = await shop.box();
		expect(await last.report()).toMatchObject({
			state: 'soldOut',
			sold: SEATS,
			captured: SEATS * 1_000,
		});
		await until(async () => (await last.ledger()).every(({ state }) => state !== 'authorised'));
		const net = (await last.ledger()).reduce((sum, row) => sum + row.captured - row.refunded, 0);
		expect(net).toBe(SEATS * 1_000);
		expect(await (await last.backdoor()).ask('reconcile')).toEqual({
			...{ units: SEATS, missing: [], extra: [] },
		});
	},
	90_000 + ROUNDS * 30_000,
);
