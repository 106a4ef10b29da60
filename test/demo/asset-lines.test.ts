import { describe, expect, test } from 'vitest';
import { type AssetFacts, assetLines } from '../../src/demo/assets/asset-lines.ts';
import { sumsOf } from '../../src/demo/assets/sums.ts';

type Job = AssetFacts['jobs'][number];
type Step = Job['steps'][number];

const info = (id: string) => ({
	...{ id, name: id, industry: 'bank', circuit: 'closed', health: 'HEALTHY' },
	...{ percent: 100, since: 0, calls: 0, failureRate: 0 },
});
const snapshot = { institution: 'bank', version: 7, asOf: 5, assets: [] };
const step = (state: Step['state'], code?: string): Step => ({
	...{ institution: 'bank', step: 'token', state, done: 0, total: 0, at: 1 },
	...(code === undefined ? {} : { code }),
});
const job = (startedAt: number, ...steps: Step[]): Job => ({ startedAt, steps });

const lineWith = (facts: Partial<AssetFacts>) => {
	const [line] = assetLines({
		infos: new Map([['bank', info('bank')]]) as AssetFacts['infos'],
		snapshots: new Map(),
		jobs: [],
		withdrawn: new Set(),
		arriving: new Set(),
		...facts,
	});
	return line;
};
const some = new Map([['bank', snapshot]]);

describe('what the page says of an institution', () => {
	test.each([
		['nothing was ever wanted', {}, 'new'],
		['it waits', { jobs: [job(1, step('waiting'))] }, 'connecting runs'],
		['it failed', { jobs: [job(1, step('failed', 'TIMEOUT'))] }, 'failed failed'],
		[
			'a job that is newer runs',
			{
				jobs: [job(1, step('failed', 'TIMEOUT')), job(2, step('running'))],
			},
			'connecting runs',
		],
		['it is through', { snapshots: some, jobs: [job(1, step('done'))] }, 'connected'],
		[
			'it is through, and its assets are on their way',
			{
				jobs: [job(1, step('done'))],
				arriving: new Set(['bank']),
			},
			'connecting runs',
		],
		[
			'it is fetched anew',
			{
				snapshots: some,
				jobs: [job(1, step('running'))],
			},
			'connected runs',
		],
		[
			'it was fetched anew in vain',
			{
				snapshots: some,
				jobs: [job(1, step('failed', 'TIMEOUT'))],
			},
			'connected failed',
		],
		[
			'the consent was withdrawn on the way',
			{
				jobs: [job(1, step('failed', 'CLOSED'))],
			},
			'new',
		],
		[
			'the consent was withdrawn behind a failure',
			{
				jobs: [job(1, step('failed', 'TIMEOUT'))],
				withdrawn: new Set(['bank']),
			},
			'new',
		],
		['the consent was withdrawn long ago', { jobs: [job(1, step('done'))] }, 'new'],
	] as const)('%s', (_, facts, expected) => {
		const line = lineWith(facts as Partial<AssetFacts>);
		const said = [line?.state, line?.running && 'runs', line?.failed && 'failed'];
		expect(said.filter((word) => word !== undefined).join(' ')).toBe(expected);
	});
});

test('[I4] sums are by currency, and what is owed is no wealth', () => {
	const asset = (type: string, amount: number, currency: string) => ({
		...{ id: 'x', name: 'x', asOf: 0 },
		type,
		amount,
		currency,
	});
	const assets = [
		asset('account', 100, 'KRW'),
		asset('loan', 30, 'KRW'),
		asset('card', 5, 'KRW'),
		asset('holding', 7, 'USD'),
	];
	const sums = sumsOf([{ ...snapshot, assets }] as Parameters<typeof sumsOf>[0]);
	expect(sums).toEqual([
		{ currency: 'KRW', have: 100, owe: 35 },
		{ currency: 'USD', have: 7, owe: 0 },
	]);
});
