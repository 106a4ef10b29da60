/** Proves that every member hears every message of its channels, once and in order. */
export class Tally {
	#last: Int32Array;
	#channels: number;
	#outOfOrder = 0;
	#heard = 0;

	constructor(members: number, channels: number) {
		this.#channels = channels;
		this.#last = new Int32Array(members * channels);
	}

	/** How often anybody heard anything. */
	get heard(): number {
		return this.#heard;
	}

	/** Numbers of a channel begin with 1 and have no holes. */
	hear(member: number, channel: number, n: number): void {
		const at = member * this.#channels + channel;
		this.#heard++;
		if (n !== (this.#last[at] ?? 0) + 1) this.#outOfOrder++;
		this.#last[at] = n;
	}

	/** Messages that are missing now when each channel had `said[channel]`, plus those out of order. */
	missed(said: readonly number[]): number {
		let missing = this.#outOfOrder;
		for (let at = 0; at < this.#last.length; at++)
			missing += Math.max(0, (said[at % this.#channels] ?? 0) - (this.#last[at] ?? 0));
		return missing;
	}
}
