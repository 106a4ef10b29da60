import type { Order, Refund } from './generated/schemas.ts';
import type { TicketsHandle } from './generated/tickets.ts';

type RefundOptions = Omit<Refund, 'orderId'>;

/** The signed-in user's orders. */
export class Orders {
	readonly #handle: TicketsHandle;

	/** @internal */
	constructor(handle: TicketsHandle) {
		this.#handle = handle;
	}

	/** An order as it stands now. */
	get(orderId: string): Promise<Order> {
		return this.#handle.order({ orderId });
	}

	/**
	 * Gives these seats back, so many units where there are no seats, or all that is left of the order;
	 * resolves with the order as it stands then.
	 */
	refund(orderId: string, { seats, quantity }: RefundOptions = {}): Promise<Order> {
		return this.#handle.refund({ orderId, seats, quantity });
	}
}
