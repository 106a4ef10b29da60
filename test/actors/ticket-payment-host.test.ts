import { describe, expect, test } from 'vitest';
import type { PaymentCall, PaymentResult } from '../../actors/ticket-event/payment-port.ts';
import { ticketEventKind } from '../../actors/ticket-event/ticket-event-kind.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import {
	type Order,
	type TicketMe,
	type TicketReport,
	ticketEventContract,
} from '../../src/protocol/ticket-event.ts';
import { PaymentLedger } from '../../src/simulators/payment/payment-ledger.ts';
import { type Asked, CoreBench } from '../support/core-bench.ts';
import { paymentPort } from '../support/payment-port.ts';

const KEY = 'ticket-event/gig';
const kinds = [ticketEventKind as unknown as ActorKind];
const by = (userId: string, ...roles: string[]) => ({ caller: { userId, roles } });
const NODE = by('node-1', 'system');
const OPS = by('olga', 'ops');
const ANN = by('ann', 'user');
const PRICE = 5_000;
const WAY_MS = 4;

async function ask<T>(bench: CoreBench, asked: Asked, from: object): Promise<T> {
	const answer = await bench.send(KEY, asked, from);
	if (!answer.ok) throw new Error(`${asked[0]}: ${answer.code} ${answer.message ?? ''}`);
	return answer.reply as T;
}

type Fault = 'fine' | 'answerLost' | 'requestLost' | 'unsent';

/** Two providers and the way to them, in the time of a bench; faults are of the calls in order. */
class Providers {
	readonly #ledgers: Readonly<Record<string, PaymentLedger>> = {
		'pay-a': new PaymentLedger('pay-a'),
		'pay-b': new PaymentLedger('pay-b'),
	};
	readonly #faults: Fault[];
	bench!: CoreBench;

	constructor(faults: readonly Fault[]) {
		this.#faults = [...faults];
	}

	get rows() {
		return Object.values(this.#ledgers).flatMap((ledger) => ledger.rows());
	}

	readonly intents = paymentPort(
		() => this.bench.journal,
		(call) => this.#called(call),
	);

	async #called(call: PaymentCall): Promise<PaymentResult> {
		const fault = this.#faults.shift() ?? 'fine';
		await this.#pass(WAY_MS);
		if (fault === 'unsent') return { outcome: 'unsent' };
		const result = fault === 'requestLost' ? undefined : this.#apply(call);
		await this.#pass(fault === 'fine' ? WAY_MS : 10_000);
		return fault === 'fine' && result !== undefined ? result : { outcome: 'unknown' };
	}

	#pass(ms: number): Promise<void> {
		return new Promise((resolve) => this.bench.runtime.after(ms, resolve));
	}

	#apply(call: PaymentCall): PaymentResult | undefined {
		const ledger = this.#ledgers[call.provider];
		if (call.op === 'authorise') return ledger?.authorise(call, true);
		return call.op === 'refund' ? ledger?.refund(call) : ledger?.[call.op](call.key);
	}
}

/** A buyer who has checked out the only two seats; the host has not been asked to pay yet. */
async function checkedOut(faults: readonly Fault[]) {
	const providers = new Providers(faults);
	const bench = new CoreBench({ kinds, intents: providers.intents });
	providers.bench = bench;
	const draft = {
		title: 'Gig',
		currency: 'KRW',
		opensAt: 0,
		secret: 'x'.repeat(32),
		paySeconds: 300,
		seats: ['A-1', 'A-2'].map((id) => ({ id, grade: 'A', price: PRICE })),
		admission: { mode: 'desk' },
	};
	const args = ticketEventContract.commands.create.args.parse(draft);
	await ask(bench, ['create', args], OPS);
	await bench.runtime.advance(100);
	await ask(bench, ['arrive', { users: ['ann'] }], NODE);
	await ask(bench, ['claim', { users: ['ann'] }], NODE);
	const { me } = await ask<{ me: TicketMe[] }>(bench, ['look', { users: ['ann'] }], NODE);
	const admission = me[0]?.admission;
	await ask(bench, ['hold', { admission, seats: ['A-1', 'A-2'] }], ANN);
	const order = await ask<Order>(bench, ['checkout', { admission }], ANN);
	return { bench, providers, order };
}

const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
	'nothing else': [],
	'the answer to the authorisation lost': ['answerLost'],
	'the authorisation lost': ['requestLost', 'fine', 'fine', 'fine', 'answerLost'],
	'a provider that is not reached': ['unsent', 'unsent'],
	'the answer to the capture lost': ['fine', 'answerLost', 'requestLost'],
};

describe('the owner dies while an order is paid', () => {
	test.each(Object.keys(FAULTS))('[T9] [T14] at any moment, with %s', async (name) => {
		for (let moment = 0; moment <= 40; moment += 2) {
			const { bench, providers, order } = await checkedOut(FAULTS[name] ?? []);
			await ask(bench, ['pay', { orderId: order.id, methodToken: 'tok' }], ANN);
			await bench.runtime.advance(moment);
			const next = bench.restart({ kinds, intents: providers.intents });
			await next.runtime.advance(120_000);
			const paid = await ask<Order>(next, ['order', { orderId: order.id }], ANN);
			expect([moment, paid.status]).toEqual([moment, 'paid']);
			const taken = providers.rows.filter(({ captured }) => captured > 0);
			expect(taken).toMatchObject([{ captured: 2 * PRICE, refunded: 0 }]);
			expect(providers.rows.filter(({ state }) => state === 'authorised')).toEqual([]);
			const report = await ask<TicketReport>(next, ['report', {}], OPS);
			expect(report).toMatchObject({ sold: 2, paying: 0, captured: 2 * PRICE, stuck: [] });
			await next.close();
		}
	});

	test('[T13] [T14] and while money goes back: once, with exactly its seats', async () => {
		for (let moment = 0; moment <= 20; moment += 2) {
			const { bench, providers, order } = await checkedOut([]);
			await ask(bench, ['pay', { orderId: order.id, methodToken: 'tok' }], ANN);
			await bench.runtime.advance(1_000);
			await ask(bench, ['refund', { orderId: order.id, seats: ['A-2'] }], ANN);
			await bench.runtime.advance(moment);
			const next = bench.restart({ kinds, intents: providers.intents });
			await next.runtime.advance(60_000);
			const left = await ask<Order>(next, ['order', { orderId: order.id }], ANN);
			expect(left).toMatchObject({ status: 'paid', seats: ['A-1'], refunded: PRICE });
			expect(providers.rows).toMatchObject([{ captured: 2 * PRICE, refunded: PRICE }]);
			const report = await ask<TicketReport>(next, ['report', {}], OPS);
			expect(report).toMatchObject({ sold: 1, free: 1, refunded: PRICE });
			await next.close();
		}
	});

	test('[T8] [T14] the deadline passes while nobody is there: released, and nothing charged', async () => {
		const { bench, providers, order } = await checkedOut(['answerLost']);
		await ask(bench, ['pay', { orderId: order.id, methodToken: 'tok' }], ANN);
		await bench.runtime.advance(2);
		bench.system.kill();
		await bench.runtime.advance(400_000);
		const next = new CoreBench({ shared: bench, kinds, intents: providers.intents });
		await next.runtime.advance(60_000);
		const late = await ask<Order>(next, ['order', { orderId: order.id }], ANN);
		expect(late.status).toBe('expired');
		expect(providers.rows).toMatchObject([{ state: 'voided', captured: 0 }]);
		const report = await ask<TicketReport>(next, ['report', {}], OPS);
		expect(report).toMatchObject({ free: 2, paying: 0, sold: 0, captured: 0 });
		await next.close();
	});
});
