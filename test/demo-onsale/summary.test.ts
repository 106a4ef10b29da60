import { describe, expect, test } from 'vitest';
import type { BuyerResult } from '../../src/demo-onsale/buyer.ts';
import { OptionError, readOptions } from '../../src/demo-onsale/options.ts';
import { hallOf, salePlan } from '../../src/demo-onsale/sale-plan.ts';
import type { SaleReport } from '../../src/demo-onsale/server-calls.ts';
import { type Ending, summarise } from '../../src/demo-onsale/summary.ts';

const bought = (...seats: string[]): BuyerResult => ({ outcome: 'bought', seats, declined: false });
const told = (toldAt: number): BuyerResult => ({
	...{ outcome: 'soldOut', seats: [], declined: false },
	toldAt,
});

const REPORT: SaleReport = {
	...{ state: 'soldOut', capacity: 3, waiting: 0, inside: 0, sold: 3 },
	...{ captured: 3_000, refunded: 0, waitP50Ms: 100, waitP99Ms: 900, stuck: [] },
};
const row = (captured: number, refunded = 0) => ({ orderId: 'e:1', captured, refunded });

const RIGHT: Ending = {
	results: [bought('A-1', 'A-2'), bought('A-3'), told(1_000), told(1_400)],
	report: REPORT,
	ledger: [row(2_000), row(1_000)],
};

describe('the end of a sale', () => {
	test('is right when sold, tickets and ledger are the same', () => {
		const { lines, isRight } = summarise(RIGHT);
		expect(isRight).toBe(true);
		expect(lines.join('\n')).toContain('all told within 0.4 s');
	});

	test('counts what others bought, who were not of the crowd', () => {
		const { lines, isRight } = summarise({ ...RIGHT, results: [bought('A-1', 'A-2')] });
		expect(isRight).toBe(true);
		expect(lines.join('\n')).toContain('1 of others');
	});

	test.each([
		['a seat with two tickets', { results: [bought('A-1'), bought('A-1'), bought('A-2')] }],
		['more tickets than sold', { results: [bought('A-1', 'A-2', 'A-3', 'A-4')] }],
		['more sold than there is', { report: { ...REPORT, sold: 4 } }],
		['money that nobody has tickets for', { ledger: [row(2_000), row(2_000)] }],
		['money that did not come back', { report: { ...REPORT, refunded: 1_000 } }],
		['a payment that is stuck', { report: { ...REPORT, stuck: [{}] } }],
	])('is wrong with %s', (_, change) => {
		expect(summarise({ ...RIGHT, ...change }).isRight).toBe(false);
	});

	test('without a ledger says how to have one', () => {
		const { lines, isRight } = summarise({ ...RIGHT, ledger: undefined });
		expect(isRight).toBe(true);
		expect(lines.at(-1)).toContain('--ledger');
	});
});

describe('options', () => {
	test('have defaults', () => {
		expect(readOptions([])).toEqual({
			...{ url: 'http://127.0.0.1:2567', buyers: 5_000, seats: 1_000, seconds: 30 },
			ledger: undefined,
		});
	});

	test('are read', () => {
		const args = ['--buyers', '20', '--url', 'http://10.0.0.1:80/', '--ledger', 'http://a:1'];
		expect(readOptions(args)).toMatchObject({
			...{ buyers: 20, url: 'http://10.0.0.1:80', ledger: 'http://a:1' },
		});
	});

	test.each([[['--buyers', '0']], [['--seats', 'x']], [['--url', 'here']], [['--unknown', '1']]])(
		'%o is refused',
		(args) => {
			expect(() => readOptions(args)).toThrow(OptionError);
		},
	);
});

describe('the plan', () => {
	test('a hall has as many seats as asked for, each once, in three grades', () => {
		const hall = hallOf(1_234);
		expect(new Set(hall.map(({ id }) => id)).size).toBe(1_234);
		expect(new Set(hall.map(({ grade }) => grade)).size).toBe(3);
	});

	test('whoever waits at the door finds seats', () => {
		const { early } = salePlan({ seats: 1_000, buyers: 5_000 });
		expect(early).toBeLessThan(1_000 / 3);
		expect(salePlan({ seats: 1_000, buyers: 10 }).early).toBe(10);
	});
});
