/** A stretch of minutes in which batch calls may go, with the same online traffic throughout. */
export interface Stretch {
	/** Milliseconds since 1970. */
	readonly from: number;
	readonly minutes: number;
	/** Share of the contract's rate that users are expected to need, 0 to 1. */
	readonly online: number;
}

export interface Planned {
	readonly stretch: Stretch;
	/** Targets for each of its minutes; not rounded. */
	readonly perMinute: number;
}

export interface WeekPlan {
	readonly stretches: readonly Planned[];
	/** Targets that find no room. */
	readonly short: number;
}

/** The busiest hour still takes targets, about a fifth of what a silent one takes. */
const ABOVE_BUSIEST = 1.25;

/** Where users need less than this at their busiest, all hours are alike. */
const SILENT = 0.001;

export interface PlanBounds {
	/** What the contract allows in a minute, users included. */
	readonly perMinuteMax: number;
	/** Share of the contract's rate that users need when they need most, 0 to 1. */
	readonly busiest: number;
}

/**
 * Spreads targets over stretches against the expected traffic (I20): each minute takes in proportion to
 * how far its traffic is below the busiest, and never more than the contract leaves beside its users.
 * What finds no room in one stretch goes to the others. Pure.
 */
export function planWeek(
	targets: number,
	stretches: readonly Stretch[],
	{ perMinuteMax, busiest }: PlanBounds,
): WeekPlan {
	const open = stretches.map((stretch) => ({
		stretch,
		weight: busiest < SILENT ? 1 : Math.max(0, ABOVE_BUSIEST * busiest - stretch.online),
		room: Math.max(0, 1 - stretch.online) * perMinuteMax,
	}));
	const full = new Set<(typeof open)[number]>();
	let left = targets;
	let share = 0;
	for (;;) {
		const free = open.filter((one) => !full.has(one));
		const weight = free.reduce((sum, one) => sum + one.weight * one.stretch.minutes, 0);
		share = weight === 0 ? 0 : left / weight;
		const filled = free.filter((one) => one.weight * share > one.room);
		if (filled.length === 0) break;
		for (const one of filled) {
			full.add(one);
			left -= one.room * one.stretch.minutes;
		}
	}
	const planned = open.map((one) => ({
		stretch: one.stretch,
		perMinute: full.has(one) ? one.room : one.weight * share,
	}));
	const isFull = full.size === open.length;
	return { stretches: planned, short: isFull ? Math.max(0, left) : 0 };
}

/** A plan's minutes in whole targets, exact in sum: what is left of one minute goes to the next. */
export function* plannedMinutes({
	stretches,
}: WeekPlan): Generator<{ readonly at: number; readonly targets: number }> {
	let sum = 0;
	let told = 0;
	for (const { stretch, perMinute } of stretches) {
		for (let minute = 0; minute < stretch.minutes; minute++) {
			sum += perMinute;
			// Sums of fractions are never exact; a millionth of a target is nobody.
			const targets = Math.floor(sum + 1e-6) - told;
			told += targets;
			yield { at: stretch.from + minute * 60_000, targets };
		}
	}
}
