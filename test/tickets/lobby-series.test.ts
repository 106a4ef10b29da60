import { expect, test } from 'vitest';
import { measured, seatsOf, TicketWorld } from './ticket-world.ts';

const DESK = { seats: seatsOf(3), admission: { mode: 'desk', maxActive: 1 } } as const;

const readerOf = (world: TicketWorld) => (name: string) =>
	measured(world.tickets.series, `ticket_${name}`);

test('[T17] handles that wait are counted by their pages, until they go, get in or the queue ends', async () => {
	const world = await TicketWorld.with(DESK);
	const read = readerOf(world);
	expect(read('waiting_handles')).toBe(0);
	await world.pass(1_000);
	const pages = [];
	for (const userId of ['ann', 'bob', 'bob', 'cy']) pages.push(await world.enterPage(userId));
	const [ann, bob, again] = pages;
	for (const page of pages) await page.ask('enter');
	await world.until(() => ann?.me?.phase === 'inside');
	expect(read('waiting_handles')).toBe(3);
	await world.loseOwner();
	await world.pass(3_000);
	expect(read('waiting_handles')).toBe(3);
	again?.close();
	expect(read('waiting_handles')).toBe(2);
	await ann?.ask('leave');
	await world.until(() => bob?.me?.phase === 'inside');
	expect(read('waiting_handles')).toBe(1);
	await world.ops('close');
	await world.pass(1_000);
	expect(read('waiting_handles')).toBe(0);
	for (const page of pages) page.close();
	expect(read('waiting_handles')).toBe(0);
});

test('[T17] arrivals that an owner keeps waiting are counted, with the age of their batch', async () => {
	const world = await TicketWorld.with(DESK);
	const read = readerOf(world);
	await world.pass(1_000);
	const [ann, bob] = [await world.enterPage('ann'), await world.enterPage('bob')];
	expect([read('arrivals_pending'), read('batch_age_seconds')]).toEqual([0, 0]);
	world.way.intercept = (name) => (name === 'arrive' ? { ok: false, code: 'BUSY' } : undefined);
	const entered = [ann.send('enter', {})];
	await world.pass(3_000);
	entered.push(bob.send('enter', {}));
	await world.pass(1_000);
	expect(read('arrivals_pending')).toBe(2);
	// Its first attempt counts, not the last one.
	expect(read('batch_age_seconds')).toBeGreaterThan(3.5);
	world.way.intercept = () => undefined;
	await world.settled(Promise.all(entered));
	expect([read('arrivals_pending'), read('batch_age_seconds')]).toEqual([0, 0]);
});

test('[T4] ticks are counted as often as handles were told, and those of readers that are slow are not', async () => {
	const world = await TicketWorld.with(DESK);
	const read = readerOf(world);
	const [ann, bob] = [await world.enterPage('ann'), await world.enterPage('bob')];
	bob.isSlow = true;
	await world.pass(30_000);
	const told = ann.of('tick').length;
	expect(told).toBeGreaterThan(0);
	expect(read('ticks_total')).toBe(told);
	bob.catchUp();
	for (const page of [ann, bob]) page.close();
	expect(read('ticks_total')).toBeGreaterThanOrEqual(told);
});
