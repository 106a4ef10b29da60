import { EventFeed, type EventFeedOptions } from './event-feed.ts';

/** Most events that one node listens to at a time. */
const FEEDS_MAX = 10_000;

/** The events that somebody on this node is interested in: one subscription each. */
export class EventFeeds {
	readonly #options: EventFeedOptions;
	readonly #feeds = new Map<string, EventFeed>();

	constructor(options: EventFeedOptions) {
		this.#options = options;
	}

	/** Users who asked for a place and have no answer yet. */
	get arriving(): number {
		let sum = 0;
		for (const { arrivals } of this.#feeds.values()) sum += arrivals.size;
		return sum;
	}

	/** For how long the oldest batch of all events has had no answer, in milliseconds. */
	get unansweredMs(): number {
		let most = 0;
		for (const { unansweredMs } of this.#feeds.values()) most = Math.max(most, unansweredMs);
		return most;
	}

	/** The feed of an event that somebody follows. */
	find(eventId: string): EventFeed | undefined {
		return this.#feeds.get(eventId);
	}

	/** The feed of an event, made if there is none; follow it at once. Nothing beyond the bound. */
	of(eventId: string): EventFeed | undefined {
		const known = this.#feeds.get(eventId);
		if (known !== undefined) return known;
		if (this.#feeds.size >= FEEDS_MAX) return undefined;
		const made: EventFeed = new EventFeed(eventId, this.#options, () => {
			if (this.#feeds.get(eventId) === made) this.#feeds.delete(eventId);
		});
		this.#feeds.set(eventId, made);
		return made;
	}
}
