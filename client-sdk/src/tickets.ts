import type { TicketsHandle, TicketsTypes } from './generated/tickets.ts';

type Commands = TicketsTypes['commands'];

/** The signed-in user's tickets. */
export class Tickets {
	readonly #handle: TicketsHandle;

	/** @internal */
	constructor(handle: TicketsHandle) {
		this.#handle = handle;
	}

	/** Newest first; `next` goes in as `after` for the next page. */
	list(args: Commands['list']['args'] = {}): Promise<Commands['list']['reply']> {
		return this.#handle.list(args);
	}
}
