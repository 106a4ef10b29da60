import { language, texts } from '../language.ts';

const clock = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
const day = new Intl.DateTimeFormat(language, { weekday: 'long', month: 'long', day: 'numeric' });
const dayOfYear = new Intl.DateTimeFormat(language, { dateStyle: 'long' });
const shortDay = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric' });
const full = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'medium' });

/** Days are counted by the calendar of this device. */
export function dayKey(at: number): string {
	const date = new Date(at);
	return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

const DAY_MS = 86_400_000;

export const clockTime = (at: number): string => clock.format(at);

export const fullTime = (at: number): string => full.format(at);

/** The name of a day in a conversation. */
export function dayName(at: number, now = Date.now()): string {
	if (dayKey(at) === dayKey(now)) return texts.today;
	if (dayKey(at) === dayKey(now - DAY_MS)) return texts.yesterday;
	const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
	return (isThisYear ? day : dayOfYear).format(at);
}

/** As short as a list needs it: the time today, the day before that. */
export function shortTime(at: number, now = Date.now()): string {
	if (dayKey(at) === dayKey(now)) return clock.format(at);
	return dayKey(at) === dayKey(now - DAY_MS) ? texts.yesterday : shortDay.format(at);
}
