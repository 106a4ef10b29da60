import { afterEach, expect, test } from 'vitest';
import type { TicketEvent } from '../../client-sdk/src/index.ts';
import { seatsOf, TicketBox } from '../support/ticket-box.ts';
import { rest, until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

const INTERVAL_MS = 2_000;

/** A turnstile that lets one in at a time, open at once unless told otherwise. */
const turnstile = (more: object = {}) =>
	TicketBox.open(world, {
		seats: seatsOf(20),
		admission: { mode: 'turnstile', batch: 1, intervalMs: INTERVAL_MS },
		...more,
	});

/** Enters one behind the other, so that the places are known. */
async function queue(sale: TicketBox, count: number): Promise<TicketEvent[]> {
	const events = Array.from({ length: count }, (_, n) =>
		sale.shopper(`u${n}`).ticketEvent('concert'),
	);
	for (const event of events) await event.enter();
	return events;
}

test('[T1] an event opens at its time to the second, though nobody does anything', async () => {
	const sale = await turnstile({ opensAt: Date.now() + 3_600_000 });
	const early = await sale.buyer('early');
	expect(await early.enter()).toMatchObject({ phase: 'before' });
	const event = sale.shopper('ann').ticketEvent('concert');
	const opened = new Promise<number>((resolve) => {
		event.on('state', ({ state }) => {
			if (state === 'open') resolve(Date.now());
		});
	});
	await event.open();
	// Now that all are there, however long that took.
	const opensAt = Date.now() + 1_500;
	await sale.ops('settings', { opensAt });
	const lateMs = (await opened) - opensAt;
	expect(lateMs).toBeGreaterThanOrEqual(0);
	expect(lateMs).toBeLessThan(1_000);
	expect(await sale.report()).toMatchObject({ state: 'open', arrived: 0 });
});

test('[T4] who waits sees place and wait, and sees them shrink without asking', async () => {
	const sale = await turnstile();
	const [first, ...others] = await queue(sale, 5);
	await first?.admitted();
	const last = others.at(-1) as TicketEvent;
	await until(() => last.me?.place === 3);
	expect(last.me).toMatchObject({ phase: 'waiting', waitSeconds: 3 * (INTERVAL_MS / 1_000) });
	const seen: number[] = [];
	last.on('me', ({ place }) => {
		if (place !== undefined && place !== seen.at(-1)) seen.push(place);
	});
	await last.admitted();
	expect(seen).toEqual([3, 2, 1, 0]);
});

test('[T17] operators see the queue, change its pace and pause it', async () => {
	const sale = await turnstile({ admission: { mode: 'turnstile', batch: 1, intervalMs: 500 } });
	await sale.ops('pause', {});
	const events = await queue(sale, 6);
	const before = await sale.report();
	expect(before).toMatchObject({ waiting: 6, inside: 0, turned: 0, arrived: 6, free: 20 });
	await sale.ops('settings', { batch: 6 });
	expect(await sale.report()).toMatchObject({ waiting: 6, turned: 0 });
	await sale.ops('resume', {});
	await Promise.all(events.map((event) => event.admitted()));
	const after = await sale.report();
	expect(after).toMatchObject({
		waiting: 0,
		inside: 6,
		turned: 6,
		held: 0,
		sold: 0,
		conversion: 0,
	});
	expect(after.waitP50Ms).toBeGreaterThan(0);
	expect(after.waitP99Ms).toBeGreaterThanOrEqual(after.waitP50Ms);
	await sale.ops('settings', { maxActive: 6 });
	const seventh = await sale.buyer('late');
	expect(await seventh.enter()).toMatchObject({ phase: 'waiting', place: 0 });
	await events[0]?.leave();
	await seventh.reach('inside');
	const nobody = await rest(sale.url, '/api/v1/ticket-events/concert/pause', { body: {} });
	expect(nobody.status).toBe(401);
});
