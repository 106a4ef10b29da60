import { expect, test } from 'vitest';
import { Bulkhead, type Place } from '../../src/core/bulkhead.ts';

const setUp = () => new Bulkhead({ inFlightMax: 2, waitingMax: 2 });
const take = (bulkhead: Bulkhead) => bulkhead.take() as Place;

test('[C24] lets in as many as it has places, the others in their order', async () => {
	const bulkhead = setUp();
	const places = [1, 2, 3, 4].map(() => take(bulkhead));
	const entered: number[] = [];
	for (const [n, { granted }] of places.entries()) void granted.then(() => entered.push(n + 1));
	await places[1]?.granted;
	expect([entered, bulkhead.inFlight, bulkhead.waiting]).toEqual([[1, 2], 2, 2]);
	places[0]?.leave();
	await places[2]?.granted;
	expect(entered).toEqual([1, 2, 3]);
	places[1]?.leave();
	await places[3]?.granted;
	expect([entered, bulkhead.inFlight, bulkhead.waiting]).toEqual([[1, 2, 3, 4], 2, 0]);
});

test('[C24] sends away whoever comes when enough wait', () => {
	const bulkhead = setUp();
	for (let n = 0; n < 4; n++) take(bulkhead);
	expect(bulkhead.take()).toBeUndefined();
});

test('who gives up waiting leaves the place to the next, and leaving twice frees one place', async () => {
	const bulkhead = setUp();
	const [first, , third, fourth] = [1, 2, 3, 4].map(() => take(bulkhead));
	third?.leave();
	expect(await third?.granted).toBe(false);
	first?.leave();
	first?.leave();
	expect(await fourth?.granted).toBe(true);
	expect([bulkhead.inFlight, bulkhead.waiting]).toEqual([2, 0]);
});

test('all that wait can be sent away at once; those inside stay', async () => {
	const bulkhead = setUp();
	const places = [1, 2, 3, 4].map(() => take(bulkhead));
	bulkhead.refuseWaiting();
	expect(await Promise.all(places.map(({ granted }) => granted))).toEqual([
		true,
		true,
		false,
		false,
	]);
	places[2]?.leave();
	places[3]?.leave();
	expect([bulkhead.inFlight, bulkhead.waiting]).toEqual([2, 0]);
});
