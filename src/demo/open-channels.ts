import type { Channel } from '../../client-sdk/src/index.ts';
import type { NaruClient } from './client.ts';

/** Channels stay open and current after one has looked away, but not all of them for ever. */
const OPEN_MAX = 12;

/** The channels that were looked at last; the oldest is closed when there are too many. */
export class OpenChannels {
	readonly #naru: NaruClient;
	readonly #ids = new Set<string>();

	constructor(naru: NaruClient) {
		this.#naru = naru;
	}

	use(id: string): Channel {
		this.#ids.delete(id);
		this.#ids.add(id);
		for (const old of this.#ids) {
			if (this.#ids.size <= OPEN_MAX) break;
			const channel = this.#naru.channel(old);
			// What is on its way would be refused.
			if (channel.pending.length > 0) continue;
			this.#ids.delete(old);
			channel.close();
		}
		return this.#naru.channel(id);
	}
}
