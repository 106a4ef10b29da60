import type { ChannelSummary } from '../../protocol/user.ts';
import type { Tell } from '../ports.ts';

/** What a session is told: a channel as it is now, or that it is the user's no more. */
export type ChannelsEvent =
	| readonly ['change', ChannelSummary]
	| readonly ['gone', { readonly id: string }];

/** Channels that a session may have missed; the ones missed longest ago are forgotten first. */
const MISSED_MAX = 10_000;

/** One opened `channels/me`: tells, and keeps which channels its reader was too slow to hear of. */
export class ChannelsSession {
	readonly #tell: Tell;
	#missed: Set<string> | undefined;

	constructor(tell: Tell) {
		this.#tell = tell;
	}

	tell([type, data]: ChannelsEvent): void {
		if (this.#tell([type, data])) {
			this.#missed?.delete(data.id);
			return;
		}
		this.#missed ??= new Set();
		this.#missed.add(data.id);
		if (this.#missed.size <= MISSED_MAX) return;
		for (const oldest of this.#missed) {
			this.#missed.delete(oldest);
			return;
		}
	}

	/** The channels that were missed so far, once. */
	takeMissed(): Iterable<string> {
		const missed = this.#missed ?? [];
		this.#missed = undefined;
		return missed;
	}
}
