import { setTimeout as sleep } from 'node:timers/promises';
import type { Naru, NaruError, TicketEvent } from '../../client-sdk/src/index.ts';
import { until } from './world.ts';

export interface ShopperOptions {
	readonly eventId: string;
	readonly random: () => number;
}

const REFUSED = ['SEAT_TAKEN', 'EXPIRED', 'NOT_ADMITTED', 'MEMBER_LIMIT', 'CONFLICT', 'SOLD_OUT'];

/** Somebody with the SDK who wants seats until there are some, or none are left. */
export class TicketShopper {
	readonly #event: TicketEvent;
	readonly #options: ShopperOptions;

	constructor(naru: Naru, options: ShopperOptions) {
		this.#event = naru.ticketEvent(options.eventId);
		this.#options = options;
	}

	/** Ends with the seats that were bought; none when everything is sold. */
	async shop(): Promise<readonly string[]> {
		for (;;) {
			try {
				await this.#event.enter();
				await this.#event.admitted();
				await this.#buy();
			} catch (error) {
				const { code, retryable } = error as NaruError;
				if (code === 'SOLD_OUT' || this.#event.me?.phase === 'soldOut') return [];
				// What was not answered may have taken effect: where one stands says so.
				if (!retryable && !REFUSED.includes(code)) throw error;
				await sleep(20);
			}
			const { phase, order } = this.#event.me ?? {};
			if (phase === 'done') return order?.seats ?? [];
		}
	}

	async #buy(): Promise<void> {
		const event = this.#event;
		if (event.me?.phase === 'inside') {
			if (event.me.held.seats.length === 0) await event.hold({ seats: [await this.#pick()] });
			await event.checkout();
		}
		await until(() => event.me?.phase !== 'inside');
		const { phase, order } = event.me ?? {};
		if (phase !== 'paying' || order === undefined) return;
		if (order.status === 'paying') await event.pay(order.id, { methodToken: 'tok-card' });
		await until(() => event.me?.phase !== 'paying');
	}

	/** Any seat that looks free, once the map is there. */
	async #pick(): Promise<string> {
		const event = this.#event;
		await until(() => event.seats.length > 0 || event.me?.phase !== 'inside');
		const free = event.seats.filter(({ state }) => state === 'free');
		const some = free.length > 0 ? free : event.seats;
		return some[Math.floor(this.#options.random() * some.length)]?.id ?? 'none';
	}
}
