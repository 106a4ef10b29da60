import type { Seat } from '../../../client-sdk/src/index.ts';

/** Rows longer than this are not rows of a hall: such seats are laid out in a block. */
const ROW_LENGTH_MAX = 80;
const BLOCK_WIDTH_MAX = 56;
/** Rows from this length on have aisles. */
const AISLES_FROM = 16;
/** How much the ends of a row bend away from the stage, and the most of it. */
const BEND = 0.0045;
const BEND_MAX = 3.2;
/** Between two grades. */
const GRADE_GAP = 0.8;
/** Above the first row, for the stage. */
const STAGE_HEIGHT = 3.2;

type SeatPlace = Pick<Seat, 'id' | 'grade'>;

interface SeatRow {
	/** Empty when the ids name no rows. */
	readonly name: string;
	/** Indexes of its seats, from left to right. */
	readonly seats: readonly number[];
	readonly y: number;
}

/** Where the seats of a hall are; one unit is the distance of two neighbours. */
export interface SeatLayout {
	readonly width: number;
	readonly height: number;
	readonly rows: readonly SeatRow[];
	/** By index of the seat. */
	readonly x: Float32Array;
	readonly y: Float32Array;
	readonly rowOf: Int32Array;
	/** Grades in the order of the event. */
	readonly grades: readonly string[];
}

/** What stands before the number in an id: `B-12` is in row `B`. */
export function rowName(id: string): string {
	return /^(.*?)[-_]?\d+$/.exec(id)?.[1] ?? '';
}

/** What tells a seat from its neighbours: `B-12` has the number `12`. */
export const seatNumber = (id: string): string => /(\d+)$/.exec(id)?.[1] ?? id;

function namedRows(seats: readonly SeatPlace[]): number[][] {
	const rows = new Map<string, number[]>();
	for (const [index, { id }] of seats.entries()) {
		const name = rowName(id);
		const row = rows.get(name);
		if (row) row.push(index);
		else rows.set(name, [index]);
	}
	return [...rows.values()];
}

function blockRows(count: number): number[][] {
	const width = Math.min(BLOCK_WIDTH_MAX, Math.max(8, Math.ceil(Math.sqrt(count * 2))));
	return Array.from({ length: Math.ceil(count / width) }, (_, row) =>
		Array.from({ length: Math.min(width, count - row * width) }, (_, at) => row * width + at),
	);
}

/** Places in a row of so many seats, with aisles, around 0. */
function placesIn(length: number): number[] {
	const quarter = length >= AISLES_FROM ? Math.round(length / 4) : 0;
	const aisles = quarter === 0 ? 0 : 2;
	const start = -(length - 1 + aisles) / 2;
	return Array.from({ length }, (_, at) => {
		if (quarter === 0) return start + at;
		return start + at + (at >= quarter ? 1 : 0) + (at >= length - quarter ? 1 : 0);
	});
}

const bend = (x: number) => Math.min(BEND_MAX, BEND * x * x);

/** Lays seats out as in a hall: rows by the letters of their ids, in the order of the event. */
export function layoutSeats(seats: readonly SeatPlace[]): SeatLayout {
	const named = namedRows(seats);
	const isNamed = named.length > 1 && named.every(({ length }) => length <= ROW_LENGTH_MAX);
	const groups = isNamed ? named : blockRows(seats.length);
	const x = new Float32Array(seats.length);
	const y = new Float32Array(seats.length);
	const rowOf = new Int32Array(seats.length);
	const rows: SeatRow[] = [];
	let top = STAGE_HEIGHT;
	let half = 0;
	let grade = seats[0]?.grade;
	for (const [row, indexes] of groups.entries()) {
		const first = seats[indexes[0] ?? 0];
		if (first?.grade !== grade) top += GRADE_GAP;
		grade = first?.grade;
		for (const [at, place] of placesIn(indexes.length).entries()) {
			const index = indexes[at] as number;
			x[index] = place;
			y[index] = top - bend(place);
			rowOf[index] = row;
			half = Math.max(half, Math.abs(place));
		}
		rows.push({ name: isNamed ? rowName(first?.id ?? '') : '', seats: indexes, y: top });
		top++;
	}
	const left = half + 1.6;
	for (let index = 0; index < x.length; index++) x[index] = (x[index] as number) + left;
	const width = left * 2;
	const grades = [...new Set(seats.map((seat) => seat.grade))];
	return { width, height: top + 0.6, rows, x, y, rowOf, grades };
}

/** The seat at a place; `undefined` beside all of them. */
export function seatAt({ x, y }: SeatLayout, at: { x: number; y: number }): number | undefined {
	for (let index = 0; index < x.length; index++) {
		const dx = Math.abs((x[index] as number) - at.x);
		const dy = Math.abs((y[index] as number) - at.y);
		if (dx <= 0.5 && dy <= 0.5) return index;
	}
	return undefined;
}

/** The neighbour in a direction: in the row, or the nearest of the next one. */
export function neighbour(layout: SeatLayout, index: number, [dx, dy]: readonly [number, number]) {
	const row = layout.rowOf[index] ?? 0;
	const seats = layout.rows[row]?.seats ?? [];
	if (dx !== 0) return seats[seats.indexOf(index) + dx] ?? index;
	const next = layout.rows[row + dy];
	if (next === undefined) return index;
	const from = layout.x[index] ?? 0;
	const distance = (other: number) => Math.abs((layout.x[other] ?? 0) - from);
	return next.seats.reduce((best, other) => (distance(other) < distance(best) ? other : best));
}

/** The first or the last seat of a seat's row. */
export function rowEnd(layout: SeatLayout, index: number, end: 'first' | 'last'): number {
	const seats = layout.rows[layout.rowOf[index] ?? 0]?.seats ?? [];
	return seats.at(end === 'first' ? 0 : -1) ?? index;
}

/** All runs of so many neighbours in a row. */
function* runsOf({ rows }: SeatLayout, length: number): Iterable<readonly number[]> {
	for (const { seats } of rows) {
		for (let at = 0; at + length <= seats.length; at++) yield seats.slice(at, at + length);
	}
}

/** How far from the best of all seats, in the middle of the first row. */
function costOf(layout: SeatLayout, run: readonly number[]): number {
	const centre = run.reduce((sum, seat) => sum + (layout.x[seat] ?? 0), 0) / run.length;
	return Math.abs(centre - layout.width / 2) + (layout.y[run[0] ?? 0] ?? 0);
}

/**
 * So many free seats side by side, nearest to the middle of the stage; fewer together where there is no
 * such row, and nothing where none is free.
 */
export function bestSeats(
	layout: SeatLayout,
	isFree: (index: number) => boolean,
	count: number,
): readonly number[] {
	for (let length = count; length > 0; length--) {
		let best: readonly number[] = [];
		let bestCost = Number.POSITIVE_INFINITY;
		for (const run of runsOf(layout, length)) {
			const cost = costOf(layout, run);
			if (cost >= bestCost || !run.every(isFree)) continue;
			best = run;
			bestCost = cost;
		}
		if (best.length > 0) return best;
	}
	return [];
}
