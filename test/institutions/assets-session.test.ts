import { expect, test } from 'vitest';
import { AssetsSession } from '../../src/institutions/assets-session.ts';
import type { AssetSnapshot } from '../../src/protocol/institution.ts';

/** A session whose readings end when the test lets them. */
function scene() {
	const told: (readonly [string, unknown])[] = [];
	const readings: PromiseWithResolvers<AssetSnapshot | undefined>[] = [];
	const session = new AssetsSession(
		(event) => {
			told.push(event);
			return true;
		},
		{
			jobs: new Map(),
			snapshot() {
				const reading = Promise.withResolvers<AssetSnapshot | undefined>();
				readings.push(reading);
				return reading.promise;
			},
		},
	);
	const end = async (n: number, version?: number) => {
		const snapshot = version && { institution: 'bank-a', version, asOf: version, assets: [] };
		readings[n]?.resolve(snapshot || undefined);
		await readings[n]?.promise;
	};
	return { session, told, end, readings };
}

test('[I4] a slow reading of an older snapshot is not told behind a newer one', async () => {
	const { session, told, end } = scene();
	session.snapshot('bank-a');
	session.snapshot('bank-a');
	await end(1, 2);
	await end(0, 1);
	expect(told).toMatchObject([['snapshot', { version: 2 }]]);
});

test('[I7] a slow reading does not bring back what was withdrawn', async () => {
	const { session, told, end } = scene();
	session.snapshot('bank-a');
	session.snapshot('bank-a');
	await end(1);
	await end(0, 1);
	expect(told).toEqual([['gone', { institution: 'bank-a' }]]);
});

test('[I4] a reading that fails behind a newer one is not made up for', async () => {
	const { session, told, end, readings } = scene();
	session.snapshot('bank-a');
	session.snapshot('bank-a');
	await end(1, 2);
	readings[0]?.reject(new Error('the store is away'));
	await readings[0]?.promise.catch(() => {});
	session.caughtUp();
	expect(readings).toHaveLength(2);
	expect(told).toHaveLength(1);
});
