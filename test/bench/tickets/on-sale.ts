import type { Order, TicketMe } from '../../../src/protocol/ticket-event.ts';
import type { Buyer } from '../clients/buyer.ts';
import { seeded } from '../harness/statistics.ts';

const SEED = 7;

/** What the buyers know together of the seats, as a live map would show it. */
export class SeatMap {
	readonly #free: string[];
	readonly #random = seeded(SEED);

	constructor(seats: readonly string[]) {
		this.#free = [...seats];
	}

	/** One that nobody was told of that it is taken. */
	any(): string | undefined {
		return this.#free[Math.floor(this.#random() * this.#free.length)];
	}

	isTaken(seat: string): void {
		const at = this.#free.indexOf(seat);
		if (at >= 0) this.#free.splice(at, 1);
	}
}

/** One user of a sale: enters, waits, picks a seat when inside, pays, or is told that all is sold. */
export class Shopper {
	readonly #buyer: Buyer;
	readonly #map: SeatMap;
	readonly #over = Promise.withResolvers<void>();
	#isShopping = false;
	order: Order | undefined;
	/** When the user learnt that everything is sold. */
	toldAt: number | undefined;
	/** What went wrong that never should. */
	failure: unknown;

	constructor(buyer: Buyer, map: SeatMap) {
		this.#buyer = buyer;
		this.#map = map;
		buyer.listen(({ me, info }) => {
			if (info?.state === 'soldOut') this.#soldOut();
			if (me !== undefined) this.#stands(me);
		});
	}

	/** Enters; resolves when the user has tickets, or was told that there are none. */
	async go(): Promise<void> {
		try {
			this.#stands(await this.#buyer.enter());
		} catch (error) {
			this.#fail(error);
		}
		await this.#over.promise;
	}

	#stands(me: TicketMe): void {
		if (me.phase === 'soldOut') this.#soldOut();
		else if (me.phase === 'done') {
			this.order = me.order ?? this.order;
			this.#over.resolve();
		} else if (me.phase === 'inside' && !this.#isShopping) {
			this.#isShopping = true;
			this.#shop().catch((error) => this.#fail(error));
		}
	}

	async #shop(): Promise<void> {
		while (this.toldAt === undefined) {
			const seat = this.#map.any();
			// All are held, and some may come back.
			if (seat === undefined) return;
			const claim = await this.#buyer.hold(seat);
			if (claim === 'failed') {
				if (this.toldAt === undefined) throw new Error('a claim was not answered as it must be');
				return;
			}
			this.#map.isTaken(seat);
			if (claim === 'taken') continue;
			this.order = await this.#buyer.buy();
			return;
		}
	}

	#soldOut(): void {
		this.toldAt ??= performance.now();
		if (this.order === undefined) this.#over.resolve();
	}

	#fail(error: unknown): void {
		this.failure ??= error;
		this.#over.resolve();
	}
}
