import { parseArgs } from 'node:util';

const BUYERS_MAX = 100_000;
const SEATS_MAX = 20_000;
/** Unless told otherwise there are so many buyers for a seat: it sells out, and soon. */
const BUYERS_FOR_A_SEAT = 5;
const SEATS_MIN = 20;
const SECONDS_MAX = 3_600;

/** What `npm run demo:onsale` was asked for. */
export interface OnsaleOptions {
	/** Without a slash at the end. */
	readonly url: string;
	readonly buyers: number;
	readonly seats: number;
	/** Until the sale opens. */
	readonly seconds: number;
	/** Of the payment simulator, if it was named. */
	readonly ledger: string | undefined;
}

/** An option that cannot be; the message says what can. */
export class OptionError extends Error {
	override readonly name = 'OptionError';
}

function number(name: string, text: string, max: number): number {
	const value = Number(text);
	if (Number.isInteger(value) && value >= 1 && value <= max) return value;
	throw new OptionError(`--${name}: a whole number from 1 to ${max}, not ${text}`);
}

function address(name: string, text: string): string {
	if (/^https?:\/\/[^/]+\/?$/.test(text)) return text.replace(/\/$/, '');
	throw new OptionError(`--${name}: an address like http://127.0.0.1:2567, not ${text}`);
}

const seatsFor = (buyers: number) =>
	Math.min(SEATS_MAX, Math.max(SEATS_MIN, Math.round(buyers / BUYERS_FOR_A_SEAT)));

/** Reads the command line; throws an {@link OptionError}. */
export function readOptions(args: readonly string[]): OnsaleOptions {
	const { values } = parse(args);
	const { ledger, seats } = values;
	const buyers = number('buyers', values.buyers, BUYERS_MAX);
	return {
		url: address('url', values.url),
		buyers,
		seats: seats === undefined ? seatsFor(buyers) : number('seats', seats, SEATS_MAX),
		seconds: number('seconds', values.seconds, SECONDS_MAX),
		ledger: ledger === undefined ? undefined : address('ledger', ledger),
	};
}

function parse(args: readonly string[]) {
	try {
		return parseArgs({
			args: [...args],
			options: {
				url: { type: 'string', default: 'http://127.0.0.1:2567' },
				buyers: { type: 'string', default: '5000' },
				seats: { type: 'string' },
				seconds: { type: 'string', default: '30' },
				ledger: { type: 'string' },
			},
		});
	} catch (error) {
		throw new OptionError((error as Error).message);
	}
}
