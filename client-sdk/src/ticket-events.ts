import type { TicketsHandle, TicketsTypes } from './generated/tickets.ts';

type Commands = TicketsTypes['commands'];

/** Sales of tickets that there are. */
export class TicketEvents {
	readonly #handle: TicketsHandle;

	/** @internal */
	constructor(handle: TicketsHandle) {
		this.#handle = handle;
	}

	/** By opening time; of one state, with a text in the title. `next` goes in as `after`. */
	list(args: Commands['events']['args'] = {}): Promise<Commands['events']['reply']> {
		return this.#handle.events(args);
	}
}
