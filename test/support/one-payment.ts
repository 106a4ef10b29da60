import { expect } from 'vitest';
import { evolvePayment } from '../../actors/ticket-event/evolve-payment.ts';
import { type PayableOrder, paymentIntents } from '../../actors/ticket-event/payment-calls.ts';
import type { PaymentEvent } from '../../actors/ticket-event/payment-events.ts';
import type { PaymentCall, PaymentResult } from '../../actors/ticket-event/payment-port.ts';
import { decideRefund, decideResolve } from '../../actors/ticket-event/payment-refund.ts';
import {
	evolveRouter,
	initialRouter,
	type PaymentRouter,
	type ProviderWeights,
} from '../../actors/ticket-event/payment-router.ts';
import { decidePay, decideResult, decideTimer } from '../../actors/ticket-event/payment-saga.ts';
import { initialPayment } from '../../actors/ticket-event/payment-state.ts';
import { TRIES_MAX } from '../../actors/ticket-event/payment-steps.ts';
import type { Rejection } from '../../src/core/actor-kind.ts';
import { pack, unpack } from '../../src/protocol/codec.ts';

/** An order with its payment, as a sale would hold it: decides, takes the events in, tells of them. */
export class OnePayment {
	now = 1_000_000;
	order: PayableOrder;
	router: PaymentRouter;
	weights: ProviderWeights = { 'pay-a': 1, 'pay-b': 1 };
	readonly events: PaymentEvent[] = [];

	constructor(more: Partial<PayableOrder> & { readonly router?: PaymentRouter } = {}) {
		const { router = initialRouter(), ...order } = more;
		const plain = { id: 'gig:o1', amount: 5_000, currency: 'KRW' };
		this.order = { ...plain, deadline: this.now + 420_000, payment: initialPayment(), ...order };
		this.router = router;
	}

	get payment() {
		return this.order.payment;
	}

	/** The calls that are out. */
	get calls(): { readonly id: string; readonly call: PaymentCall }[] {
		return paymentIntents(this.order).map(({ id, args }) => ({ id, call: args as PaymentCall }));
	}

	/** What the calls ask for, in short: `authorise gig:o1.1`. */
	get asked(): string[] {
		return this.calls.map(({ call }) => `${call.op} ${call.key}`);
	}

	pay(methodToken = 'tok-1'): string[] | Rejection {
		return this.#take(decidePay(this.order, { methodToken }, this));
	}

	/** Answers one call; the only one that is out unless `id` names it. */
	answer(result: PaymentResult, id?: string): string[] {
		const { calls } = this;
		if (id === undefined) expect(calls).toHaveLength(1);
		const called = id ?? calls[0]?.id ?? '';
		return this.#take(decideResult(this.order, { id: called, result }, this)) as string[];
	}

	/** Answers the call of an operation that is out. */
	answerTo(op: PaymentCall['op'], result: PaymentResult): string[] {
		const out = this.calls.filter(({ call }) => call.op === op);
		expect(out).toHaveLength(1);
		return this.answer(result, out[0]?.id);
	}

	/** Lets time pass, and what is due happen. */
	wait(ms: number): string[] {
		this.now += ms;
		return this.#take(decideTimer(this.order, this)) as string[];
	}

	refund(amount: number, seats: readonly string[] = []): string[] | Rejection {
		return this.#take(decideRefund(this.order, { amount, seats }));
	}

	resolve(how: 'retry' | 'settled'): string[] | Rejection {
		return this.#take(decideResolve(this.order, how));
	}

	/** Goes on with what a snapshot would give. */
	restart(): void {
		const stored = unpack(pack([this.order, this.router])) as [PayableOrder, PaymentRouter];
		[this.order, this.router] = stored;
	}

	#take(decided: PaymentEvent[] | Rejection): string[] | Rejection {
		if (!Array.isArray(decided)) return decided;
		for (const event of decided) {
			const position = this.events.length + 1;
			evolvePayment(this.payment, event, { at: this.now, position });
			evolveRouter(this.router, event, { at: this.now });
			this.events.push(event);
		}
		return decided.map(({ type }) => type);
	}
}

/** Authorised, and capture asked for. */
export function capturing(): OnePayment {
	const payment = new OnePayment();
	payment.pay();
	payment.answer({ outcome: 'done' });
	return payment;
}

export function paid(): OnePayment {
	const payment = capturing();
	payment.answer({ outcome: 'done' });
	return payment;
}

/** The first attempt is given up and the second one asked. */
export function givenUp(): OnePayment {
	const payment = new OnePayment();
	payment.pay();
	payment.answer({ outcome: 'unknown' });
	payment.answer({ outcome: 'unknown' });
	return payment;
}

/** Lets a call come to nothing as often as it may. */
export function exhaust(payment: OnePayment, op: 'void' | 'capture' | 'refund'): string[] {
	for (let tries = 1; tries < TRIES_MAX; tries++) {
		expect(payment.answerTo(op, { outcome: 'unknown' })).toEqual(['paymentRetryPlanned']);
		expect(payment.wait(90_000)).toEqual(['paymentRetried']);
	}
	return payment.answerTo(op, { outcome: 'unknown' });
}
