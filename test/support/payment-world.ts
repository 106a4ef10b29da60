import type { PaymentCall, PaymentResult } from '../../actors/ticket-event/payment-port.ts';
import { initialRouter } from '../../actors/ticket-event/payment-router.ts';
import { hasPaymentWork, paymentDueAt } from '../../actors/ticket-event/payment-state.ts';
import { type LedgerRow, PaymentLedger } from '../../src/simulators/payment/payment-ledger.ts';
import { OnePayment } from './one-payment.ts';

/** What becomes of one call on its way to a provider and back. */
export type Fault =
	| { readonly kind: 'fine' | 'unsent' | 'requestLost' | 'answerLost' | 'bankSaysNo' | 'mumbles' }
	/** It comes so long after the caller gave up, or a second time so long after the first. */
	| { readonly kind: 'late' | 'twice'; readonly ms: number };

/** What people do, at a time of the run. */
export type Act =
	| { readonly at: number; readonly kind: 'pay'; readonly order: number }
	| { readonly at: number; readonly kind: 'refund'; readonly order: number; readonly part: number }
	| { readonly at: number; readonly kind: 'resolve'; readonly order: number; readonly how: Resolve }
	/** The owner dies: what was under way comes back to nobody, a next one goes on with the state. */
	| { readonly at: number; readonly kind: 'crash' };
type Resolve = 'retry' | 'settled';

export interface Script {
	readonly orders: number;
	/** Of the calls, in order; behind the last one nothing goes wrong. */
	readonly faults: readonly Fault[];
	readonly acts: readonly Act[];
	/** Results behind which the owner dies before they are stored, by their number. */
	readonly crashes: readonly number[];
	/** How late timers ring. */
	readonly lateTimersMs: number;
	/** A wrong reading of answers, for tests of the test. */
	readonly misread?: (call: PaymentCall, result: PaymentResult) => PaymentResult;
}

const ANSWER_MS = 100;
const TIMEOUT_MS = 10_000;
const AMOUNT = 5_000;
const STEPS_MAX = 20_000;

/** Cheaper than `expect`: it is asked some hundred times in each run. */
function must(holds: boolean, what: string): void {
	if (!holds) throw new Error(what);
}

interface Happening {
	readonly at: number;
	readonly order: number;
	readonly run: () => void;
}

/** An order as a sale sees it: where its seats are. */
interface Sold {
	readonly payment: OnePayment;
	seats: 'held' | 'sold' | 'free';
	/** Intents under way in the present owner. */
	running: Set<string>;
}

/**
 * A sale of a few orders in virtual time: the pure saga, two providers with books, and between them a
 * network that loses, delays and doubles. Checks at each step that nothing is wrong with the money.
 */
export class PaymentWorld {
	now = 1_000_000;
	readonly ledgers = { 'pay-a': new PaymentLedger('pay-a'), 'pay-b': new PaymentLedger('pay-b') };
	readonly orders: Sold[];
	readonly #script: Script;
	readonly #faults: Fault[];
	#queue: Happening[] = [];
	#serial = 0;
	#owner = 0;
	#results = 0;

	constructor(script: Script) {
		this.#script = script;
		this.#faults = [...script.faults];
		const router = initialRouter();
		this.orders = Array.from({ length: script.orders }, (_, n) => ({
			payment: new OnePayment({ id: `gig:o${n}`, router, amount: AMOUNT }),
			seats: 'held',
			running: new Set(),
		}));
	}

	/** Plays the script to its end, and everything that follows from it. */
	play(): void {
		for (const sold of this.orders) this.#watch(sold);
		for (const act of this.#script.acts) this.#at(this.now + act.at, () => this.#act(act));
		this.#drain();
		// Behind all faults, a person takes up again what is stuck.
		for (let rounds = 0; this.orders.some(({ payment }) => hasPaymentWork(payment.payment)); ) {
			must(++rounds < 10, 'what is stuck comes to an end');
			for (const sold of this.orders) this.#decide(sold, () => sold.payment.resolve('retry'));
			this.#drain();
		}
		for (const sold of this.orders) this.#checkEnd(sold);
	}

	rowsOf({ payment }: Sold): LedgerRow[] {
		const rows = Object.values(this.ledgers).flatMap((ledger) => ledger.rows());
		return rows.filter(({ orderId }) => orderId === payment.order.id);
	}

	#drain(): void {
		for (let steps = 0; ; steps++) {
			must(steps < STEPS_MAX, 'the run comes to an end');
			const next = this.#next();
			if (next === undefined) return;
			this.now = Math.max(this.now, next.at);
			next.run();
			for (const sold of this.orders) this.#check(sold);
		}
	}

	#next(): Happening | undefined {
		let first: Happening | undefined;
		for (const one of this.#queue) {
			const isFirst = first === undefined || one.at - first.at || one.order - first.order;
			if (isFirst === true || (isFirst as number) < 0) first = one;
		}
		this.#queue = this.#queue.filter((one) => one !== first);
		return first;
	}

	#at(at: number, run: () => void): void {
		this.#queue.push({ at, order: this.#serial++, run });
	}

	#act(act: Act): void {
		if (act.kind === 'crash') {
			this.#crash();
			return;
		}
		const sold = this.orders[act.order % this.orders.length] as Sold;
		const { payment } = sold;
		if (act.kind === 'pay') this.#decide(sold, () => payment.pay());
		else if (act.kind === 'refund') this.#decide(sold, () => payment.refund(act.part, ['A-1']));
		else this.#resolve(sold, act.how);
	}

	#resolve(sold: Sold, how: Resolve): void {
		const { payment } = sold.payment;
		const { attempts, refunds } = payment;
		const stuck = [...attempts, ...refunds].filter(({ stuckSince }) => stuckSince !== undefined);
		if (how === 'settled' && stuck.length > 0) this.#settleByHand(sold);
		this.#decide(sold, () => sold.payment.resolve(how));
	}

	/** The person does at the provider what the stuck calls would have done. */
	#settleByHand(sold: Sold): void {
		const copy = new OnePayment({ ...sold.payment.order, router: initialRouter() });
		copy.restart();
		const before = new Set(copy.calls.map(({ id }) => id));
		copy.resolve('retry');
		for (const { id, call } of copy.calls) {
			if (before.has(id)) continue;
			const { outcome } = this.#apply(call, true);
			// It cannot be voided any more: the money goes back.
			if (call.op !== 'void' || outcome !== 'refused' || !this.#isCaptured(call)) continue;
			this.#ledger(call).refund({ key: call.key, refundKey: 'by hand', amount: AMOUNT });
		}
	}

	/** One turn of the owner: decided, stored, and what follows is started. */
	#decide(sold: Sold, decide: () => string[] | object): void {
		const { payment } = sold;
		payment.now = this.now;
		const happened = decide();
		if (!Array.isArray(happened)) return;
		for (const type of happened as string[]) this.#moveSeats(sold, type);
		this.#follow(sold);
	}

	#moveSeats(sold: Sold, type: string): void {
		if (type === 'paymentCaptured' || type === 'paymentExpired') {
			must(sold.seats === 'held', `${type} when the seats are ${sold.seats}`);
			sold.seats = type === 'paymentCaptured' ? 'sold' : 'free';
		}
	}

	#follow(sold: Sold): void {
		const { calls } = sold.payment;
		const named = new Set(calls.map(({ id }) => id));
		for (const id of sold.running) if (!named.has(id)) sold.running.delete(id);
		for (const { id, call } of calls) {
			if (sold.running.has(id)) continue;
			sold.running.add(id);
			this.#send(sold, id, call);
		}
		this.#watch(sold);
	}

	/** Rings when something is due, perhaps late. */
	#watch(sold: Sold): void {
		const owner = this.#owner;
		const { payment, order } = sold.payment;
		const mayExpire = sold.seats === 'held' && payment.stands !== 'mustWait';
		const due = Math.min(paymentDueAt(payment) ?? Infinity, mayExpire ? order.deadline : Infinity);
		if (due === Infinity) return;
		this.#at(Math.max(due, this.now) + this.#script.lateTimersMs, () => {
			if (owner === this.#owner) this.#ring(sold);
		});
	}

	#ring(sold: Sold): void {
		this.#decide(sold, () => {
			const happened = sold.payment.wait(0);
			return happened.length === 0 ? {} : happened;
		});
	}

	#crash(): void {
		this.#owner++;
		for (const sold of this.orders) {
			const { router } = this.orders[0]?.payment ?? sold.payment;
			sold.payment.restart();
			sold.payment.router = router;
			sold.running = new Set();
			this.#follow(sold);
		}
	}

	#send(sold: Sold, id: string, call: PaymentCall): void {
		const fault = this.#faults.shift() ?? { kind: 'fine' };
		const owner = this.#owner;
		const answer = (ms: number, result: () => PaymentResult) =>
			this.#at(this.now + ms, () => {
				const said = result();
				if (owner === this.#owner) this.#hear(sold, { id, call, result: said });
			});
		const arrive = (ms: number) => this.#at(this.now + ms, () => void this.#apply(call, true));
		const plain: Partial<Record<Fault['kind'], () => PaymentResult>> = {
			fine: () => this.#apply(call, true),
			twice: () => this.#apply(call, true),
			bankSaysNo: () => this.#refuseByBank(call),
			mumbles: () => ({ outcome: 'refused' }),
			unsent: () => ({ outcome: 'unsent' }),
		};
		const said = plain[fault.kind];
		if (said === undefined) answer(TIMEOUT_MS, () => ({ outcome: 'unknown' }));
		else answer(ANSWER_MS, said);
		if (fault.kind === 'twice') arrive(ANSWER_MS + fault.ms);
		if (fault.kind === 'answerLost') arrive(ANSWER_MS);
		if (fault.kind === 'late') arrive(TIMEOUT_MS + fault.ms);
	}

	#hear(sold: Sold, heard: { id: string; call: PaymentCall; result: PaymentResult }): void {
		const { id, call, result } = heard;
		if (!sold.running.has(id)) return;
		if (this.#script.crashes.includes(this.#results++)) {
			this.#crash();
			return;
		}
		sold.running.delete(id);
		const read = this.#script.misread?.(call, result) ?? result;
		this.#decide(sold, () => sold.payment.answer(read, id));
	}

	/** A bank has a say in authorisations, and may take a capture's back. */
	#refuseByBank(call: PaymentCall): PaymentResult {
		if (call.op === 'authorise') return this.#apply(call, false);
		if (call.op !== 'capture') return this.#apply(call, true);
		const isOpen =
			this.#ledger(call).status(call.key).outcome === 'done' && !this.#isCaptured(call);
		return isOpen ? { outcome: 'declined' } : this.#apply(call, true);
	}

	#isCaptured(call: PaymentCall): boolean {
		const status = this.#ledger(call).status(call.key);
		return status.outcome === 'done' && status.state === 'captured';
	}

	#ledger({ provider }: PaymentCall): PaymentLedger {
		return this.ledgers[provider as keyof typeof this.ledgers];
	}

	#apply(call: PaymentCall, bank: boolean): PaymentResult {
		const ledger = this.#ledger(call);
		if (call.op === 'authorise') return ledger.authorise(call, bank);
		if (call.op === 'refund') return ledger.refund(call);
		return ledger[call.op](call.key);
	}

	#check(sold: Sold): void {
		const { seats } = sold;
		const { stands, captured, refunded } = sold.payment.payment;
		const rows = this.rowsOf(sold);
		const taken = rows.filter((row) => row.captured > 0);
		must(taken.length <= 1, 'never two captures');
		must(
			rows.every((row) => row.refunded <= row.captured),
			'refunds above what was captured',
		);
		must(refunded <= captured, 'an order with more refunds than money');
		must(stands !== 'mustWait' || seats === 'held', 'seats stay until the outcome is known');
		must((seats === 'sold') === (stands === 'paid'), `seats ${seats}, payment ${stands}`);
		must((seats === 'free') === (stands === 'over'), `seats ${seats}, payment ${stands}`);
		must(stands !== 'paid' || taken.length === 1, 'sold without money');
	}

	#checkEnd(sold: Sold): void {
		const { payment } = sold.payment;
		const { stands, captured, refunded } = payment;
		must(stands === 'paid' || stands === 'over', `at the end the payment is ${stands}`);
		const rows = this.rowsOf(sold);
		const net = rows.reduce((sum, row) => sum + row.captured - row.refunded, 0);
		must(net === captured - refunded, `the order says ${captured - refunded}, the books ${net}`);
		must(captured === (sold.seats === 'sold' ? AMOUNT : 0), 'what is sold is paid in full');
		must(
			rows.every(({ state }) => state !== 'authorised'),
			'an authorisation is left open',
		);
		must(!hasPaymentWork(payment), 'something is left unresolved');
	}
}
