import { pack } from '../protocol/codec.ts';
import { OP } from '../protocol/frames.ts';
import type { WireEvent } from '../protocol/wire.ts';
import { ownMessage, type SocketMessage, sharedMessage } from './socket-message.ts';

/** Handles of one service and id on this edge: they share their frames. */
export interface ServiceGroup {
	readonly key: string;
	readonly down: number;
	handles: number;
	/** What was told last, and its frame if it was told more than once. */
	event: WireEvent | undefined;
	message: SocketMessage | undefined;
}

/** The services of which this edge has handles. */
export class ServiceGroups {
	readonly #byKey = new Map<string, ServiceGroup>();
	readonly #nextDown: () => number;

	constructor(nextDown: () => number) {
		this.#nextDown = nextDown;
	}

	enter(key: string): ServiceGroup {
		let group = this.#byKey.get(key);
		if (group === undefined) {
			const down = this.#nextDown();
			group = { key, down, handles: 0, event: undefined, message: undefined };
			this.#byKey.set(key, group);
		}
		group.handles++;
		return group;
	}

	leave(group: ServiceGroup): void {
		group.handles--;
		if (group.handles === 0) this.#byKey.delete(group.key);
	}

	/** The frame of an event; told to several handles in a row, they share one. */
	frame(group: ServiceGroup, event: WireEvent): SocketMessage {
		if (group.event !== event) {
			group.event = event;
			group.message = undefined;
			return ownMessage(group.down, OP.ephemeral, pack(event));
		}
		group.message ??= sharedMessage(group.down, OP.ephemeral, pack(event));
		return group.message;
	}
}
