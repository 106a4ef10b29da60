import type { Order, TicketEventDraft } from '../../../src/protocol/ticket-event.ts';

type Part = 'held' | 'paying' | 'sold';

interface Given {
	readonly userId: string;
	readonly seats: readonly number[];
	readonly units: number;
}

/** Who has which units of one event, and what for; every unit is in one place. */
export class SeatBook {
	#capacity = 0;
	#maxPerUser = 0;
	#indexes = new Map<string, number>();
	/** By seat; those that are not here are free. */
	readonly #seats = new Map<number, { readonly userId: string; readonly part: Part }>();
	/** By user: units held, being paid, sold. */
	readonly #units = new Map<string, Record<Part, number>>();
	readonly #complain: (what: string) => void;

	constructor(complain: (what: string) => void) {
		this.#complain = complain;
	}

	create({ seats, maxPerUser }: TicketEventDraft, capacity: number): void {
		this.#capacity = capacity;
		this.#maxPerUser = maxPerUser;
		this.#indexes = new Map((seats ?? []).map(({ id }, index) => [id, index]));
	}

	add(units: number): void {
		this.#capacity += units;
	}

	counts(): Record<'free' | Part, number> {
		const counts = { free: this.#capacity, held: 0, paying: 0, sold: 0 };
		for (const units of this.#units.values()) {
			for (const part of ['held', 'paying', 'sold'] as const) {
				counts[part] += units[part];
				counts.free -= units[part];
			}
		}
		return counts;
	}

	hold({ userId, seats, units }: Given): void {
		for (const seat of seats) {
			const owner = this.#seats.get(seat);
			if (owner !== undefined) this.#complain(`seat ${seat} of ${owner.userId} for ${userId} too`);
			this.#seats.set(seat, { userId, part: 'held' });
		}
		const mine = this.#of(userId);
		mine.held += units;
		const all = mine.held + mine.paying + mine.sold;
		if (all > this.#maxPerUser) this.#complain(`${userId} has ${all}`);
		if (this.counts().free < 0) this.#complain('more is held than there is');
	}

	/** All that the user holds; answers with its seats. */
	checkOut(userId: string, { seats: ids, quantity }: Order): readonly number[] {
		const seats = ids.map((id) => this.#indexes.get(id) ?? -1);
		if (this.#of(userId).held !== quantity) this.#complain(`${userId} checks out something else`);
		this.#move({ userId, seats, units: quantity }, 'held', 'paying');
		return seats;
	}

	sell(userId: string, units: number, seats: readonly number[]): void {
		this.#move({ userId, seats, units }, 'paying', 'sold');
	}

	giveBack(given: Given, from: Part): void {
		this.#move(given, from, undefined);
	}

	#move({ userId, seats, units }: Given, from: Part, to: Part | undefined): void {
		for (const seat of seats) {
			const owner = this.#seats.get(seat);
			if (owner?.userId !== userId || owner.part !== from) {
				this.#complain(`seat ${seat} is not ${from} by ${userId}`);
			}
			if (to === undefined) this.#seats.delete(seat);
			else this.#seats.set(seat, { userId, part: to });
		}
		const mine = this.#of(userId);
		mine[from] -= units;
		if (mine[from] < 0) this.#complain(`${userId} gives more back than was ${from}`);
		if (to !== undefined) mine[to] += units;
	}

	#of(userId: string): Record<Part, number> {
		const known = this.#units.get(userId);
		if (known !== undefined) return known;
		const made = { held: 0, paying: 0, sold: 0 };
		this.#units.set(userId, made);
		return made;
	}
}
