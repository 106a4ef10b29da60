const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

const two = (count: number) => String(count).padStart(2, '0');

/** A countdown of whole seconds as a clock: `0:07`, `9:59`, `2:03:04`. */
export function clockText(seconds: number): string {
	const hours = Math.floor(seconds / HOUR);
	const minutes = Math.floor((seconds % HOUR) / MINUTE);
	const rest = two(seconds % MINUTE);
	return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** A wait of some seconds in words, no finer than anybody can know it. */
export function waitText(language: string, seconds: number): string {
	const say = (unit: 'second' | 'minute' | 'hour' | 'day', count: number) =>
		new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
	if (seconds < MINUTE) return say('second', Math.max(5, Math.ceil(seconds / 5) * 5));
	if (seconds < 90 * MINUTE) return say('minute', Math.round(seconds / MINUTE));
	if (seconds < 2 * DAY) return say('hour', Math.round(seconds / HOUR));
	return say('day', Math.round(seconds / DAY));
}

/** Whole seconds from `now` to `at`, never below 0. */
export const secondsUntil = (at: number, now: number): number =>
	Math.max(0, Math.ceil((at - now) / 1_000));
