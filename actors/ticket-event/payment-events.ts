/** What happens to the payment of an order, as the journal keeps it. */
import type { ActorEvent } from '../../src/core/actor-kind.ts';

/** What goes back of an order. */
export interface Returned {
	/** Minor units. */
	readonly amount: number;
	/** Empty when the event has none. */
	readonly seats: readonly string[];
	/** Units without seats; absent: all that is left, where there are no seats. */
	readonly quantity?: number;
}

/** Data of the payment's events; `orderId` comes in addition. */
interface EventData {
	/** An attempt has a key and a provider: it is asked for authorisation. */
	paymentAttempted: {
		readonly n: number;
		readonly provider: string;
		/** On the first attempt of a `pay`; emptied in place once the `pay` is over. */
		readonly methodToken?: string;
	};
	/**
	 * The call surely never reached the provider: another one is asked at once. One with the same key may
	 * have, before a crash: so it is voided like any that is given up.
	 */
	paymentUnsent: { readonly n: number; readonly provider: string };
	/** No answer in time: the outcome is unknown, and asked for. */
	paymentInquired: { readonly n: number; readonly provider: string };
	/** The bank said no. */
	paymentDeclined: { readonly n: number; readonly provider: string };
	/** Authorised. This attempt and no other will be captured; the seats stay from here on. */
	paymentCaptureRequested: { readonly n: number; readonly provider: string };
	/** Paid: the tickets are the user's. `n` is 0 when there was nothing to pay. */
	paymentCaptured: { readonly n: number; readonly amount: number };
	paymentGivenUp: { readonly n: number };
	paymentVoided: { readonly n: number };
	/** A given-up attempt turned out to be captured. */
	paymentReturnRequested: { readonly n: number };
	paymentReturned: { readonly n: number };
	/** Nobody can be asked now; somebody is at this time. */
	paymentWaited: { readonly at: number };
	/** Nobody could be asked for too long: this `pay` is over, the user may try again. */
	paymentFailed: Readonly<Record<never, never>>;
	/** It will not be paid any more: the seats are free, and all that was authorised is voided. */
	paymentExpired: { readonly why: 'deadline' | 'captureRefused' | 'abandoned' };
	paymentRefundRequested: {
		readonly k: number;
	} & Returned;
	/** The money is back: so are its units. */
	paymentRefunded: { readonly k: number } & Returned;
	/** `task`: the part of the key behind the order. */
	paymentRetryPlanned: { readonly task: string; readonly at: number };
	/** By hand: it is not stuck any more. */
	paymentRetried: { readonly task: string; readonly byHand?: boolean };
	/** Failed too often: somebody has to look (T9). `at`: tried again then; absent: not by itself. */
	paymentStuck: { readonly task: string; readonly what: StuckCall; readonly at?: number };
}

export type StuckCall = 'capture' | 'void' | 'refund';
export type PaymentEventType = keyof EventData;
export type PaymentEventData<T extends PaymentEventType> = EventData[T] & {
	readonly orderId: string;
};
export type PaymentEvent = {
	[T in PaymentEventType]: ActorEvent & { readonly type: T; readonly data: PaymentEventData<T> };
}[PaymentEventType];

export const PAYMENT_EVENT_VERSIONS: Readonly<Record<PaymentEventType, number>> = {
	paymentAttempted: 1,
	paymentUnsent: 1,
	paymentInquired: 1,
	paymentDeclined: 1,
	paymentCaptureRequested: 1,
	paymentCaptured: 1,
	paymentGivenUp: 1,
	paymentVoided: 1,
	paymentReturnRequested: 1,
	paymentReturned: 1,
	paymentWaited: 1,
	paymentFailed: 1,
	paymentExpired: 1,
	paymentRefundRequested: 1,
	paymentRefunded: 1,
	paymentRetryPlanned: 1,
	paymentRetried: 1,
	paymentStuck: 1,
};

/** Whether an event of the sale is one of a payment. */
export const isPaymentEvent = (event: ActorEvent): event is PaymentEvent =>
	Object.hasOwn(PAYMENT_EVENT_VERSIONS, event.type);
