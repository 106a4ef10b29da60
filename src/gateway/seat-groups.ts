import { OP } from '../protocol/frames.ts';
import { type SocketMessage, sharedMessage } from './socket-message.ts';

/** Seats of one room on this edge: they share their frames. */
export interface SeatGroup {
	readonly key: string;
	readonly down: number;
	seats: number;
	/** The bytes framed last, and their frame, within this turn of the event loop. */
	bytes: Uint8Array | undefined;
	message: SocketMessage | undefined;
}

/**
 * The rooms of which this edge has seats. A room hands the same bytes to seat after seat: they are
 * copied and framed once, since Colyseus reuses its buffers.
 */
export class SeatGroups {
	readonly #byKey = new Map<string, SeatGroup>();
	readonly #nextDown: () => number;
	readonly #defer: (run: () => void) => void;

	constructor(nextDown: () => number, defer: (run: () => void) => void) {
		this.#nextDown = nextDown;
		this.#defer = defer;
	}

	enter(key: string): SeatGroup {
		let group = this.#byKey.get(key);
		if (group === undefined) {
			const down = this.#nextDown();
			group = { key, down, seats: 0, bytes: undefined, message: undefined };
			this.#byKey.set(key, group);
		}
		group.seats++;
		return group;
	}

	leave(group: SeatGroup): void {
		group.seats--;
		if (group.seats === 0) this.#byKey.delete(group.key);
	}

	/** The frame of these bytes; the same for the same bytes within a turn. */
	frame(group: SeatGroup, bytes: Uint8Array): SocketMessage {
		if (group.bytes === bytes && group.message !== undefined) return group.message;
		if (group.bytes === undefined) {
			this.#defer(() => {
				group.bytes = undefined;
				group.message = undefined;
			});
		}
		const message = sharedMessage(group.down, OP.data, bytes);
		group.bytes = bytes;
		group.message = message;
		return message;
	}
}
