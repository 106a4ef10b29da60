/**
 * What is known of the payment of one order: plain data, changed by its events (`payment-events.ts`) alone.
 *
 *   authorising ──yes──▶ capturing ──done──▶ captured
 *     │  │  └─no answer─▶ inquiring ──yes──▶ capturing
 *     │  └──bank: no──▶ declined   └─cannot be found out─▶ voiding
 *     └──not sent──▶ voiding
 *   any of these, given up ──▶ voiding ──acknowledged──▶ voided
 *                                 └──"it is captured"──▶ returning ──done──▶ returned
 *
 * One attempt at most is ever captured; which one is fixed by `paymentCaptureRequested`.
 */
import type { OrderStatus } from '../../src/protocol/ticket-event.ts';
import type { Returned } from './payment-events.ts';

export type AttemptStep =
	| 'authorising'
	/** The answer to the authorisation was lost: the provider is asked where it stands. */
	| 'inquiring'
	/** From here on the seats stay until the outcome is known. */
	| 'capturing'
	/** Given up; its key has to be refused by the provider from now on. */
	| 'voiding'
	/** Given up, but captured: the whole amount is given back. */
	| 'returning'
	| 'captured'
	| 'voided'
	| 'declined'
	| 'returned';

/** An outside call that is repeated until it is answered for good. */
export interface Pursuit {
	/** Number of the present call of this step, from 1. */
	tries: number;
	/** Calls of this step that came to nothing, since it began or was taken up again by hand. */
	failures: number;
	/** The next call goes out at this time; absent: it is out. */
	retryAt?: number;
	/** It has failed too often: a person has to look. Calls go on, but rarely. */
	stuckSince?: number;
	/** Only a person takes it up again. */
	isLeft?: boolean;
}

export interface PaymentAttempt extends Pursuit {
	/** From 1; the key at the provider is `<orderId>.<n>`. */
	readonly n: number;
	readonly provider: string;
	step: AttemptStep;
}

/** What it names comes back once it is done. */
export interface PaymentRefund extends Pursuit, Returned {
	/** From 1; the key at the provider is `<orderId>.r<k>`. */
	readonly k: number;
	isDone: boolean;
}

/** What may have an outside call to be made. */
export type PaymentWork = PaymentAttempt | PaymentRefund;

/** One `pay` of the user, from provider to provider until somebody answers. */
export interface PaymentRun {
	/** Position of the event that holds the token of the method, which is nowhere else. */
	readonly methodAt: number;
	/** Providers that were asked since the last wait. */
	tried: string[];
	/** How often nobody could be asked. */
	waits: number;
	/** When somebody is asked again. */
	retryAt?: number;
}

/**
 * `none`: nobody is asked, the user may pay. `asking`: a provider is, or will be. `mustWait`: capture
 * was requested or is in doubt, the seats stay. `declined`: the bank said no, the user may pay again.
 * `over`: it will not be paid any more.
 */
export type PaymentStanding = 'none' | 'asking' | 'mustWait' | 'paid' | 'declined' | 'over';

export interface PaymentState {
	stands: PaymentStanding;
	readonly attempts: PaymentAttempt[];
	readonly refunds: PaymentRefund[];
	run?: PaymentRun;
	/** The one attempt that capture was requested of. */
	captureOf?: number;
	/** Minor units that were taken for the order, and given back of them. */
	captured: number;
	refunded: number;
}

export const initialPayment = (): PaymentState => ({
	stands: 'none',
	attempts: [],
	refunds: [],
	captured: 0,
	refunded: 0,
});

/** Steps of which nothing follows any more. */
const SETTLED: readonly AttemptStep[] = ['captured', 'voided', 'declined', 'returned'];

/** Whether the attempt has a call that is out or will be. */
export const isOpen = ({ step }: PaymentAttempt): boolean => !SETTLED.includes(step);

/** Name of the pursuit in events and keys. */
export const taskOf = (work: PaymentWork): string => ('n' in work ? `${work.n}` : `r${work.k}`);

/** What a refund leads to when it is done: what it named, no less and no more. */
export const refundDone = ({ k, amount, seats, quantity }: PaymentRefund) => ({
	...{ k, amount, seats },
	...(quantity === undefined ? {} : { quantity }),
});

/** Everything that still has an outside call to be made. */
export const openWork = ({ attempts, refunds }: PaymentState): PaymentWork[] => [
	...attempts.filter(isOpen),
	...refunds.filter(({ isDone }) => !isDone),
];

/** Whether an outside call is left to be made, by itself or by a person. */
export const hasPaymentWork = (payment: PaymentState): boolean =>
	payment.run !== undefined || openWork(payment).length > 0;

/** When something is to be repeated; the order's own deadline comes in addition. */
export function paymentDueAt(payment: PaymentState): number | undefined {
	const times = [payment.run, ...openWork(payment)].map((work) => work?.retryAt ?? Infinity);
	const first = Math.min(...times);
	return first === Infinity ? undefined : first;
}

/** Whether a call that moves money has gone out and nobody knows what became of it. */
function isInDoubt({ attempts, captureOf, stands }: PaymentState): boolean {
	if (stands === 'asking') return attempts.at(-1)?.step === 'inquiring';
	const captured = captureOf === undefined ? undefined : attempts[captureOf - 1];
	return stands === 'mustWait' && (captured?.failures ?? 0) > 0;
}

/** What the buyer is told of the order, refunds aside. */
export function paymentStatus(payment: PaymentState): Exclude<OrderStatus, 'refunded'> {
	const { stands } = payment;
	if (stands === 'paid' || stands === 'declined') return stands;
	if (stands === 'over') return 'expired';
	return isInDoubt(payment) ? 'resolving' : 'paying';
}

/** A copy that shares nothing which `evolvePayment` changes. */
export const copyPayment = ({ attempts, refunds, run, ...rest }: PaymentState): PaymentState => ({
	...rest,
	attempts: attempts.map((attempt) => ({ ...attempt })),
	refunds: refunds.map((refund) => ({ ...refund })),
	...(run === undefined ? {} : { run: { ...run, tried: [...run.tried] } }),
});
