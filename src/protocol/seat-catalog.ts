/**
 * What never changes of a seat map, as its room tells it: compact, for everybody who comes in reads all
 * of it. Without zod, since clients read it.
 */

import { SEATS_PER_WORD } from './seat-words.ts';

/** A seat as an event has it. */
export interface CatalogSeat {
	readonly id: string;
	readonly grade: string;
	/** Minor units. */
	readonly price: number;
}

export interface SeatCatalog {
	/** Ids in the order of the event, in pieces; each piece stands for itself. */
	readonly ids: Iterable<string>;
	/** Each grade with each of its prices. */
	readonly grades: Iterable<{ readonly name: string; readonly price: number }>;
	/** Pairs: index of a grade, and how many seats in a row have it. */
	readonly runs: Iterable<number>;
}

const IDS_PER_PIECE = 500;
/** What a number stands for that is below 64. */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function sharedLength(one: string, other: string): number {
	const most = Math.min(one.length, other.length);
	let length = 0;
	while (length < most && one.charCodeAt(length) === other.charCodeAt(length)) length++;
	return length;
}

/** What all of them end with. */
function endOf(ids: readonly string[]): string {
	const [first = '', ...others] = ids;
	let length = first.length;
	for (const id of others) {
		length = Math.min(length, id.length);
		while (!id.endsWith(first.slice(first.length - length))) length--;
	}
	return first.slice(first.length - length);
}

/**
 * What all end with, then the ids without it, with spaces between; before each stands how much of the one
 * before it begins with, as a digit.
 */
function packIds(ids: readonly string[]): string {
	const end = endOf(ids);
	let before = '';
	const packed = ids.map((id) => {
		const own = id.slice(0, id.length - end.length);
		const shared = Math.min(sharedLength(before, own), DIGITS.length - 1);
		before = own;
		return DIGITS.charAt(shared) + own.slice(shared);
	});
	return [end, ...packed].join(' ');
}

function* unpackIds(piece: string): Generator<string> {
	const [end = '', ...packed] = piece.split(' ');
	let own = '';
	for (const text of packed) {
		own = own.slice(0, DIGITS.indexOf(text.charAt(0))) + text.slice(1);
		yield own + end;
	}
}

/** The seats as they are told. */
export function packSeats(seats: readonly CatalogSeat[]) {
	const known = new Map<string, number>();
	const grades: { name: string; price: number }[] = [];
	const runs: number[] = [];
	for (const { grade, price } of seats) {
		const key = `${price} ${grade}`;
		const index = known.get(key) ?? grades.length;
		if (index === grades.length) {
			known.set(key, index);
			grades.push({ name: grade, price });
		}
		if (runs.at(-2) === index) runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
		else runs.push(index, 1);
	}
	const ids: string[] = [];
	for (let from = 0; from < seats.length; from += IDS_PER_PIECE) {
		ids.push(packIds(seats.slice(from, from + IDS_PER_PIECE).map(({ id }) => id)));
	}
	return { ids, grades, runs } satisfies SeatCatalog;
}

/** What of the room's state is no text: more than Colyseus writes around each of them. */
const STATE_BYTES = { room: 1_024, piece: 16, grade: 64, number: 12 } as const;
const BYTES_PER_CHARACTER_MAX = 3;

/** Bytes that the room's whole state has at most, with how each seat stands. */
export function seatMapBytes(catalog: ReturnType<typeof packSeats>, seats: number): number {
	const { ids, grades, runs } = catalog;
	const { room, piece, grade, number } = STATE_BYTES;
	let bytes = room + (runs.length + Math.ceil(seats / SEATS_PER_WORD)) * number;
	for (const text of ids) bytes += piece + text.length;
	for (const { name } of grades) bytes += grade + name.length * BYTES_PER_CHARACTER_MAX;
	return bytes;
}

/** The seats in the order of the event. */
export function* unpackSeats({ ids, grades, runs }: SeatCatalog): Generator<CatalogSeat> {
	const known = [...grades];
	const pairs = [...runs];
	let run = 0;
	let left = pairs[1] ?? 0;
	for (const piece of ids) {
		for (const id of unpackIds(piece)) {
			if (left === 0) {
				run += 2;
				left = pairs[run + 1] ?? 0;
			}
			left--;
			const { name = '', price = 0 } = known[pairs[run] ?? 0] ?? {};
			yield { id, grade: name, price };
		}
	}
}
