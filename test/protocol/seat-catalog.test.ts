import { expect, test } from 'vitest';
import { packSeats, seatMapBytes, unpackSeats } from '../../src/protocol/seat-catalog.ts';
import { seeded } from '../support/seeded.ts';

const seat = (id: string, grade = 'A', price = 10) => ({ id, grade, price });
const both = (seats: ReturnType<typeof seat>[]) => [...unpackSeats(packSeats(seats))];

test('[T7] seats come out as they went in, whatever their ids share', () => {
	const long = 'x'.repeat(63);
	const seats = [
		...['A-1', 'A-10', 'A-1-', 'B', 'A-11', 'A'].map((id) => seat(id)),
		...[long, `${long}1`, `${long}2`, 'x', '-', '_', '0'].map((id) => seat(id, 'B')),
		seat('last', 'A', 20),
		...Array.from({ length: 1_500 }, (_, at) => seat(`${at}A`)),
	];
	expect(both(seats)).toEqual(seats);
});

test('[T7] seats by chance come out as they went in, over all pieces', () => {
	const random = seeded(7);
	const letters = 'ab-';
	const ids = new Set<string>();
	while (ids.size < 1_500) {
		const length = 1 + Math.floor(random() * 10);
		let id = '';
		while (id.length < length) id += letters.charAt(Math.floor(random() * letters.length));
		ids.add(id);
	}
	const seats = [...ids].map((id) => seat(id, random() < 0.3 ? 'R' : 'S', random() < 0.1 ? 5 : 6));
	expect(both(seats)).toEqual(seats);
});

test.each([
	(at: number) => `north-stand_row-${Math.floor(at / 20)}_seat-${at % 20}`,
	(at: number) => `${at}_seat-of-the-north-stand`,
	(at: number) => `seat-${at}`.padEnd(64, 'x'),
])('[T7] of long ids in the order of a hall only what is new is told: case %#', (idOf) => {
	const seats = Array.from({ length: 10_000 }, (_, at) => seat(idOf(at)));
	expect(both(seats)).toEqual(seats);
	expect(seatMapBytes(packSeats(seats), seats.length)).toBeLessThan(7 * seats.length);
});
