import { describe, expect, test } from 'vitest';
import { byOrder, inSeatOrder } from '../../src/demo/tickets/by-order.ts';
import { clockText, secondsUntil, waitText } from '../../src/demo/tickets/durations.ts';
import { progressOf } from '../../src/demo/tickets/first-place.ts';
import { moneyText } from '../../src/demo/tickets/money.ts';

describe('time', () => {
	test.each([
		[0, '0:00'],
		[7, '0:07'],
		[599, '9:59'],
		[3_600, '1:00:00'],
		[7_384, '2:03:04'],
	])('%i s on a countdown are %s', (seconds, text) => {
		expect(clockText(seconds)).toBe(text);
	});

	test.each([
		[0, '5 seconds'],
		[12, '15 seconds'],
		[61, '1 minute'],
		[495, '8 minutes'],
		[7_200, '2 hours'],
		[260_000, '3 days'],
	])('a wait of %i s is told as %s', (seconds, text) => {
		expect(waitText('en', seconds)).toBe(text);
	});

	test('a deadline that is over leaves nothing, one that is not leaves whole seconds', () => {
		expect(secondsUntil(1_000, 5_000)).toBe(0);
		expect(secondsUntil(5_001, 1_000)).toBe(5);
	});
});

describe('money', () => {
	test.each([
		[165_000, 'KRW', '₩165,000'],
		[1_999, 'EUR', '€19.99'],
		[0, 'JPY', '¥0'],
	])('%i minor units of %s are %s', (minor, currency, text) => {
		expect(moneyText('en', minor, currency)).toBe(text);
	});
});

describe('the bar of the queue', () => {
	test('begins with something and is not full before the turn', () => {
		expect(progressOf(1_000, 1_000)).toBeGreaterThan(0);
		expect(progressOf(1_000, 500)).toBeCloseTo(0.5, 2);
		expect(progressOf(1_000, 0)).toBeLessThan(1);
		expect(progressOf(0, 0)).toBeLessThan(1);
	});
});

test('tickets stand by their orders, newest first', () => {
	const ticket = (id: string, orderId: string) => ({ id, orderId, eventId: 'e', title: '', at: 0 });
	const listed = [ticket('3', 'b'), ticket('2', 'a'), ticket('1', 'b')];
	expect(byOrder(listed).map(({ orderId, tickets }) => [orderId, tickets.length])).toEqual([
		['b', 2],
		['a', 1],
	]);
});

test('tickets of an order stand as the seats do', () => {
	const ticket = (seatId: string) => ({
		id: seatId,
		orderId: 'o',
		eventId: 'e',
		title: '',
		at: 0,
		seatId,
	});
	const seats = inSeatOrder(['B-1', 'A-10', 'A-9'].map(ticket)).map(({ seatId }) => seatId);
	expect(seats).toEqual(['A-9', 'A-10', 'B-1']);
});
