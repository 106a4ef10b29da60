/** What a member says: the number of a channel among its own, and the text. */
export interface Line {
	readonly channel: number;
	readonly text: string;
}

/** One client of a system under test, in all channels that it was connected with. */
export interface Member {
	/** Sends lines, in one turn. */
	say(lines: readonly Line[]): void;
	close(): void;
}

/** Who connects, and to what. */
export interface Seat {
	readonly url: string;
	readonly userId: string;
	readonly channels: readonly string[];
}

/** Told the running number that each text begins with. */
export type Hear = (channel: number, n: number) => void;

/** How to take part in one of the systems. */
export interface System {
	readonly name: string;
	/** File in `servers/`. */
	readonly file: string;
	connect(seat: Seat, hear: Hear): Promise<Member>;
}

const DIGITS = 9;

/** A text of `length` characters that begins with its number. */
export const numbered = (n: number, length: number): string =>
	String(n).padStart(DIGITS, '0').padEnd(length, '.');

/** The number of a {@link numbered} text. */
export const numberIn = (text: string): number => Number(text.slice(0, DIGITS));

/** The same from its bytes, without making a string. */
export function numberAt(bytes: Uint8Array, offset: number): number {
	let n = 0;
	for (let at = offset; at < offset + DIGITS; at++) n = n * 10 + (bytes[at] ?? 0) - 48;
	return n;
}
