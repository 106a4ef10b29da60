import { describe, expect, test } from 'vitest';
import {
	bestSeats,
	layoutSeats,
	neighbour,
	rowName,
	seatAt,
	seatNumber,
} from '../../src/demo/tickets/seat-layout.ts';

const hall = (rows: number, length: number, grade = (_row: number) => 'R') =>
	Array.from({ length: rows * length }, (_, at) => {
		const row = Math.floor(at / length);
		return { id: `${String.fromCharCode(65 + row)}-${(at % length) + 1}`, grade: grade(row) };
	});

const plain = (count: number) =>
	Array.from({ length: count }, (_, at) => ({ id: `s${at + 1}`, grade: 'R' }));

describe('rows', () => {
	test.each([
		['A-12', 'A', '12'],
		['AA7', 'AA', '7'],
		['2_14', '2', '14'],
		['box', '', 'box'],
	])('seat %s is in row "%s" and has number %s', (id, row, number) => {
		expect([rowName(id), seatNumber(id)]).toEqual([row, number]);
	});

	test('ids that name rows make them, in the order of the event', () => {
		const { rows } = layoutSeats(hall(3, 10));
		expect(rows.map(({ name, seats }) => [name, seats.length])).toEqual([
			['A', 10],
			['B', 10],
			['C', 10],
		]);
	});

	test('ids without rows make a block that is wider than high, and no row is lost', () => {
		const { rows, width, height } = layoutSeats(plain(1_003));
		expect(rows.every(({ name }) => name === '')).toBe(true);
		expect(rows.flatMap(({ seats }) => seats)).toHaveLength(1_003);
		expect(width).toBeGreaterThan(height);
	});
});

describe('places', () => {
	test('all are inside of the hall, and no two seats overlap', () => {
		const seats = hall(26, 40, (row) => (row < 5 ? 'VIP' : 'R'));
		const { x, y, width, height } = layoutSeats(seats);
		const seen = new Set<string>();
		for (const [index] of seats.entries()) {
			const at = [x[index] as number, y[index] as number] as const;
			expect(at[0]).toBeGreaterThan(0.5);
			expect(at[0]).toBeLessThan(width - 0.5);
			expect(at[1]).toBeGreaterThan(0);
			expect(at[1]).toBeLessThan(height);
			seen.add(at.map((value) => value.toFixed(2)).join());
		}
		expect(seen.size).toBe(seats.length);
	});

	test('each is found where it is, nothing is found in an aisle', () => {
		const layout = layoutSeats(hall(10, 20));
		for (let index = 0; index < 200; index++) {
			const at = { x: layout.x[index] as number, y: layout.y[index] as number };
			expect(seatAt(layout, at)).toBe(index);
		}
		const aisle = { x: (layout.x[4] as number) + 1, y: layout.y[4] as number };
		expect(seatAt(layout, aisle)).toBeUndefined();
	});

	test('one hall of 5,000 seats is laid out within a frame or two', () => {
		const layout = layoutSeats(plain(5_000));
		expect(layout.rows.every(({ seats }) => seats.length <= 56)).toBe(true);
	});
});

describe('arrow keys', () => {
	const layout = layoutSeats(hall(3, 10));

	test('go along the row and stop at its ends', () => {
		expect(neighbour(layout, 0, [1, 0])).toBe(1);
		expect(neighbour(layout, 0, [-1, 0])).toBe(0);
		expect(neighbour(layout, 9, [1, 0])).toBe(9);
	});

	test('go to the nearest seat of the next row, and stop at the first and the last', () => {
		expect(neighbour(layout, 4, [0, 1])).toBe(14);
		expect(neighbour(layout, 4, [0, -1])).toBe(4);
		expect(neighbour(layout, 24, [0, 1])).toBe(24);
	});

	test('go from a long row to a short one', () => {
		const uneven = layoutSeats([
			...hall(1, 10),
			...['B-1', 'B-2'].map((id) => ({ id, grade: 'R' })),
		]);
		expect(neighbour(uneven, 0, [0, 1])).toBe(10);
		expect(neighbour(uneven, 9, [0, 1])).toBe(11);
	});
});

describe('seats chosen by the page', () => {
	const layout = layoutSeats(hall(3, 10));

	test('are side by side in the middle of the first row', () => {
		expect(bestSeats(layout, () => true, 2)).toEqual([4, 5]);
	});

	test('are never taken ones, and side by side as long as there are such', () => {
		const taken = new Set([4, 5]);
		const found = bestSeats(layout, (index) => !taken.has(index), 3);
		expect(found.some((index) => taken.has(index))).toBe(false);
		expect(found.map((index) => index - (found[0] ?? 0))).toEqual([0, 1, 2]);
	});

	test('are fewer when there are no neighbours left, and none when nothing is free', () => {
		expect(bestSeats(layout, (index) => index === 7 || index === 20, 2)).toHaveLength(1);
		expect(bestSeats(layout, () => false, 2)).toEqual([]);
	});
});
