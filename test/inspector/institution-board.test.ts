import { describe, expect, test } from 'vitest';
import type { InstitutionBoard } from '../../client-sdk/src/index.ts';
import { CHART, chartShape } from '../../src/inspector/institutions/chart-shape.ts';
import { nodeRows } from '../../src/inspector/institutions/node-rows.ts';

const MINUTE_MS = 60_000;
const minute = (n: number, recorded: number, failed = 0) => ({
	...{ at: n * MINUTE_MS, planned: 100, issued: recorded, recorded, failed },
});
/** Heights that a path goes through. */
const heights = (path: string) =>
	new Set([...path.matchAll(/V([\d.]+)/g)].map(([, y]) => Number(y)));

describe('[I20] plan against actual', () => {
	test('a night as planned is a flat line, with room above it', () => {
		const shape = chartShape(Array.from({ length: 360 }, (_, n) => minute(n, 100)));
		expect(shape?.top).toBe(125);
		expect([...heights(shape?.planned ?? '')]).toEqual([32]);
		expect(heights(shape?.recorded ?? '')).toEqual(new Set([32, CHART.height]));
		expect(shape?.failed).toEqual([]);
	});

	test('between two nights there is nothing', () => {
		const shape = chartShape([minute(0, 100), minute(1, 100), minute(9, 100)]);
		expect(shape?.planned.match(/M/g)).toHaveLength(2);
		expect(shape?.recorded.match(/Z/g)).toHaveLength(2);
		expect(shape).toMatchObject({ from: 0, to: 10 * MINUTE_MS, step: CHART.width / 10 });
	});

	test('failures stand at their minute, and no higher than the drawing', () => {
		const shape = chartShape([minute(0, 100), minute(1, 40, 60), minute(2, 0, 9_999)]);
		expect(shape?.failed).toEqual([
			{ at: MINUTE_MS, x: 240, height: 76.8 },
			{ at: 2 * MINUTE_MS, x: 480, height: CHART.height },
		]);
	});

	test('without minutes there is no drawing', () => {
		expect(chartShape([])).toBeUndefined();
	});

	test('of a night that is run again the last run is drawn', () => {
		const again = [minute(0, 100), minute(1, 100), minute(0, 50), minute(1, 50), minute(2, 50)];
		expect(chartShape(again)).toEqual(chartShape(again.slice(2)));
	});
});

test('[I13] every node that anything is known of is in the table, oldest first', () => {
	const rows = nodeRows({
		nodes: [
			{ node: '10', incarnation: 'a', agoMs: 900 },
			{ node: '10', incarnation: 'b', agoMs: 100 },
			{ node: '2', incarnation: 'c', agoMs: 50 },
		],
		permits: {
			holders: [
				{ node: '10', want: 5, share: 4, bound: 4 },
				{ node: '10', want: 1, share: 2, bound: 2 },
				{ node: '3', want: 0, share: 1, bound: 1 },
			],
		},
		badNodes: ['2'],
		gate: { canaries: ['3', '10'] },
		canaries: [{ node: '10', good: 7 }],
	} as unknown as InstitutionBoard);
	expect(rows.map(({ node }) => node)).toEqual(['2', '3', '10']);
	expect(rows[0]).toMatchObject({ isBad: true, isCanary: false, share: undefined, agoMs: 50 });
	expect(rows[1]).toMatchObject({ isCanary: true, good: undefined, share: 1, agoMs: undefined });
	expect(rows[2]).toMatchObject({ isCanary: true, good: 7, share: 6, want: 6, agoMs: 100 });
});
