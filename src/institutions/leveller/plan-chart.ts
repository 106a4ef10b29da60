import { MINUTE_MS, type RefreshCalendar } from './calendar.ts';
import type { ExpectedTraffic } from './measured-traffic.ts';
import { type Planned, plannedMinutes, planWeek } from './plan.ts';

const BAR_LENGTH = 40;
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

export interface ChartOptions {
	readonly calendar: RefreshCalendar;
	readonly utcOffsetMinutes: number;
	/** Any moment of the week, in milliseconds since 1970. */
	readonly at: number;
	readonly users: number;
	/** Refreshes a second that the contract allows. */
	readonly perSecondMax: number;
	/** Where the calendar has what it expects of users from; by default the settings. */
	readonly expected?: Pick<ExpectedTraffic, 'by' | 'days'> | undefined;
}

const number = (value: number) => Math.round(value).toLocaleString('en-US');

/** The plan of a week, hour by hour, as lines of text. */
export function planChart(options: ChartOptions): string[] {
	const { calendar, at, users, perSecondMax, utcOffsetMinutes, expected } = options;
	const { from, to } = calendar.weekAt(at);
	const bounds = { perMinuteMax: perSecondMax * 60, busiest: calendar.busiest };
	const plan = planWeek(users, calendar.stretches(from, to), bounds);
	const most = Math.max(1, ...plan.stretches.map(({ perMinute }) => perMinute));
	const minutes = [...plannedMinutes(plan)];
	const lines = [sourceLine(expected)];
	for (const day of byDay(plan.stretches, utcOffsetMinutes)) {
		const total = day.hours.reduce((sum, one) => sum + one.perMinute * one.stretch.minutes, 0);
		lines.push(`${day.name}  ${number(total)} users`);
		for (const hour of day.hours) lines.push(hourLine(hour, most, utcOffsetMinutes));
	}
	const fullest = minutes.reduce((sum, { targets }) => Math.max(sum, targets), 0);
	const planned = minutes.reduce((sum, { targets }) => sum + targets, 0);
	lines.push(
		'',
		`${number(planned)} users in ${number(minutes.length)} minutes, at most ${number(fullest)} a minute`,
	);
	if (plan.short >= 1)
		lines.push(`${number(plan.short)} users find no room: the contract is too small`);
	return lines;
}

function sourceLine(expected: ChartOptions['expected']): string {
	if (expected === undefined)
		return 'users as the settings say: no node was asked what it measured';
	if (expected.by === 'measured') return `users as on ${expected.days} measured days`;
	return `users as the settings say: ${expected.days} measured days are too few`;
}

interface Day {
	readonly name: string;
	readonly hours: Planned[];
}

const local = (at: number, utcOffsetMinutes: number) => new Date(at + utcOffsetMinutes * MINUTE_MS);

function byDay(stretches: readonly Planned[], utcOffsetMinutes: number): Day[] {
	const days = new Map<string, Day>();
	for (const one of stretches) {
		const date = local(one.stretch.from, utcOffsetMinutes);
		const key = date.toISOString().slice(0, 10);
		const day = days.get(key) ?? { name: `${key} ${DAYS[date.getUTCDay()]}`, hours: [] };
		day.hours.push(one);
		days.set(key, day);
	}
	return [...days.values()];
}

function hourLine({ stretch, perMinute }: Planned, most: number, utcOffsetMinutes: number) {
	const time = local(stretch.from, utcOffsetMinutes).toISOString().slice(11, 16);
	const bar = '█'.repeat(Math.round((perMinute / most) * BAR_LENGTH)).padEnd(BAR_LENGTH, '·');
	const online = `users ${Math.round(stretch.online * 100)} %`;
	return `  ${time} ${bar} ${number(perMinute).padStart(8)} a minute, ${online}`;
}
