import { afterEach, expect, test } from 'vitest';
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts';
import { devToken, metrics, rest, until, World } from '../support/world.ts';

const NOTICES = '/api/v1/notices';
const TTL_SECONDS = 1;

const world = new World();
afterEach(() => world.end());

async function post(url: string, to: readonly string[], ttlSeconds: number): Promise<void> {
	const token = await devToken(url, { userId: 'backend', roles: ['service'] });
	const body = { to, type: 'offer', data: {}, ttlSeconds };
	const { status } = await rest(url, NOTICES, { token, key: `k${ttlSeconds}`, body });
	expect(status).toBe(200);
}

/** What stands in the journal of a directory that no process uses. */
async function journalOf(directory: string, actor: `${string}/${string}`) {
	const { journal, close } = await openSqlite({ directory, collections: [] });
	const { records } = await journal.read(actor, { commit: 0 }, { bytesMax: 1_000_000 });
	const wakes = await journal.wakes(Number.MAX_SAFE_INTEGER, 100);
	await close();
	const events = records.flatMap(({ events, at }) => events.map(({ type }) => ({ type, at })));
	return { events, wakes: wakes.filter((row) => row.actor === actor) };
}

test('[P13] a timer that was due while the process was down fires after the start, although nobody opens the actor', async () => {
	const directory = world.directory();
	const first = await world.process({ directory });
	await post(first.url, ['ann'], TTL_SECONDS);
	const dueAt = Date.now() + TTL_SECONDS * 1_000;
	await first.kill();
	const before = await journalOf(directory, 'user/ann');
	expect(before.events.map(({ type }) => type)).toEqual(['notice']);
	expect(before.wakes.length).toBe(1);
	await until(() => Date.now() > dueAt);

	const second = await world.process({ directory });
	await until(async () => (await metrics(second.url))('naru_events_total') > 0);
	expect(await second.terminate()).toEqual({ code: 0, signal: null });
	const after = await journalOf(directory, 'user/ann');
	expect(after.events.map(({ type }) => type)).toEqual(['notice', 'expired']);
	expect(after.events[1]?.at).toBeGreaterThanOrEqual(dueAt);
});

test('[P13] a timer that is not due yet fires in the next process when its time comes, although nobody opens the actor', async () => {
	const directory = world.directory();
	const first = await world.process({ directory });
	await post(first.url, ['bob'], 2);
	await first.kill();
	const second = await world.process({ directory });
	await until(async () => (await metrics(second.url))('naru_events_total') > 0);
	await second.terminate();
	const { events, wakes } = await journalOf(directory, 'user/bob');
	expect(events.map(({ type }) => type)).toEqual(['notice', 'expired']);
	expect((events[1]?.at ?? 0) - (events[0]?.at ?? 0)).toBeGreaterThanOrEqual(2_000);
	expect(wakes).toEqual([]);
});
