import { setTimeout as sleep } from 'node:timers/promises';
import {
	type Naru,
	NaruError,
	type Order,
	type Seat,
	type Standing,
	type TicketEvent,
} from '../../client-sdk/src/index.ts';

/** How a visit ended. */
export type Outcome = 'bought' | 'soldOut' | 'left' | 'missed' | 'failed';

/** What the crowd counts. */
export interface BuyerResult {
	readonly outcome: Outcome;
	/** Seats of the tickets that the server lists as this buyer's. */
	readonly seats: readonly string[];
	/** When it was told in the queue that all is sold, by this machine's clock. */
	readonly toldAt?: number;
	readonly declined: boolean;
	/** The code of what went wrong. */
	readonly code?: string;
}

export interface BuyerPlan {
	readonly eventId: string;
	/** Comes then, by this machine's clock; the SDK waits for the opening by itself. */
	readonly comesAt: number;
}

const CHANGES_MIND = 0.06;
const DECLINED_FIRST = 0.06;
const TRIES_AGAIN = 0.7;
const HOLDS_MAX = 12;
const LOOKS_MAX = 40;
const LOOK_MS = 500;
const OUTCOME_MAX_MS = 90_000;
const TICKETS_LOOKS_MAX = 100;

/** Somewhere between, in milliseconds. */
const think = (least: number, most: number) => sleep(least + Math.random() * (most - least));

const codeOf = (error: unknown) => (error instanceof NaruError ? error.code : 'INTERNAL');

/** One to three, mostly few. */
function countWanted(): number {
	const chance = Math.random();
	return chance < 0.45 ? 1 : chance < 0.85 ? 2 : 3;
}

/** Free neighbours, somewhere in the hall; fewer where there are none, and none when nothing is free. */
function pickSeats(seats: readonly Seat[], count: number): string[] {
	const free = seats.flatMap(({ state }, index) => (state === 'free' ? [index] : []));
	const first = free[Math.floor(Math.random() * free.length)];
	if (first === undefined) return [];
	const picked: string[] = [];
	for (let index = first; picked.length < count; index++) {
		const seat = seats[index];
		if (seat?.state !== 'free') break;
		picked.push(seat.id);
	}
	return picked;
}

/** A buyer with a client of the SDK: waits, picks seats on the live map, pays, and has tickets. */
export class Buyer {
	readonly #naru: Naru;
	readonly #event: TicketEvent;
	readonly #plan: BuyerPlan;
	#declined = false;
	#toldAt: number | undefined;

	constructor(naru: Naru, plan: BuyerPlan) {
		this.#naru = naru;
		this.#plan = plan;
		this.#event = naru.ticketEvent(plan.eventId);
		let wasWaiting = false;
		this.#event.on('me', ({ phase }) => {
			if (phase === 'soldOut' && wasWaiting) this.#toldAt ??= Date.now();
			wasWaiting = phase === 'waiting';
		});
	}

	/** From coming to going; never rejects. */
	async visit(): Promise<BuyerResult> {
		try {
			await sleep(Math.max(0, this.#plan.comesAt - Date.now()));
			await this.#event.enter();
			await this.#event.admitted();
			return await this.#inside();
		} catch (error) {
			const code = codeOf(error);
			if (code === 'SOLD_OUT') return this.#end('soldOut');
			return this.#end('failed', { code });
		}
	}

	async #inside(): Promise<BuyerResult> {
		if (Math.random() < CHANGES_MIND) {
			await think(500, 3_000);
			await this.#event.leave();
			return this.#end('left');
		}
		if (!(await this.#hold())) {
			if (this.#event.me?.phase === 'soldOut') return this.#end('soldOut');
			await this.#event.leave();
			return this.#end('missed');
		}
		await think(500, 2_000);
		const order = await this.#event.checkout();
		await think(500, 2_500);
		return this.#pay(order);
	}

	/** Holds some seats; others may be faster. */
	async #hold(): Promise<boolean> {
		const count = countWanted();
		for (let holds = 0, looks = 0; holds < HOLDS_MAX && looks < LOOKS_MAX; looks++) {
			await think(300, 1_500);
			if (this.#event.me?.phase !== 'inside') return false;
			const seats = pickSeats(this.#event.seats, count);
			if (seats.length === 0) {
				await sleep(LOOK_MS);
				continue;
			}
			holds++;
			try {
				await this.#event.hold({ seats });
				return true;
			} catch (error) {
				if (codeOf(error) !== 'SEAT_TAKEN') throw error;
			}
		}
		return false;
	}

	async #pay(order: Order): Promise<BuyerResult> {
		if (Math.random() < DECLINED_FIRST) {
			this.#declined = true;
			await this.#event.pay(order.id, { methodToken: 'tok-declined' });
			await this.#until(({ order: now }) => now?.status === 'declined');
			if (Math.random() > TRIES_AGAIN) {
				await this.#event.leave();
				return this.#end('left');
			}
			await think(1_000, 3_000);
		}
		await this.#event.pay(order.id, { methodToken: 'tok-card' });
		await this.#until(({ phase }) => phase === 'done' || phase === 'before');
		if (this.#event.me?.phase !== 'done') return this.#end('failed', { code: 'EXPIRED' });
		return this.#end('bought', { seats: await this.#tickets(order) });
	}

	/** The seats of the order's tickets, once all are listed. */
	async #tickets({ id, quantity }: Order): Promise<string[]> {
		for (let looks = 0; looks < TICKETS_LOOKS_MAX; looks++) {
			const { tickets } = await this.#naru.tickets.list();
			const seats = tickets.flatMap(({ orderId, seatId }) =>
				orderId === id ? [seatId ?? ''] : [],
			);
			if (seats.length >= quantity) return seats;
			await sleep(LOOK_MS);
		}
		throw new NaruError('TIMEOUT', 'the tickets are not listed');
	}

	/** Resolves once it holds where the buyer stands. */
	#until(holds: (me: Standing) => boolean): Promise<void> {
		return new Promise((resolve, reject) => {
			const end = (finish: () => void) => {
				clearTimeout(timer);
				// The first call may come before there is something to undo.
				queueMicrotask(() => undo());
				finish();
			};
			const timer = setTimeout(
				() => end(() => reject(new NaruError('TIMEOUT', 'no outcome in time'))),
				OUTCOME_MAX_MS,
			);
			const undo = this.#event.on('me', (me) => {
				if (holds(me)) end(resolve);
			});
		});
	}

	#end(outcome: Outcome, more: { seats?: readonly string[]; code?: string } = {}): BuyerResult {
		const { seats = [], code } = more;
		const toldAt = this.#toldAt;
		return {
			outcome,
			seats,
			declined: this.#declined,
			...(toldAt === undefined ? {} : { toldAt }),
			...(code === undefined ? {} : { code }),
		};
	}
}
