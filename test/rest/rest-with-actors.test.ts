import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { channelKindWith } from '../../actors/channel/channel-kind.ts';
import { userKind } from '../../actors/user/user-kind.ts';
import { MemoryJournal } from '../../src/adapters/memory/memory-journal.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { ActorSystem } from '../../src/core/actor-system.ts';
import { REQUESTS } from '../../src/core/store.ts';
import { actorKey } from '../../src/protocol/ids.ts';
import { ask } from '../../src/rest/ask.ts';
import { PROFILES, storedProfiles } from '../../src/rest/stored-profiles.ts';
import { RestServer } from './rest-server.ts';

/** The REST API in front of the real hosts and kinds, on parts in memory. */

const SERVICE = 'robot:service';
const MESSAGES = '/api/v1/channels/team/messages';
const kinds = [channelKindWith({ joinCreates: true }), userKind] as unknown as ActorKind[];

let actors: ActorSystem;
let rest: RestServer;

beforeEach(async () => {
	const collections = kinds.flatMap((kind) => kind.collections);
	const store = new MemoryStore([REQUESTS, PROFILES, ...collections]);
	actors = new ActorSystem({ kinds, journal: new MemoryJournal(), store, runtime: nodeRuntime });
	rest = new RestServer();
	rest.ports.actors = actors;
	rest.ports.profiles = storedProfiles(store);
	await rest.start();
	const created = await ask(actors, actorKey('channel', 'team'), {
		caller: { userId: 'ann', roles: ['user'] },
		name: 'create',
		args: { kind: 'group', name: 'Team', members: ['bob'] },
		requestId: 'r1',
	});
	expect(created).toMatchObject({ ok: true });
});
afterEach(async () => {
	await rest.stop();
	await actors.close();
});

const send = (userId: string, key: string, text = 'hello') =>
	rest.call('POST', MESSAGES, {
		as: SERVICE,
		headers: { 'idempotency-key': key },
		body: { userId, text },
	});

describe('channels', () => {
	test('[C5] a message that is sent twice with one key is there once', async () => {
		const first = await send('ann', 'k1');
		const second = await send('ann', 'k1');
		expect(first.status).toBe(200);
		expect(second.body).toEqual(first.body);
		const { body } = await rest.call('GET', MESSAGES, { as: SERVICE });
		expect(body.messages).toMatchObject([{ userId: 'ann', text: 'hello' }]);
		expect(body.hasMore).toBe(false);
	});

	test('[C10] history is for members and services', async () => {
		await send('ann', 'k1');
		const statuses = ['bob:user', SERVICE, 'root:ops', 'eve:user'].map(
			async (token) => (await rest.call('GET', MESSAGES, { as: token })).status,
		);
		expect(await Promise.all(statuses)).toEqual([200, 200, 200, 403]);
	});

	test('[C10] a service lends its rights to nobody: who may not write, may not', async () => {
		expect((await send('eve', 'k1')).status).toBe(403);
	});

	test('one channel is shown to those who may see it', async () => {
		await send('ann', 'k1');
		const { body } = await rest.call('GET', '/api/v1/channels/team', { as: 'bob:user' });
		expect(body).toMatchObject({ id: 'team', kind: 'group', name: 'Team', memberCount: 2 });
		expect(body).toMatchObject({ lastSeq: 1 });
		const eve = await rest.call('GET', '/api/v1/channels/team', { as: 'eve:user' });
		expect(eve.status).toBe(403);
	});

	test('what does not exist is NOT_FOUND, and reading makes nothing', async () => {
		for (const path of ['/api/v1/channels/none', '/api/v1/channels/none/messages']) {
			expect((await rest.call('GET', path, { as: SERVICE })).status).toBe(404);
		}
		expect(await actors.peek(actorKey('channel', 'none'))).toBeUndefined();
	});

	test('[C1] messages carry the name that a service put', async () => {
		await rest.call('PUT', '/api/v1/users/ann', { as: SERVICE, body: { name: '안나' } });
		await send('ann', 'k1');
		const { body } = await rest.call('GET', MESSAGES, { as: SERVICE });
		expect(body.messages).toMatchObject([{ name: '안나' }]);
	});
});

describe('notices', () => {
	test('[P5] a repeated request posts nothing twice and answers the same', async () => {
		const post = () =>
			rest.call('POST', '/api/v1/notices', {
				as: SERVICE,
				headers: { 'idempotency-key': 'sale-1' },
				body: { to: ['ann', 'bob', 'new'], type: 'sale', data: { at: 10 }, ttlSeconds: 60 },
			});
		const first = await post();
		expect(first.body.posted).toHaveLength(3);
		expect((await post()).body).toEqual(first.body);
		const inbox = await ask<{ notices: unknown[] }>(actors, actorKey('user', 'new'), {
			caller: { userId: 'new', roles: ['user'] },
			name: 'list',
			args: { limit: 50 },
		});
		expect(inbox).toMatchObject({ ok: true, reply: { notices: [{ type: 'sale' }] } });
	});
});
