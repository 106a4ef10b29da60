import type { Reads } from '../core/store.ts';
import { type InstitutionDay, LocalDays, readDay } from './call-days.ts';

const WEEK_MS = 7 * 86_400_000;
/** Beyond so many times last week's traffic an industry is marked (I16). */
const GROWTH_MARKED = 1.5;

/** One industry, today until now and the same weekday last week until the same hour. */
export interface TrafficRow {
	readonly industry: string;
	readonly today: number;
	readonly lastWeek: number;
	/** Absent: there was nothing last week. */
	readonly growth?: number;
	readonly isMarked: boolean;
}

/** Calls until a moment of the day; of the hour that it is in, its part. */
function callsUntil(hours: readonly number[], moment: number): number {
	const whole = Math.floor(moment);
	const sum = hours.slice(0, whole).reduce((all, one) => all + one, 0);
	return sum + (hours[whole] ?? 0) * (moment - whole);
}

function byIndustry(days: readonly InstitutionDay[], moment: number): Map<string, number> {
	const sums = new Map<string, number>();
	for (const { industry, hours } of days)
		sums.set(industry, (sums.get(industry) ?? 0) + callsUntil(hours, moment));
	return sums;
}

/** Today's calls against those of the same weekday last week up to the same time of day (I16). */
export async function trafficReport(options: {
	readonly reads: Pick<Reads, 'page'>;
	readonly now: number;
	readonly utcOffsetMinutes: number;
}): Promise<TrafficRow[]> {
	const { reads, now, utcOffsetMinutes } = options;
	const days = new LocalDays(utcOffsetMinutes);
	const [today, before] = await Promise.all(
		[now, now - WEEK_MS].map((at) => readDay(reads, days.nameOf(at))),
	);
	// All of today is until now, whatever part of its last hour is over.
	const present = byIndustry(today ?? [], 24);
	const past = byIndustry(before ?? [], days.hourOf(now));
	const industries = [...new Set([...present.keys(), ...past.keys()])].sort();
	return industries.map((industry) => {
		const calls = present.get(industry) ?? 0;
		const lastWeek = Math.round(past.get(industry) ?? 0);
		if (lastWeek === 0) return { industry, today: calls, lastWeek, isMarked: false };
		const growth = calls / lastWeek;
		return { industry, today: calls, lastWeek, growth, isMarked: growth > GROWTH_MARKED };
	});
}
