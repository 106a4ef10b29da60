/** Guarded calls over real sockets to simulated institutions, with production's gates. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpInstitutionTransport } from '../../src/adapters/http/institution-transport.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import { SILENT } from '../../src/core/log.ts';
import type { TokenAnswer } from '../../src/institutions/answers.ts';
import { CALL_DAYS } from '../../src/institutions/call-days.ts';
import { CALLS, CallHistory } from '../../src/institutions/call-history.ts';
import { Circuits } from '../../src/institutions/circuit-gate.ts';
import { createGuardedCalls } from '../../src/institutions/guarded-calls.ts';
import { Permissions } from '../../src/institutions/permit-gate.ts';
import type { CallRequest } from '../../src/institutions/ports.ts';
import { startInstitutionSimulator } from '../../src/simulators/institution/server.ts';
import { testInstitutions } from '../support/institutions.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
});

const LANES = {
	online: { inFlightMax: 4, waitingMax: 100 },
	batch: { inFlightMax: 4, waitingMax: 100 },
};

interface Seen {
	readonly api: string;
	readonly transactionId: string;
	readonly userId: string;
	readonly status: number;
}

async function world() {
	const simulator = await startInstitutionSimulator({ port: 0, host: '127.0.0.1' });
	closers.push(() => simulator.close());
	const control = (faults: object) =>
		fetch(`${simulator.url}/control`, { method: 'POST', body: JSON.stringify(faults) });
	await control({ institution: '*', latencyMs: 0 });
	const seen = async (institution: string) =>
		(await (await fetch(`${simulator.url}/calls?institution=${institution}`)).json()) as Seen[];

	const institutions = testInstitutions(simulator.url, {
		lanes: LANES,
		perUser: { perSecondMax: 1_000, burstMax: 1_000 },
	});
	const ids = institutions.all.map(({ id }) => id);
	const shared = { runtime: nodeRuntime, log: SILENT, node: '1', institutions };
	const store = new MemoryStore([CALLS, CALL_DAYS]);
	const history = new CallHistory({ store, ...shared });
	const transport = httpInstitutionTransport({ institutions, runtime: nodeRuntime });
	closers.push(() => transport.close());
	const circuit = new Circuits(ids, nodeRuntime);
	const permits = new Permissions({
		...{ ...shared, institutions: ids, incarnation: '1' },
		ask: (_institution, _request, answer) => answer({ share: 10_000, intervalMs: 1_000, tick: 1 }),
	});
	const timer = setInterval(() => permits.tick(), 5);
	closers.push(() => clearInterval(timer));
	const calls = createGuardedCalls({ ...shared, transport, circuit, permits, history });
	return { calls, circuit, control, seen, store, history };
}

let all: Awaited<ReturnType<typeof world>>;
beforeEach(async () => {
	all = await world();
});

/** A call for a token, for which nothing is needed before. */
const token = (over: Partial<CallRequest> = {}): CallRequest => ({
	...{ institution: 'bank-a', api: 'token', lane: 'online', userId: 'ann' },
	grant: { authorisation: 'consent' },
	...over,
});

const many = (count: number, over: Partial<CallRequest> = {}) =>
	Array.from({ length: count }, (_, n) => all.calls.call(token({ userId: `user-${n}`, ...over })));

test('[I5] what the institution has seen is what the history has, each call with an id of its own', async () => {
	const { calls, history, seen, store } = all;
	const [first] = await Promise.all(many(20));
	const accessToken = first?.ok ? (first.body as TokenAnswer).accessToken : undefined;
	await calls.call(token({ api: 'assets', userId: 'user-0', accessToken }));
	await calls.call(token({ api: 'assets', userId: 'user-0', accessToken: 'wrong' }));
	await history.close();
	const { rows } = await store.page({ collection: CALLS.name, prefix: ['bank-a'], limit: 100 });
	const kept = rows.map(({ doc }) => [doc.transactionId, doc.api, doc.status].join());
	const got = (await seen('bank-a')).map((one) => [one.transactionId, one.api, one.status].join());
	expect(kept.sort()).toEqual(got.sort());
	expect(new Set(rows.map(({ doc }) => doc.transactionId)).size).toBe(22);
});

test('[I12] an open circuit costs the institution nothing', async () => {
	const { circuit, seen } = all;
	expect((await Promise.all(many(3))).every(({ ok }) => ok)).toBe(true);
	circuit.of('bank-a')?.take(
		{
			...{ generation: 1, version: 1, circuit: 'open', percent: 0, canaries: ['2'], badNodes: [] },
			...{ route: 0, probeMs: 1_000, permits: 1, expectedInMs: 300_000 },
		},
		'1',
		nodeRuntime.monotonic(),
	);
	const refused = await Promise.all(many(50));
	for (const one of refused)
		expect(one).toMatchObject({
			...{ ok: false, code: 'MAINTENANCE', retryAfterMs: expect.any(Number) },
		});
	expect(await seen('bank-a')).toHaveLength(3);
	expect((await Promise.all(many(3, { institution: 'bank-b' }))).every(({ ok }) => ok)).toBe(true);
});

describe('[I24] what is stuck', () => {
	/** Fills a lane of the institution with calls that are never answered. */
	async function stuck(over: Partial<CallRequest> = {}): Promise<void> {
		await all.control({ institution: 'bank-a', outage: 'hang' });
		void many(50, over);
		while ((await all.seen('bank-a')).length < 4) await new Promise(setImmediate);
	}

	test('at one institution holds up no other', async () => {
		await stuck();
		const answers = await Promise.all(many(20, { institution: 'card-b' }));
		expect(answers.every((answer) => answer.ok && answer.class === 'ok')).toBe(true);
		expect(await all.seen('bank-a')).toHaveLength(4);
	});

	test('in the batch lane holds up no user', async () => {
		await stuck({ lane: 'batch' });
		await all.control({ institution: 'bank-a', outage: false });
		const answers = await Promise.all(many(20));
		expect(answers.every((answer) => answer.ok && answer.class === 'ok')).toBe(true);
		// Those of the batch are stuck for good: the first four of them, and nothing behind them.
		expect((await all.seen('bank-a')).filter(({ status }) => status === 0)).toHaveLength(4);
	});
});
