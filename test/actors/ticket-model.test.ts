import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PaymentResult } from '../../actors/ticket-event/payment-port.ts';
import type { TicketEvent } from '../../actors/ticket-event/ticket-event-events.ts';
import type { StoredOrder } from '../../actors/ticket-event/ticket-event-state.ts';
import { checkReplay, checkRestart, checkSale, checkTold } from '../support/ticket-invariants.ts';
import { OPENS_AT, OPS, type SaleOptions, SERVICE, TicketSale } from '../support/ticket-sale.ts';

const NAMES = ['ann', 'bob', 'cem', 'dana', 'eva', 'fay'];
const SEATS = ['s1', 's2', 's3', 's4'];

/** One step of a sale: any of them may be refused, none may break it. */
type Step =
	| { readonly do: 'arrive' | 'claim'; readonly users: readonly string[] }
	| { readonly do: 'leave' | 'release' | 'checkout' | 'pay' | 'refund'; readonly user: string }
	/** Whatever comes next for the user on the way to tickets, so many times. */
	| {
			readonly do: 'goOn';
			readonly user: string;
			readonly seats: readonly string[];
			readonly far: number;
	  }
	| { readonly do: 'hold'; readonly user: string; readonly seats: readonly string[] }
	| { readonly do: 'refundOne'; readonly user: string }
	| { readonly do: 'answer'; readonly result: PaymentResult }
	| { readonly do: 'pass'; readonly ms: number }
	| { readonly do: 'reserve' | 'unreserve'; readonly purchase: string; readonly user: string }
	| { readonly do: 'pause' | 'resume' | 'restart' | 'close' }
	| { readonly do: 'settings'; readonly maxActive: number; readonly batch: number };

const user = fc.constantFrom(...NAMES);
const someUsers = fc
	.subarray(NAMES, { minLength: 1 })
	.chain((names) => fc.shuffledSubarray(names, { minLength: names.length }));
const result: fc.Arbitrary<PaymentResult> = fc.oneof(
	{ weight: 6, arbitrary: fc.constant({ outcome: 'done' } as const) },
	{ weight: 1, arbitrary: fc.constant({ outcome: 'declined' } as const) },
	{ weight: 1, arbitrary: fc.constant({ outcome: 'unknown' } as const) },
	{ weight: 1, arbitrary: fc.constant({ outcome: 'unsent' } as const) },
	{ weight: 1, arbitrary: fc.constant({ outcome: 'done', state: 'notFound' } as const) },
);
const of = <D extends string>(...names: D[]) => fc.constantFrom(...names);

const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ do: of('arrive', 'claim'), users: someUsers }) },
	{
		weight: 6,
		arbitrary: fc.record({
			do: of('leave', 'release', 'checkout', 'pay', 'refund', 'refund'),
			user,
		}),
	},
	{
		weight: 18,
		arbitrary: fc.record({
			do: of('goOn'),
			user,
			seats: fc.shuffledSubarray(SEATS, { minLength: 1, maxLength: 3 }),
			far: fc.integer({ min: 1, max: 5 }),
		}),
	},
	{
		weight: 6,
		arbitrary: fc.record({
			do: of('hold'),
			user,
			seats: fc.shuffledSubarray(SEATS, { minLength: 1, maxLength: 2 }),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ do: of('refundOne'), user }) },
	{ weight: 8, arbitrary: fc.record({ do: of('answer'), result }) },
	{
		weight: 4,
		arbitrary: fc.record({
			do: of('pass'),
			ms: fc.oneof(
				{ weight: 8, arbitrary: fc.constantFrom(1, 100, 999, 1_000, 3_000, 5_000) },
				{ weight: 1, arbitrary: fc.nat(130_000) },
			),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			do: of('reserve', 'unreserve'),
			purchase: fc.constantFrom('p1', 'p2', 'p3', 'p4'),
			user,
		}),
	},
	{
		weight: 1,
		arbitrary: fc.record({ do: of('pause', 'resume', 'resume', 'restart', 'restart', 'close') }),
	},
	{
		weight: 1,
		arbitrary: fc.record({
			do: of('settings'),
			maxActive: fc.integer({ min: 1, max: 6 }),
			batch: fc.integer({ min: 1, max: 4 }),
		}),
	},
);

/** The newest order of a user. */
const orderOf = (sale: TicketSale, userId: string) =>
	[...sale.state.orders.values()].findLast((order) => order.userId === userId);

async function answerOne(sale: TicketSale, answer: PaymentResult): Promise<void> {
	let isFirst = true;
	sale.provider = () => {
		const wasFirst = isFirst;
		isFirst = false;
		return wasFirst ? answer : undefined;
	};
	await sale.answerCalls();
}

/** What the answer says, and the turns since, give everybody's exact place. */
async function arrive(sale: TicketSale, users: readonly string[]): Promise<void> {
	const told = await sale.arrive(...users);
	const found = await sale.look(...users);
	for (const [at, { phase, place = 0, turned = 0 }] of told.entries()) {
		expect(phase).toBe(found[at]?.phase);
		if (phase !== 'waiting' || sale.state.returning.has(users[at] ?? '')) continue;
		expect(place - (sale.state.tally.turned - turned)).toBe(found[at]?.place);
	}
}

async function goOn(sale: TicketSale, userId: string, seats: readonly string[]): Promise<void> {
	const what = sale.state.plan.seats.length > 0 ? [...seats] : seats.length;
	const { phase, held, order } = await sale.me(userId);
	if (phase === 'before' || phase === 'done' || phase === 'soldOut') await sale.arrive(userId);
	else if (phase === 'turn') await sale.claim(userId);
	else if (phase === 'inside' && held.quantity === 0) await sale.hold(userId, what);
	else if (phase === 'inside') await sale.checkout(userId);
	else if (order?.status === 'declined' || sale.state.intents.size === 0) {
		await sale.pay(userId, order?.id ?? '');
	} else await answerOne(sale, { outcome: 'done' });
}

async function refund(sale: TicketSale, order: StoredOrder, isOne: boolean): Promise<void> {
	const [seat] = order.seats;
	const one = seat === undefined ? { quantity: 1 } : { seats: [seat] };
	const args = { orderId: order.id, ...(isOne ? one : {}) };
	await sale.actor.command(order.userId, 'refund', args);
}

async function take(sale: TicketSale, step: Step): Promise<void> {
	const { actor } = sale;
	switch (step.do) {
		case 'arrive':
			await arrive(sale, step.users);
			return;
		case 'claim':
			await sale.claim(...step.users);
			return;
		case 'goOn':
			for (let at = 0; at < step.far; at++) await goOn(sale, step.user, step.seats);
			return;
		case 'hold':
			await sale.hold(step.user, sale.state.plan.seats.length > 0 ? [...step.seats] : 1);
			return;
		case 'release':
			await sale.release(step.user);
			return;
		case 'checkout':
			await sale.checkout(step.user);
			return;
		case 'leave':
			await actor.command(step.user, 'leave');
			return;
		case 'pay':
		case 'refund':
		case 'refundOne': {
			const order = orderOf(sale, step.user);
			if (order === undefined) return;
			if (step.do === 'pay') await sale.pay(step.user, order.id);
			else await refund(sale, order, step.do === 'refundOne');
			return;
		}
		case 'answer':
			await answerOne(sale, step.result);
			return;
		case 'pass':
			await sale.pass(step.ms);
			return;
		case 'reserve':
		case 'unreserve': {
			const who = step.do === 'reserve' ? { userId: step.user, quantity: 1 } : {};
			await actor.command(SERVICE, step.do, { purchaseId: step.purchase, ...who });
			return;
		}
		case 'restart':
			checkRestart(sale);
			return;
		case 'settings': {
			const { maxActive, batch } = step;
			await actor.command(OPS, 'settings', { maxActive, batch });
			return;
		}
		default:
			await actor.command(OPS, step.do);
	}
}

/** The line as it has to be: who came, in order, without those who left or had their turn. */
class Line {
	readonly users: string[] = [];
	#read = 0;

	/** Takes in what happened since; turns have to be those of the first. */
	follow(events: readonly TicketEvent[]): void {
		for (const event of events.slice(this.#read)) {
			if (event.type === 'arrived') this.users.push(...event.data.users);
			else if (event.type === 'turned') {
				expect(this.users.splice(0, event.data.users.length)).toEqual(event.data.users);
			} else if (event.type === 'queueLeft' && !event.data.returning) {
				this.users.splice(this.users.indexOf(event.data.userId), 1);
			} else if (event.type === 'soldOut' || event.type === 'closed') this.users.length = 0;
		}
		this.#read = events.length;
	}
}

async function run(options: SaleOptions, steps: readonly Step[]): Promise<TicketSale> {
	const sale = await TicketSale.open(options);
	const line = new Line();
	let cut: { parts: Iterable<unknown>; position: number } | undefined;
	for (const step of steps) {
		const heard = sale.actor.heard.length;
		await take(sale, step);
		await checkTold(sale, heard);
		checkSale(sale.state);
		line.follow(sale.actor.events);
		const places = await sale.look(...line.users, ...NAMES);
		// Taken while the sale goes on, like a snapshot of the host.
		if (cut === undefined && sale.actor.position > 20) {
			cut = { parts: sale.actor.cut(), position: sale.actor.position };
		}
		expect(places.slice(0, line.users.length).map(({ place }) => place)).toEqual([
			...line.users.keys(),
		]);
	}
	checkReplay(sale);
	if (cut !== undefined) checkReplay(sale, [...cut.parts], cut.position);
	return sale;
}

interface StockReport {
	readonly units: number;
	readonly missing: readonly string[];
	readonly extra: readonly string[];
}

/** Everybody pays who can, everything that is due happens, and nobody stays behind. */
async function finish(sale: TicketSale): Promise<void> {
	await sale.actor.command(OPS, 'resume');
	sale.provider = ({ op }) =>
		op === 'status' ? { outcome: 'done', state: 'authorised' } : { outcome: 'done' };
	for (let round = 0; round < 40; round++) {
		await sale.pass(120_000);
		await sale.answerCalls();
		checkSale(sale.state);
	}
	expect(sale.state.visitors.size).toBe(0);
	expect(sale.state.tally.waiting).toBe(0);
	const { units, missing, extra } = (await sale.actor.query(OPS, 'reconcile')) as StockReport;
	expect({ units, missing, extra }).toEqual({
		units: sale.state.tally.sold,
		missing: [],
		extra: [],
	});
	const orders = [...sale.state.orders.values()];
	const kept = orders.filter(({ status }) => status === 'paid');
	expect(orders.every(({ status }) => ['paid', 'expired', 'refunded'].includes(status))).toBe(true);
	const value = kept.reduce((all, { quantity }) => all + quantity * 1_000, 0);
	expect(sale.state.captured - sale.state.refunded).toBe(value);
}

const options = fc.record({
	mode: of('desk', 'turnstile'),
	maxActive: fc.integer({ min: 1, max: 5 }),
	batch: fc.integer({ min: 1, max: 3 }),
	reopens: fc.boolean(),
	maxPerUser: fc.integer({ min: 1, max: 3 }),
	stock: fc.boolean(),
});

const NUM_RUNS = 200;

describe('a sale, whatever happens', () => {
	test('[T2] [T3] [T6] [T8] [T11] [T12] [T13] [T14] stays true to itself and comes to an end', async () => {
		await fc.assert(
			fc.asyncProperty(
				options,
				fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }),
				async (chosen, steps) => {
					const { mode, maxActive, batch, stock, ...settings } = chosen;
					const sale = await run(
						{
							...settings,
							...(stock ? { stock: 4 } : { seats: 4 }),
							pickSeconds: 90,
							paySeconds: 60,
							admission: {
								mode,
								maxActive,
								batch,
								intervalMs: 1_000,
								graceMs: 20_000,
								returnMs: 60_000,
							},
						},
						steps,
					);
					expect(sale.now).toBeGreaterThanOrEqual(OPENS_AT);
					await finish(sale);
				},
			),
			{ numRuns: NUM_RUNS },
		);
	}, 120_000);
});
