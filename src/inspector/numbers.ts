import { language } from './language.ts';

const plain = new Intl.NumberFormat(language);
const tenths = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const unit = (name: string, unitDisplay: 'short' | 'narrow' = 'short') =>
	new Intl.NumberFormat(language, {
		style: 'unit',
		unit: name,
		unitDisplay,
		maximumFractionDigits: 1,
	});
const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'medium' });

const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(language, {
	...{ month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' },
});

/** From the largest down: up to where each is used, and how many of the smallest it holds. */
const DURATIONS = [
	[86_400_000, unit('day')],
	[3_600_000, unit('hour')],
	[60_000, unit('minute')],
	[1_000, unit('second')],
] as const;
const SIZES = [
	[1024 ** 3, unit('gigabyte', 'narrow')],
	[1024 ** 2, unit('megabyte', 'narrow')],
	[1024, unit('kilobyte', 'narrow')],
] as const;
const milliseconds = unit('millisecond');
const bytes = unit('byte', 'narrow');

type Scale = readonly (readonly [number, Intl.NumberFormat])[];

function scaled(value: number, scale: Scale, smallest: Intl.NumberFormat): string {
	const [size, format] = scale.find(([from]) => value >= from) ?? [1, smallest];
	return format.format(value / size);
}

export const count = (value: number): string => plain.format(value);
/** A part of one, in percent. */
export const share = (value: number): string => percent.format(value);
export const duration = (ms: number): string => scaled(ms, DURATIONS, milliseconds);
export const size = (value: number): string => scaled(value, SIZES, bytes);
/** Milliseconds with one digit behind the point, for what is usually below a second. */
export const delay = (ms: number): string => `${tenths.format(ms)} ms`;
/** As short as it can be without being mistaken: the time today, with the day otherwise. */
export const shortTime = (at: number): string => {
	const isToday = new Date(at).toDateString() === new Date().toDateString();
	return (isToday ? clock : day).format(at);
};
export const time = (at: number): string => moment.format(at);
