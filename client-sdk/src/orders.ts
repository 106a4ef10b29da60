import type { Order } from './generated/schemas.ts';
import type { TicketsHandle } from './generated/tickets.ts';

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

	/** Gives these seats back, or all of the order; resolves with the order as it stands then. */
	refund(orderId: string, { seats }: { readonly seats?: readonly string[] } = {}): Promise<Order> {
		return this.#handle.refund({ orderId, seats });
	}
}
