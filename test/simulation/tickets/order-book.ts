import { keyOf } from '../../../actors/ticket-event/payment-calls.ts';
import type {
	PaymentEvent,
	PaymentEventData,
	PaymentEventType,
} from '../../../actors/ticket-event/payment-events.ts';
import type { PaymentCall } from '../../../actors/ticket-event/payment-port.ts';
import type { Order } from '../../../src/protocol/ticket-event.ts';

/** An order as the books have it. */
export interface BookedOrder {
	readonly order: Order;
	readonly userId: string;
	stands: 'open' | 'mustWait' | 'paid' | 'over';
	/** The attempt that capture was asked for, from 1. */
	captureOf: number;
	attempts: number;
	captured: number;
	refunded: number;
	/** What its tickets cost that are left. */
	worth: number;
	/** Calls that its events allow. */
	readonly allowed: Set<string>;
}

const callName = (call: PaymentCall) =>
	call.op === 'refund' ? `refund ${call.key} ${call.refundKey}` : `${call.op} ${call.key}`;

const nameOf = ({ order }: BookedOrder, task: string | number) =>
	keyOf({ id: order.id } as Parameters<typeof keyOf>[0], task);

type Books = {
	readonly [T in PaymentEventType]?: (
		booked: BookedOrder,
		data: PaymentEventData<T>,
		more: { readonly at: number; readonly complain: (what: string) => void },
	) => void;
};

const BOOKS: Books = {
	paymentAttempted: (booked, { n }) => {
		booked.attempts = n;
		booked.allowed.add(`authorise ${nameOf(booked, n)}`);
	},
	paymentInquired: (booked, { n }) => {
		booked.allowed.add(`status ${nameOf(booked, n)}`);
	},
	paymentUnsent: (booked, { n }) => {
		booked.allowed.add(`void ${nameOf(booked, n)}`);
	},
	paymentGivenUp: (booked, { n }) => {
		booked.allowed.add(`void ${nameOf(booked, n)}`);
	},
	paymentCaptureRequested: (booked, { n }, { at, complain }) => {
		const { order, captureOf, stands } = booked;
		if (captureOf !== 0) complain(`${order.id} is captured twice`);
		if (stands !== 'open') complain(`capture of an order that is ${stands}`);
		if (at >= (order.deadline ?? 0)) complain('captured behind the deadline');
		booked.captureOf = n;
		booked.stands = 'mustWait';
		booked.allowed.add(`capture ${nameOf(booked, n)}`);
	},
	paymentCaptured: (booked, { n, amount }, { complain }) => {
		if (booked.captureOf !== n) complain('captured without being asked for');
		booked.captured += amount;
		booked.stands = 'paid';
	},
	paymentExpired: (booked, { why }, { complain }) => {
		if (booked.stands === 'mustWait' && why !== 'captureRefused') {
			complain(`${booked.order.id} is given up although its capture was asked for`);
		}
		booked.stands = 'over';
		for (let n = 1; n <= booked.attempts; n++) booked.allowed.add(`void ${nameOf(booked, n)}`);
	},
	paymentReturnRequested: (booked, { n }) => {
		booked.allowed.add(`refund ${nameOf(booked, n)} ${nameOf(booked, n)}.return`);
	},
	paymentRefundRequested: (booked, { k }) => {
		booked.allowed.add(`refund ${nameOf(booked, booked.captureOf)} ${nameOf(booked, `r${k}`)}`);
	},
	paymentRefunded: (booked, { amount }, { complain }) => {
		booked.refunded += amount;
		if (booked.refunded > booked.captured) complain(`${booked.order.id}: too much given back`);
	},
};

type AnyBook = (booked: BookedOrder, data: unknown, more: object) => void;

/** Which money may be moved for which order, by what the journal has. */
export class OrderBook {
	readonly orders = new Map<string, BookedOrder>();
	readonly #complain: (what: string) => void;

	constructor(complain: (what: string) => void) {
		this.#complain = complain;
	}

	open(userId: string, order: Order): void {
		this.orders.set(order.id, {
			...{ order, userId, stands: 'open', captureOf: 0, attempts: 0 },
			...{ captured: 0, refunded: 0, worth: 0, allowed: new Set() },
		});
	}

	follow({ type, data }: PaymentEvent, at: number): void {
		const booked = this.orders.get(data.orderId);
		if (booked === undefined) this.#complain(`${type} of an order that is not there`);
		else (BOOKS[type] as AnyBook | undefined)?.(booked, data, { at, complain: this.#complain });
	}

	/** A request goes out: an event that says so is in the journal. */
	called(call: PaymentCall): void {
		const [orderId = ''] = call.key.split('.');
		const booked = this.orders.get(orderId);
		if (booked?.allowed.has(callName(call)) !== true) {
			this.#complain(`${callName(call)} goes out, and no event says so`);
		}
		if (call.op === 'authorise' && call.amount !== booked?.order.amount) {
			this.#complain(`${call.amount} is asked for ${orderId}`);
		}
	}
}
