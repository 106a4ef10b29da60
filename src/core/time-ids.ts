import type { Runtime } from './runtime.ts';

const TIME_DIGITS = 9;
const COUNT_DIGITS = 4;
const COUNT_MAX = 36 ** COUNT_DIGITS;

/**
 * Makes ids that are unique over all nodes and sort by time: 9 digits of milliseconds, 4 of a counter,
 * 6 of the maker's own, in base 36.
 */
export function timeIds(runtime: Runtime): (now: number) => string {
	const maker = Math.floor(runtime.random() * 36 ** 6)
		.toString(36)
		.padStart(6, '0');
	let last = 0;
	let count = 0;
	return (now) => {
		const forward = now > last;
		count = forward ? 0 : count + 1;
		if (forward || count === COUNT_MAX) {
			last = forward ? now : last + 1;
			count = 0;
		}
		const time = last.toString(36).padStart(TIME_DIGITS, '0');
		return time + count.toString(36).padStart(COUNT_DIGITS, '0') + maker;
	};
}
