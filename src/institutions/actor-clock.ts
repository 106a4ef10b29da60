/**
 * The time of an actor as this node reckons it: what the actor said, and how long that is ago by the
 * monotonic clock here. Never ahead of the actor's own, whatever the ways and clocks.
 */
export class ActorClock {
	/** The actor's time less the clock here, at the least. */
	#ahead: number | undefined;

	/** The actor said that its time was at least `time`, and it is `now` here. */
	hear(time: number, now: number): void {
		this.#ahead = Math.max(this.#ahead ?? Number.NEGATIVE_INFINITY, time - now);
	}

	/** `undefined` as long as nothing was heard. */
	at(now: number): number | undefined {
		return this.#ahead === undefined ? undefined : now + this.#ahead;
	}
}
