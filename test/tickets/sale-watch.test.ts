import { describe, expect, test } from 'vitest';
import type { Log } from '../../src/core/log.ts';
import { SILENT } from '../../src/core/log.ts';
import { SaleWatch } from '../../src/tickets/sale-watch.ts';
import { EVENT, TicketWorld } from './ticket-world.ts';

const ROUND_MS = 120_000;
const SHOP = { userId: 'shop', roles: ['service'] };

async function watched() {
	const world = await TicketWorld.with();
	await world.pass(1_000);
	const errors: object[] = [];
	const log: Log = { ...SILENT, error: (fields: object) => void errors.push(fields) };
	const { system } = world.way.bench;
	const { runtime } = world;
	const watch = new SaleWatch({
		...{ actors: world.way, awake: system.hosts, runtime, log, node: 'n1' },
	});
	const reserve = (purchaseId: string) =>
		world.way.bench.send(
			`ticket-event/${EVENT}`,
			['reserve', { purchaseId, userId: purchaseId, quantity: 1 }],
			{ caller: SHOP },
		);
	const looks = () => world.way.sent.filter(([name]) => name === 'reconcile').length;
	return { world, watch, errors, reserve, looks };
}

describe('[T11] the stock of sales is held against its history', () => {
	test('now and then while something moves, and not while it rests', async () => {
		const { world, watch, errors, reserve, looks } = await watched();
		await reserve('p1');
		await world.pass(2_000);
		await world.pass(ROUND_MS);
		expect(looks()).toBe(1);
		await world.pass(ROUND_MS);
		expect(looks()).toBe(1);
		await reserve('p2');
		await world.pass(2_000);
		await world.pass(ROUND_MS);
		expect(looks()).toBe(2);
		expect([watch.differing, watch.stuck, errors.length]).toEqual([0, 0, 0]);
		watch.stop();
		await reserve('p3');
		await world.pass(2 * ROUND_MS);
		expect(looks()).toBe(2);
	});

	test('a difference is counted and logged, until it is gone', async () => {
		const { world, watch, errors, reserve } = await watched();
		await reserve('p1');
		const reply = { units: 1, missing: ['p1 1'], extra: [] };
		world.way.intercept = (name) => (name === 'reconcile' ? { ok: true, reply } : undefined);
		await world.pass(ROUND_MS);
		expect(watch.differing).toBe(1);
		expect(errors).toEqual([
			{ actor: `ticket-event/${EVENT}`, units: 1, missing: ['p1 1'], extra: [] },
		]);
		world.way.intercept = () => undefined;
		await reserve('p2');
		await world.pass(ROUND_MS);
		expect(watch.differing).toBe(0);
	});

	test('a sale that cannot be asked now is asked in the next round', async () => {
		const { world, watch, reserve, looks } = await watched();
		await reserve('p1');
		world.way.intercept = (name) =>
			name === 'reconcile' ? { ok: false, code: 'UNAVAILABLE' } : undefined;
		await world.pass(ROUND_MS);
		world.way.intercept = () => undefined;
		await world.pass(ROUND_MS);
		expect(looks()).toBe(2);
		expect(watch.differing).toBe(0);
	});
});
