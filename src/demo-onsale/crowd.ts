import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { connect, type SocketMaker } from '../../client-sdk/src/index.ts';
import { Buyer, type BuyerResult } from './buyer.ts';

/** Buyers that connect at the same time. */
const CONNECTING_MAX = 60;
/** A user's calls wait so long for an answer of a busy machine. */
const TIMEOUT_MS = 30_000;
/** Thousands who went all at once would be in the way of those who are still to be told. */
const GOES_WITHIN_MS = 8_000;

export interface CrowdOptions {
	readonly url: string;
	readonly eventId: string;
	readonly buyers: number;
	/** So many are there before the opening. */
	readonly early: number;
	/** The opening, by this machine's clock. */
	readonly opensAt: number;
	readonly rushSeconds: number;
	readonly token: (userId: string) => Promise<string>;
}

/** Thousands of buyers, each with a socket of its own. */
export class Crowd {
	readonly results: BuyerResult[] = [];
	readonly #options: CrowdOptions;
	/** Sockets that are open now. */
	connected = 0;
	#came = 0;

	constructor(options: CrowdOptions) {
		this.#options = options;
	}

	/** Brings everybody, and resolves when the last one has gone. */
	async run(): Promise<void> {
		const visits: Promise<void>[] = [];
		const lane = async () => {
			while (this.#came < this.#options.buyers) {
				const number = this.#came++;
				await this.#pace(number);
				const { naru, online } = await this.#connect(number);
				if (!online) continue;
				visits.push(this.#visit(naru, number));
			}
		};
		await Promise.all(Array.from({ length: CONNECTING_MAX }, lane));
		await Promise.all(visits);
	}

	/** Spreads the connecting over the time before the opening. */
	async #pace(number: number): Promise<void> {
		const { buyers, opensAt } = this.#options;
		const left = opensAt - Date.now();
		if (left > 0) await sleep(Math.min(1_000, (left / (buyers - number)) * CONNECTING_MAX * 0.6));
	}

	async #connect(number: number) {
		const { url, eventId, token } = this.#options;
		const userId = `buyer-${eventId}-${number}`;
		const naru = connect({
			url,
			token: () => token(userId),
			deviceId: userId,
			timeoutMs: TIMEOUT_MS,
			WebSocket: WebSocket as unknown as SocketMaker,
		});
		const online = await new Promise<boolean>((resolve) => {
			let isOnline = false;
			naru.on('status', ({ status }) => {
				if ((status === 'online') !== isOnline) this.connected += isOnline ? -1 : 1;
				isOnline = status === 'online';
				if (isOnline || status === 'closed') resolve(isOnline);
			});
		});
		if (!online)
			this.results.push({ outcome: 'failed', seats: [], declined: false, code: 'CLOSED' });
		return { naru, online };
	}

	async #visit(naru: ReturnType<typeof connect>, number: number): Promise<void> {
		const { eventId, early, opensAt, rushSeconds } = this.#options;
		// Most of the others come soon after the opening.
		const later = opensAt + Math.random() ** 2 * rushSeconds * 1_000;
		const comesAt = number < early ? 0 : later;
		this.results.push(await new Buyer(naru, { eventId, comesAt }).visit());
		await sleep(Math.random() * GOES_WITHIN_MS);
		await naru.close();
	}
}
