import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { institutionKind } from '../../actors/institution/institution-kind.ts';
import { MemoryJournal } from '../../src/adapters/memory/memory-journal.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { ActorSystem } from '../../src/core/actor-system.ts';
import { REQUESTS } from '../../src/core/store.ts';
import { expectedHours, TYPICAL_TRAFFIC } from '../../src/institutions/leveller/online-traffic.ts';
import { actorKey } from '../../src/protocol/ids.ts';
import { ask } from '../../src/rest/ask.ts';
import { RULES } from '../support/institution-actor.ts';
import { RestServer } from './rest-server.ts';

const OPS = 'root:ops';
const USER = 'ann:user';
const PATH = '/api/v1/institutions';
const kinds = [institutionKind] as unknown as ActorKind[];

let actors: ActorSystem;
let rest: RestServer;

beforeEach(async () => {
	const store = new MemoryStore([REQUESTS, ...kinds.flatMap((kind) => kind.collections)]);
	actors = new ActorSystem({ kinds, journal: new MemoryJournal(), store, runtime: nodeRuntime });
	rest = new RestServer();
	rest.ports.actors = actors;
	await rest.start();
	await ask(actors, actorKey('institution', 'bank-a'), {
		caller: { userId: '1', roles: ['system'] },
		name: 'ensure',
		args: { settings: RULES },
	});
});
afterEach(async () => {
	await rest.stop();
	await actors.close();
});

describe('institutions over REST', () => {
	test('[I12] [I15] everybody sees how one stands; operators force it, and it is noted first', async () => {
		const seen = await rest.call('GET', `${PATH}/bank-a`, { as: USER });
		expect(seen).toMatchObject({
			status: 200,
			body: { id: 'bank-a', circuit: 'closed', health: 'HEALTHY', calls: 0, failureRate: 0 },
		});
		const body = { mode: 'forced-open' };
		const forced = await rest.call('POST', `${PATH}/bank-a/circuit`, { as: OPS, body });
		expect(forced).toMatchObject({ status: 200, body: { circuit: 'forced-open' } });
		expect(rest.noted).toEqual(['root setCircuit institution/bank-a']);
		const again = await rest.call('GET', `${PATH}/bank-a`, { as: USER });
		expect(again.body).toMatchObject({ circuit: 'forced-open', health: 'CRITICAL' });
		expect(again.body).not.toHaveProperty('gate');
	});

	test('[I20] operators see what is expected of users, and what says so', async () => {
		const path = '/api/v1/ops/institutions/bank-a/expected';
		expect((await rest.call('GET', path, { as: OPS })).status).toBe(404);
		const hours = expectedHours(TYPICAL_TRAFFIC, 'bank');
		const expected = { hours, by: 'settings', days: 3 } as const;
		rest.ports.expectedTraffic = async (id) => (id === 'bank-a' ? expected : undefined);
		expect(await rest.call('GET', path, { as: OPS })).toMatchObject({
			status: 200,
			body: expected,
		});
		expect((await rest.call('GET', path, { as: USER })).status).toBe(403);
	});

	test('[I16] operators see the traffic by industry, or that it cannot be read', async () => {
		const path = '/api/v1/ops/institutions/traffic';
		expect((await rest.call('GET', path, { as: OPS })).status).toBe(404);
		const row = { industry: 'bank', today: 16, lastWeek: 10, growth: 1.6, isMarked: true };
		rest.ports.institutionTraffic = async () => [row];
		expect(await rest.call('GET', path, { as: OPS })).toMatchObject({ status: 200, body: [row] });
		expect((await rest.call('GET', path, { as: USER })).status).toBe(403);
		rest.ports.institutionTraffic = () => Promise.reject(new Error('away'));
		expect((await rest.call('GET', path, { as: OPS })).status).toBe(503);
	});

	test('[I20] in development a night is rehearsed, or it is said why not', async () => {
		const ask = () =>
			rest.call('POST', '/api/v1/dev/refresh-rehearsals', { body: { institution: 'bank-a' } });
		expect((await ask()).status).toBe(404);
		const body = { plan: 'rehearsal-bank-a' };
		rest.ports.rehearse = async () => ({ ok: true, reply: body });
		expect(await ask()).toMatchObject({ status: 200, body });
		rest.ports.rehearse = async () => ({ ok: false, code: 'UNAVAILABLE' });
		expect((await ask()).status).toBe(503);
	});

	test('[I15] what cannot be noted does not happen', async () => {
		rest.auditRefused = { ok: false, code: 'UNAVAILABLE' };
		const body = { mode: 'forced-open' };
		const { status } = await rest.call('POST', `${PATH}/bank-a/circuit`, { as: OPS, body });
		expect(status).toBe(503);
		const { body: stands } = await rest.call('GET', `${PATH}/bank-a`, { as: USER });
		expect(stands.circuit).toBe('closed');
	});

	test('[I15] only operators order and see the board', async () => {
		for (const [path, body] of [
			['circuit', { mode: 'forced-open' }],
			['route', { route: 1 }],
			['rate', { perSecond: 5 }],
		] as const) {
			const url = `${PATH}/bank-a/${path}`;
			expect((await rest.call('POST', url, { as: USER, body })).status).toBe(403);
			expect((await rest.call('POST', url, { as: OPS, body: {} })).status).toBe(400);
			expect((await rest.call('POST', url, { as: OPS, body })).status).toBe(200);
		}
		const board = `${PATH}/bank-a/board`;
		expect((await rest.call('GET', board, { as: USER })).status).toBe(403);
		const { body } = await rest.call('GET', board, { as: OPS });
		expect(body).toMatchObject({ permits: { count: 4, ratePerSecond: 5 }, gate: { route: 1 } });
	});

	test('[I12] the list is as this node knows it; unknown ones are not there', async () => {
		expect((await rest.call('GET', PATH, { as: USER })).status).toBe(404);
		const info = (await rest.call('GET', `${PATH}/bank-a`, { as: USER })).body;
		rest.ports.institutions = () => [info as never];
		const { body } = await rest.call('GET', PATH, { as: USER });
		expect(body).toEqual([info]);
		expect((await rest.call('GET', `${PATH}/bank-z`, { as: USER })).status).toBe(404);
		expect((await rest.call('GET', PATH)).status).toBe(401);
	});
});
