import { count } from '../numbers.ts';

const shown = (value: unknown) => (typeof value === 'number' ? count(value) : String(value));

/** What a kind says of an actor, in one line. */
export const figuresText = (figures: Readonly<Record<string, unknown>>): string =>
	Object.entries(figures)
		.map(([name, value]) => `${name} ${shown(value)}`)
		.join(', ');
