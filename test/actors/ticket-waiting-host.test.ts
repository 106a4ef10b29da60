import { describe, expect, test } from 'vitest';
import { ticketEventKind } from '../../actors/ticket-event/ticket-event-kind.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { pack } from '../../src/protocol/codec.ts';
import { type TicketMe, ticketEventContract } from '../../src/protocol/ticket-event.ts';
import { type Asked, CoreBench } from '../support/core-bench.ts';

const KEY = 'ticket-event/sale';
const kinds = [ticketEventKind as unknown as ActorKind];
const NODE = { caller: { userId: 'node-1', roles: ['system'] } };
const OPERATOR = { caller: { userId: 'operator', roles: ['ops'] } };
const BATCH = 1_000;
const MEGABYTE = 1024 * 1024;

const userId = (n: number) => `user-${String((n * 7_919) % 100_003).padStart(6, '0')}`;
const users = (from: number, count: number) =>
	Array.from({ length: count }, (_, n) => userId(from + n));

async function ask(bench: CoreBench, [name, args]: Asked, from: object = NODE) {
	const answer = await bench.send(KEY, [name, args], from);
	if (!answer.ok) throw new Error(`${name}: ${answer.code} ${answer.message ?? ''}`);
	return answer.reply;
}

async function opened(): Promise<CoreBench> {
	const bench = new CoreBench({ kinds });
	const draft = {
		title: 'Sale',
		currency: 'KRW',
		opensAt: 0,
		secret: 'x'.repeat(32),
		stock: { total: 10, price: 1 },
		admission: { maxActive: 1, batch: 1, intervalMs: 3_600_000, graceMs: 600_000 },
	};
	const args = ticketEventContract.commands.create.args.parse(draft);
	await ask(bench, ['create', args], OPERATOR);
	return bench;
}

async function standing(bench: CoreBench, ids: readonly string[]): Promise<readonly TicketMe[]> {
	const found: TicketMe[] = [];
	for (let from = 0; from < ids.length; from += BATCH) {
		const reply = await ask(bench, ['look', { users: ids.slice(from, from + BATCH) }]);
		found.push(...(reply as { me: TicketMe[] }).me);
	}
	return found;
}

/** 20,000 come in batches, and every seventh of them leaves. */
async function rush(bench: CoreBench): Promise<readonly string[]> {
	const ids = users(0, 20_000);
	for (let from = 0; from < ids.length; from += BATCH) {
		await ask(bench, ['arrive', { users: ids.slice(from, from + BATCH) }]);
	}
	for (let n = 7; n < ids.length; n += 7) {
		bench.post(KEY, ['leave', {}], { caller: { userId: ids[n] ?? '', roles: ['user'] } });
		if (n % 500 === 0) await bench.runtime.advance(50);
	}
	await bench.runtime.advance(1_000);
	return ids;
}

describe('the waiting queue in its host', () => {
	test.each([
		['a kill, from the journal', (bench: CoreBench) => Promise.resolve(bench.restart({ kinds }))],
		[
			'an orderly end, from a snapshot',
			async (bench: CoreBench) => {
				await bench.close();
				expect(await bench.journal.snapshot(KEY)).toBeDefined();
				return bench.restart({ kinds });
			},
		],
	])('[T2] [T14] everybody stands where they stood behind %s', async (_, end) => {
		const bench = await opened();
		const ids = await rush(bench);
		const before = await standing(bench, ids);
		expect(before[0]?.phase).toBe('turn');
		expect(before[7]?.phase).toBe('before');
		expect(before[19_998]).toMatchObject({ phase: 'waiting', place: 17_141 });
		const next = await end(bench);
		expect(await standing(next, ids)).toEqual(before);
		const again = [userId(7), userId(20_000), userId(5)];
		const reply = await ask(next, ['arrive', { users: again }]);
		expect(reply).toMatchObject({ me: [{ place: 17_142 }, { place: 17_143 }, { place: 4 }] });
	});

	test('[T14] [T15] no document grows with the crowd: commits and parts of a snapshot are bounded', async () => {
		const bench = await opened();
		const long = Array.from({ length: 40_000 }, (_, n) => String(n).padEnd(64, '_'));
		const answers: unknown[][] = [];
		for (let from = 0; from < long.length; from += 5_000) {
			answers.push(bench.post(KEY, ['arrive', { users: long.slice(from, from + 5_000) }], NODE));
		}
		await bench.runtime.until(() => answers.every(({ length }) => length > 0));
		for (const gone of long.slice(100, 200)) {
			bench.post(KEY, ['leave', {}], { caller: { userId: gone, roles: ['user'] } });
		}
		await bench.runtime.advance(1_000);
		await bench.close();
		const commits = (await bench.records(KEY)).map((record) => pack(record).length);
		expect(Math.max(...commits)).toBeLessThan(2 * MEGABYTE);
		const parts = ((await bench.journal.snapshot(KEY))?.parts ?? []).map(({ length }) => length);
		expect(parts.length).toBeGreaterThan(8);
		expect(Math.max(...parts)).toBeLessThan(MEGABYTE);
	});
});
