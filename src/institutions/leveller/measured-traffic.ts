import type { Reads } from '../../core/store.ts';
import { LocalDays, readDay } from '../call-days.ts';
import type { InstitutionSettings } from '../settings.ts';
import { RefreshCalendar } from './calendar.ts';
import {
	type DayKind,
	type ExpectedHours,
	expectedHours,
	HOURS_A_DAY,
	type MeasuredHours,
} from './online-traffic.ts';

const DAY_MS = 86_400_000;
/** A pay day is always among them. */
const DAYS = 35;
/** Fewer days of a kind say too little: two weeks of both, and one pay day. */
const DAYS_MIN: Readonly<Record<DayKind, number>> = { rest: 4, trading: 10, payDay: 1 };
const SECONDS_AN_HOUR = 3_600;

/** What is expected of an institution's users, and what says so. */
export interface ExpectedTraffic {
	readonly hours: ExpectedHours;
	readonly by: 'measured' | 'settings';
	/** Days of the last five weeks on which users' calls were counted. */
	readonly days: number;
}

export interface MeasuredTrafficOptions {
	readonly reads: Pick<Reads, 'page'>;
	readonly institution: InstitutionSettings;
	readonly utcOffsetMinutes: number;
	readonly now: number;
}

/** A day like most of its kind: outages and rushes of single days leave no trace in it. */
function medianHours(days: readonly (readonly number[])[]): number[] {
	return Array.from({ length: HOURS_A_DAY }, (_, hour) => {
		const calls = days.map((day) => day[hour] ?? 0).sort((one, other) => one - other);
		const middle = calls.length >> 1;
		const upper = calls[middle] ?? 0;
		return calls.length % 2 === 1 ? upper : (upper + (calls[middle - 1] ?? 0)) / 2;
	});
}

type Days = Readonly<Record<DayKind, readonly (readonly number[])[]>>;

/** Users' calls by hour of each day before today that was counted. */
async function readDays(options: MeasuredTrafficOptions): Promise<Days> {
	const { reads, institution, utcOffsetMinutes, now } = options;
	const { traffic } = institution;
	const calendar = new RefreshCalendar({ institution, utcOffsetMinutes, traffic });
	const local = new LocalDays(utcOffsetMinutes);
	const days = { rest: [], trading: [], payDay: [] } as Record<DayKind, (readonly number[])[]>;
	for (let ago = 1; ago <= DAYS; ago++) {
		const at = now - ago * DAY_MS;
		const [day] = await readDay(reads, local.nameOf(at), institution.id);
		if (day?.online !== undefined) days[calendar.dayKind(at)].push(day.online);
	}
	return days;
}

/**
 * What users are expected to need of an institution (I20): as on the days that were measured, where there
 * are enough of them; else as the settings say. Rejects when the store cannot be read.
 */
export async function expectedTraffic(options: MeasuredTrafficOptions): Promise<ExpectedTraffic> {
	const { institution } = options;
	const { traffic, industry, ratePerSecond } = institution;
	const days = await readDays(options);
	const counted = days.rest.length + days.trading.length + days.payDay.length;
	const isEnough = (kind: DayKind) => days[kind].length >= DAYS_MIN[kind];
	if (!isEnough('rest') || !isEnough('trading')) {
		return { hours: expectedHours(traffic, industry), by: 'settings', days: counted };
	}
	const hourMax = ratePerSecond * SECONDS_AN_HOUR;
	const sharesOf = (kind: DayKind) =>
		medianHours(days[kind]).map((calls) => Math.min(1, calls / hourMax));
	const measured: MeasuredHours = {
		rest: sharesOf('rest'),
		trading: sharesOf('trading'),
		...(isEnough('payDay') ? { payDay: sharesOf('payDay') } : {}),
	};
	return { hours: expectedHours(traffic, industry, measured), by: 'measured', days: counted };
}
