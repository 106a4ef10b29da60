/**
 * When whom a tick is told (T4). Who waits is visited by a wheel: one list of users per tier and step,
 * each list once per interval of its tier, so that ticks are spread and nobody is looked at in vain.
 */

/** Users with fewer than `places` ahead are told every `everyMs`. */
export interface Tier {
	readonly places: number;
	readonly everyMs: number;
}

/** From the head of the queue to its end. */
export const TIERS: readonly Tier[] = [
	{ places: 1_000, everyMs: 1_000 },
	{ places: 100_000, everyMs: 5_000 },
	{ places: Infinity, everyMs: 20_000 },
];

export const WHEEL_STEP_MS = 100;

/** Where a member stands on the wheel; written by the wheel only. */
export interface WheelMember {
	tier: number;
	/** -1: on none. */
	slot: number;
	index: number;
}

export class TierWheel<M extends WheelMember> {
	readonly #tiers: readonly Tier[];
	readonly #slots: readonly M[][][];
	/** The slot that the next member of each tier comes to, so that all are of one size. */
	readonly #next: number[];
	#step = 0;

	constructor(tiers: readonly Tier[]) {
		this.#tiers = tiers;
		this.#slots = tiers.map(({ everyMs }) =>
			Array.from({ length: Math.max(1, Math.round(everyMs / WHEEL_STEP_MS)) }, () => []),
		);
		this.#next = tiers.map(() => 0);
	}

	/** The tier of who has so many users ahead. */
	tierOf(place: number): number {
		const tier = this.#tiers.findIndex(({ places }) => place < places);
		return tier < 0 ? this.last : tier;
	}

	/** The tier that is told least often. */
	get last(): number {
		return this.#tiers.length - 1;
	}

	/** Puts the member into a tier, wherever it was before. */
	put(member: M, tier: number): void {
		if (member.slot >= 0 && member.tier === tier) return;
		this.remove(member);
		const slots = this.#slots[tier] ?? [];
		const slot = (this.#next[tier] ?? 0) % slots.length;
		this.#next[tier] = slot + 1;
		const list = slots[slot] as M[];
		member.tier = tier;
		member.slot = slot;
		member.index = list.length;
		list.push(member);
	}

	/** Takes the member out; the last of its list takes its place. */
	remove(member: M): void {
		const list = this.#slots[member.tier]?.[member.slot];
		if (member.slot < 0 || list === undefined) return;
		const last = list.pop() as M;
		if (last !== member) {
			list[member.index] = last;
			last.index = member.index;
		}
		member.slot = -1;
	}

	/** Visits all whose time has come; a visit may move and remove its member. */
	turn(visit: (member: M) => void): void {
		const step = this.#step++;
		for (const slots of this.#slots) {
			const list = slots[step % slots.length] ?? [];
			// Backwards: whoever takes the place of one that goes was visited already.
			for (let index = list.length - 1; index >= 0; index--) {
				const member = list[index];
				if (member !== undefined) visit(member);
			}
		}
	}
}
