import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
	keepIn,
	revealing,
	TOUCH_SCALE,
	unitsAt,
	whole,
	zoomed,
} from '../../src/demo/tickets/seat-viewport.ts';

const HALL = { width: 46, height: 30 };
const PHONE = { width: 360, height: 330 };
const bounds = { hall: HALL, window: PHONE };

describe('the window on a hall', () => {
	test('shows all of it at first, in the middle', () => {
		const { scale, x, y } = whole(HALL, PHONE);
		expect(HALL.width * scale).toBeLessThanOrEqual(PHONE.width);
		expect(HALL.height * scale).toBeLessThanOrEqual(PHONE.height);
		expect(x * 2 + HALL.width * scale).toBeCloseTo(PHONE.width);
		expect(y * 2 + HALL.height * scale).toBeCloseTo(PHONE.height);
	});

	test('a zoom keeps the place below the finger, as long as there is hall around it', () => {
		const before = whole(HALL, PHONE);
		const around = { x: 180, y: 165 };
		const place = unitsAt(before, around);
		const after = zoomed(before, { ...bounds, around, scale: TOUCH_SCALE });
		expect(after.scale).toBe(TOUCH_SCALE);
		expect(unitsAt(after, around).x).toBeCloseTo(place.x);
		expect(unitsAt(after, around).y).toBeCloseTo(place.y);
	});

	test('is never smaller than all of the hall, and never shows emptiness beside a larger one', () => {
		const number = (max: number) => fc.double({ min: 0, max, noNaN: true });
		fc.assert(
			fc.property(number(400), number(400), number(200), (x, y, scale) => {
				const view = zoomed(whole(HALL, PHONE), { ...bounds, around: { x, y }, scale });
				expect(view.scale).toBeGreaterThanOrEqual(whole(HALL, PHONE).scale);
				const moved = keepIn({ ...view, x: view.x + x - 200, y: view.y + y - 200 }, HALL, PHONE);
				if (HALL.width * moved.scale <= PHONE.width) return;
				expect(moved.x).toBeLessThanOrEqual(0);
				expect(moved.x + HALL.width * moved.scale).toBeGreaterThanOrEqual(PHONE.width - 1e-6);
			}),
		);
	});

	test('goes where the keyboard goes', () => {
		const near = zoomed(whole(HALL, PHONE), { ...bounds, around: { x: 0, y: 0 }, scale: 30 });
		const seat = { x: 40, y: 25 };
		const view = revealing(near, seat, bounds);
		expect(seat.x * view.scale + view.x).toBeGreaterThan(0);
		expect(seat.x * view.scale + view.x).toBeLessThan(PHONE.width);
		expect(seat.y * view.scale + view.y).toBeLessThan(PHONE.height);
		expect(revealing(view, seat, bounds)).toEqual(view);
	});
});
