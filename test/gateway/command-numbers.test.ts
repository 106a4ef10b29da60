import { describe, expect, test } from 'vitest';
import { CommandNumbers } from '../../src/gateway/command-numbers.ts';

/** Takes so many. */
const take = (numbers: CommandNumbers, count: number) =>
	Array.from({ length: count }, () => numbers.take());

describe('the numbers of a handle', () => {
	test('[W23] the owner hears of the lowest that has no final answer', () => {
		const numbers = new CommandNumbers();
		expect(take(numbers, 2)).toEqual([
			{ n: 1, first: 1 },
			{ n: 2, first: 1 },
		]);
		numbers.answered(1);
		expect(numbers.take()).toEqual({ n: 3, first: 2 });
		numbers.answered(3);
		numbers.answered(2);
		expect(numbers.take()).toEqual({ n: 4, first: 4 });
	});

	test('[W23] what is answered here has no number for the owner', () => {
		const numbers = new CommandNumbers();
		expect(numbers.isUsed).toBe(false);
		numbers.takenHere();
		expect([numbers.next, numbers.isUsed]).toEqual([2, false]);
		expect(numbers.take()).toEqual({ n: 1, first: 1 });
	});

	test('the owner has heard of what it refused, too, and has to hear of the end', () => {
		const numbers = new CommandNumbers();
		numbers.take();
		numbers.refused(1);
		expect(numbers.isUsed).toBe(true);
	});

	test('[W23] a refusal goes back to its number, whatever behind it was answered', () => {
		const numbers = new CommandNumbers();
		numbers.takenHere();
		take(numbers, 3);
		numbers.answered(4);
		numbers.refused(2);
		expect(numbers.next).toBe(2);
		numbers.refused(3);
		expect(numbers.next).toBe(2);
		expect(take(numbers, 2)).toEqual([
			{ n: 1, first: 1 },
			{ n: 2, first: 1 },
		]);
		expect([numbers.next, numbers.waiting]).toEqual([4, 2]);
	});

	test('[W23] one that is in flight still is not taken twice', () => {
		const numbers = new CommandNumbers();
		take(numbers, 3);
		numbers.refused(1);
		expect(take(numbers, 3)).toEqual([{ n: 1, first: 1 }, undefined, undefined]);
		expect(numbers.take()).toEqual({ n: 4, first: 1 });
	});

	test('[W23] whether a number is the first without an answer', () => {
		const numbers = new CommandNumbers();
		take(numbers, 3);
		expect([1, 2].map((n) => numbers.isFirst(n))).toEqual([true, false]);
		numbers.answered(1);
		expect(numbers.isFirst(2)).toBe(true);
		numbers.refused(2);
		expect(numbers.isFirst(3)).toBe(false);
	});
});
