import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { OP } from '../../src/protocol/frames.ts';
import type { NaruServer } from '../../src/server.ts';
import { counterKind } from '../support/counter-kind.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { metrics, World } from '../support/world.ts';

const kinds = [counterKind as unknown as ActorKind];
const COUNTER = { kind: 'counter', id: 'one', with: { name: 'add', args: { by: 1 } } };
const INTERNAL = { code: 'INTERNAL' };
/** Below what one socket may send at once. */
const PER_SOCKET = 3_000;
const BATCH = 500;
/** An error with its stack is about 1 KB: one kept per throw would be three times as much. */
const GROWTH_MAX = 4 * 1024 * 1024;

const world = new World();
afterEach(() => world.end());

async function counter(server: NaruServer, userId: string): Promise<FrameClient> {
	const client = await world.frames(server.url, userId);
	expect(await client.open(1, COUNTER)).toMatchObject({ op: OP.opened, payload: { view: {} } });
	return client;
}

/** Sends the command again and again; answers with the codes that came back. */
async function hammer(client: FrameClient, name: string, count: number): Promise<Set<string>> {
	const codes = new Set<string>();
	for (let sent = 0; sent < count; sent += BATCH) {
		const numbers = Array.from({ length: Math.min(BATCH, count - sent) }, (_, n) => sent + n + 1);
		for (const inFlight of inGroups(numbers, 200)) {
			const replies = await Promise.all(inFlight.map((n) => client.command(1, n, name, {})));
			for (const [, , refusal] of replies) codes.add(refusal?.code ?? 'ok');
		}
	}
	return codes;
}

const inGroups = <T>(items: readonly T[], length: number): T[][] =>
	Array.from({ length: Math.ceil(items.length / length) }, (_, n) =>
		items.slice(n * length, (n + 1) * length),
	);

/** Bytes of the heap that are in use, without garbage. */
function heapUsed(): number {
	setFlagsFromString('--expose-gc');
	(runInNewContext('gc') as () => void)();
	return process.memoryUsage().heapUsed;
}

test('[P13] [H5] a command that makes decide throw again and again is INTERNAL to its caller, and harms nobody', async () => {
	const server = await world.server({ kinds });
	const bob = await counter(server, 'bob');
	const other = await world.frames(server.url, 'cid');
	const join = { name: 'join', args: {}, requestId: 'j' };
	await other.open(1, { kind: 'channel', id: 'lobby', with: join });
	await hammer(await counter(server, 'eve'), 'throwInDecide', PER_SOCKET);
	const journal = await server.journal.head('counter/one');
	const before = { heap: heapUsed(), metrics: await metrics(server.url) };

	for (let round = 0; round < 4; round++) {
		const eve = await counter(server, 'eve');
		expect(await hammer(eve, 'throwInDecide', PER_SOCKET)).toEqual(new Set(['INTERNAL']));
		await eve.close();
		const [, , refused] = await other.command(1, round + 1, 'send', { text: 'well' }, `s${round}`);
		expect(refused).toBeUndefined();
	}

	expect(heapUsed() - before.heap).toBeLessThan(GROWTH_MAX);
	const after = await metrics(server.url);
	const grown = (name: string) => after(name) - before.metrics(name);
	expect(grown('naru_errors_total')).toBe(4 * PER_SOCKET);
	expect(grown('naru_activations_total'), 'the actor was never loaded again').toBe(0);
	expect(after('naru_quarantines_total')).toBe(0);
	expect(after('naru_mailbox_entries')).toBe(0);
	// Two joined, and eve six times; nothing of what threw was written.
	expect(await bob.command(1, 1, 'add', { by: 1 }, 'b')).toEqual([1, { total: 7 }]);
	const head = await server.journal.head('counter/one');
	expect((head?.position ?? 0) - (journal?.position ?? 0)).toBe(5);
	expect(bob.socket.readyState).toBe(bob.socket.OPEN);
});

test('[P13] [H6] a command that makes evolve throw again and again leads to no quarantine', async () => {
	const server = await world.server({ kinds });
	const bob = await counter(server, 'bob');
	const eve = await counter(server, 'eve');
	const hostile = hammer(eve, 'throwInEvolve', 200);
	for (let n = 1; n <= 20; n++) {
		expect(await bob.command(1, n, 'add', { by: 1 }, `b${n}`)).toEqual([n, { total: n + 2 }]);
	}
	expect(await hostile).toEqual(new Set(['INTERNAL']));
	const [, , refusal] = await eve.command(1, 201, 'throwInEvolve', {});
	expect(refusal).toMatchObject(INTERNAL);
	expect(await eve.command(1, 202, 'add', { by: 1 })).toEqual([202, { total: 23 }]);
	expect((await metrics(server.url))('naru_quarantines_total')).toBe(0);
});

test('two kinds of one name are refused at the start', async () => {
	const twice = { ...counterKind, contract: { ...counterKind.contract, kind: 'channel' } };
	const start = (kind: object) => world.server({ kinds: [kind as ActorKind] });
	await expect(start(twice)).rejects.toThrow('two kinds are called "channel"');
	const other = { ...counterKind, collections: [{ name: 'messages', key: [] }] };
	await expect(start(other)).rejects.toThrow('two collections are called "messages"');
});
