import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { SILENT } from '../../src/core/log.ts';
import { CALL_DAYS } from '../../src/institutions/call-days.ts';
import { CALLS, CallHistory } from '../../src/institutions/call-history.ts';
import { callSeries } from '../../src/institutions/call-series.ts';
import { createGuardedCalls } from '../../src/institutions/guarded-calls.ts';
import type {
	CallClass,
	CallRequest,
	CircuitGate,
	InstitutionTransport,
	Lane,
	OutsideAnswer,
	OutsideCall,
	PermitGate,
} from '../../src/institutions/ports.ts';
import { type SettingsOver, testInstitutions } from '../support/institutions.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const OK: OutsideAnswer = { class: 'ok', status: 200, ms: 1, body: { assets: [] } };

/** Institutions that answer when they are told to. */
class HeldTransport implements InstitutionTransport {
	readonly held: { readonly call: OutsideCall; answer(answer: OutsideAnswer): void }[] = [];

	call(call: OutsideCall): Promise<OutsideAnswer> {
		return new Promise((answer) => {
			this.held.push({ call, answer });
		});
	}

	async close(): Promise<void> {}

	answer(n = 0, answer: Partial<OutsideAnswer> = {}): void {
		this.held.splice(n, 1)[0]?.answer({ ...OK, ...answer });
	}
}

/** A circuit and permits that are worked by hand. */
class Gates implements CircuitGate, PermitGate {
	isOpen = false;
	/** A canary may call once more: the next admission is the last one. */
	isCanary = false;
	turns = 0;
	routes: Record<string, number> = {};
	permitMs = 0;
	hasPermits = true;
	readonly reports: { institution: string; class: CallClass; ageMs: number }[] = [];
	readonly taken: { institution: string; lane: Lane; waitMsMax: number }[] = [];
	readonly #runtime: VirtualRuntime;

	constructor(runtime: VirtualRuntime) {
		this.#runtime = runtime;
	}

	admit() {
		if (!this.isOpen) return { ok: true } as const;
		const isProbe = this.isCanary;
		this.isCanary = false;
		if (isProbe) return { ok: true } as const;
		return { ok: false, code: 'MAINTENANCE', retryAfterMs: 60_000 } as const;
	}

	generation(): number {
		return this.turns;
	}

	/** Opens or closes. */
	turn(isOpen: boolean): void {
		this.isOpen = isOpen;
		this.turns++;
	}

	report(institution: string, answer: { class: CallClass; ageMs: number }): void {
		this.reports.push({ institution, ...answer });
	}

	route(institution: string): number {
		return this.routes[institution] ?? 0;
	}

	async take(institution: string, lane: Lane, waitMsMax: number) {
		this.taken.push({ institution, lane, waitMsMax });
		if (this.permitMs > 0)
			await new Promise<void>((resolve) => this.#runtime.after(this.permitMs, resolve));
		if (this.hasPermits) return { ok: true } as const;
		return { ok: false, code: 'RATE_LIMITED', retryAfterMs: 1_000 } as const;
	}
}

const LANES = {
	online: { inFlightMax: 2, waitingMax: 2 },
	batch: { inFlightMax: 1, waitingMax: 1 },
};

function world(over: SettingsOver = {}) {
	const runtime = new VirtualRuntime();
	const transport = new HeldTransport();
	const gates = new Gates(runtime);
	const institutions = testInstitutions('http://127.0.0.1:9', { lanes: LANES, ...over });
	const store = new MemoryStore([CALLS, CALL_DAYS]);
	const shared = { runtime, log: SILENT, node: '7', institutions };
	const history = new CallHistory({ store, ...shared });
	const calls = createGuardedCalls({
		...{ ...shared, transport, history, circuit: gates, permits: gates },
	});
	return { runtime, transport, gates, institutions, store, history, calls };
}

type World = ReturnType<typeof world>;

const request = (over: Partial<CallRequest> = {}): CallRequest => ({
	...{ institution: 'bank-a', api: 'assets', lane: 'online', userId: 'ann', accessToken: 'clear' },
	...over,
});

/** Lets all that can happen now happen. */
const settled = ({ runtime }: World) => runtime.advance(0);

describe('a call', () => {
	test('[I5] goes out with a transaction id of its own and is recorded', async () => {
		const all = world();
		const { calls, transport, runtime, gates, store, history } = all;
		const answer = calls.call(request({ cursor: 'c' }));
		await settled(all);
		const [held] = transport.held;
		expect(held?.call).toMatchObject({ api: 'assets', userId: 'ann', cursor: 'c', route: 0 });
		expect(held?.call.settings.id).toBe('bank-a');
		await runtime.advance(120);
		transport.answer();
		const transactionId = held?.call.transactionId ?? '';
		expect(transactionId).toMatch(/n7$/);
		expect(await answer).toEqual({ ok: true, transactionId, ...OK });
		expect(gates.reports).toEqual([{ institution: 'bank-a', class: 'ok', ageMs: 120 }]);
		await history.close();
		const { rows } = await store.page({ collection: CALLS.name, prefix: ['bank-a'], limit: 10 });
		expect(rows.map(({ doc }) => doc)).toEqual([
			{
				...{
					api: 'assets',
					lane: 'online',
					userId: 'ann',
					transactionId,
					class: 'ok',
					status: 200,
				},
				...{ at: runtime.now() - 120, ms: 120, node: '7' },
			},
		]);
		expect(JSON.stringify(rows)).not.toContain('clear');
	});

	test('[I23] that is repeated goes out with the same transaction id', async () => {
		const all = world();
		void all.calls.call(request({ transactionId: 'week-47' }));
		await settled(all);
		expect(all.transport.held[0]?.call.transactionId).toBe('week-47');
	});

	test('[I15] goes by the route that the circuit names', async () => {
		const all = world();
		all.gates.routes['bank-a'] = 1;
		void all.calls.call(request());
		await settled(all);
		expect(all.transport.held[0]?.call.route).toBe(1);
	});

	test.each(['failed', 'throttled', 'denied', 'business', 'slow'] as const)(
		'[I11] that was %s is told to the circuit as that',
		async (callClass) => {
			const all = world();
			const answer = all.calls.call(request());
			await settled(all);
			all.transport.answer(0, { class: callClass });
			expect(await answer).toMatchObject({ ok: true, class: callClass });
			expect(all.gates.reports).toMatchObject([{ class: callClass }]);
		},
	);

	test('of an institution that there is not is refused', async () => {
		const { calls } = world();
		expect(await calls.call(request({ institution: 'bank-z' }))).toMatchObject({
			...{ ok: false, code: 'NOT_FOUND' },
		});
	});

	test('in which we made a mistake says nothing about the institution', async () => {
		const all = world();
		all.transport.call = async () => {
			throw new Error('a bug');
		};
		expect(await all.calls.call(request())).toEqual({ ok: false, code: 'INTERNAL' });
		expect(all.gates.reports).toEqual([]);
		expect(all.calls.figures()[0]).toMatchObject({ inFlight: 0 });
	});
});

describe('what is refused before it goes out', () => {
	test('[I12] a call on an open circuit, at once, with the time to come again', async () => {
		const { calls, gates, transport } = world();
		gates.turn(true);
		expect(await calls.call(request())).toEqual({
			...{ ok: false, code: 'MAINTENANCE', retryAfterMs: 60_000 },
		});
		expect([transport.held.length, gates.taken.length, gates.reports.length]).toEqual([0, 0, 0]);
	});

	test('[I12] a call that waited while the circuit opened', async () => {
		const all = world();
		const { calls, gates, transport, runtime } = all;
		gates.permitMs = 500;
		const answer = calls.call(request());
		await runtime.advance(200);
		gates.turn(true);
		await runtime.advance(300);
		expect(await answer).toMatchObject({ ok: false, code: 'MAINTENANCE' });
		expect(transport.held).toEqual([]);
	});

	test('[I7] a call that nobody wants any more does not go out, though it has its permit', async () => {
		const all = world();
		const { gates, transport, calls, runtime } = all;
		gates.permitMs = 1_000;
		let isWanted = true;
		const answer = calls.call(request({ isWanted: () => isWanted }));
		await settled(all);
		isWanted = false;
		await runtime.advance(1_000);
		expect(await answer).toMatchObject({ ok: false, code: 'EXPIRED' });
		expect(transport.held).toHaveLength(0);
		expect(calls.figures().every(({ inFlight }) => inFlight === 0)).toBe(true);
	});

	test('[I13] the call of a canary goes out though it waited: its admission was the only one', async () => {
		const all = world();
		all.gates.turn(true);
		all.gates.isCanary = true;
		all.gates.permitMs = 500;
		void all.calls.call(request());
		await all.runtime.advance(500);
		expect(all.transport.held).toHaveLength(1);
	});

	test('[I6] calls of one user to one institution beyond their limit; nobody else is', async () => {
		const perUser = { perSecondMax: 1, burstMax: 2 };
		const lanes = { online: { inFlightMax: 10, waitingMax: 0 } };
		const all = world({ perUser, lanes });
		const refusals: unknown[] = [];
		const call = (over: Partial<CallRequest>) =>
			void all.calls.call(request(over)).then((answer) => refusals.push(answer));
		call({});
		call({});
		call({});
		call({ userId: 'bob' });
		call({ institution: 'bank-b' });
		await settled(all);
		expect(refusals).toEqual([
			expect.objectContaining({ ok: false, code: 'RATE_LIMITED', retryAfterMs: 1_000 }),
		]);
		expect(all.transport.held).toHaveLength(4);
		await all.runtime.advance(1_000);
		call({});
		await settled(all);
		expect(all.transport.held).toHaveLength(5);
	});

	test('[I22] a call without a permit', async () => {
		const all = world();
		all.gates.hasPermits = false;
		expect(await all.calls.call(request({ lane: 'batch' }))).toMatchObject({
			...{ ok: false, code: 'RATE_LIMITED', retryAfterMs: 1_000 },
		});
		expect(all.gates.taken).toEqual([{ institution: 'bank-a', lane: 'batch', waitMsMax: 5_000 }]);
		expect(all.transport.held).toEqual([]);
		expect(all.calls.figures().every(({ inFlight }) => inFlight === 0)).toBe(true);
	});
});

describe('[I24] lanes', () => {
	/** Starts calls; what is refused is in the list that is answered. */
	function start({ calls }: World, count: number, over: Partial<CallRequest> = {}): unknown[] {
		const ended: unknown[] = [];
		for (let n = 0; n < count; n++)
			void calls
				.call(request({ userId: `user-${n}`, ...over }))
				.then((answer) => ended.push(answer));
		return ended;
	}

	test('bound what is under way and what waits; the rest is refused at once', async () => {
		const all = world();
		const ended = start(all, 5);
		await settled(all);
		expect(all.transport.held).toHaveLength(2);
		expect(ended).toEqual([expect.objectContaining({ ok: false, code: 'BUSY' })]);
		expect(all.calls.figures()[0]).toEqual({
			...{ institution: 'bank-a', lane: 'online', inFlight: 2, waiting: 2 },
		});
		all.transport.answer();
		await settled(all);
		expect(all.transport.held).toHaveLength(2);
		for (let n = 0; n < 3; n++) {
			all.transport.answer();
			await settled(all);
		}
		expect(ended).toHaveLength(5);
		expect(all.calls.figures()[0]).toMatchObject({ inFlight: 0, waiting: 0 });
	});

	test('of users and of batches, and of institutions, take nothing from each other', async () => {
		const all = world();
		start(all, 2, { lane: 'batch' });
		start(all, 4);
		start(all, 2, { institution: 'bank-b' });
		await settled(all);
		const where = all.transport.held.map(({ call }) => call.settings.id);
		expect(where.sort()).toEqual(['bank-a', 'bank-a', 'bank-a', 'bank-b', 'bank-b']);
	});

	test('let nobody wait longer than allowed, for place and permit together', async () => {
		const all = world();
		const ended = start(all, 3);
		await all.runtime.advance(2_000);
		all.gates.taken.length = 0;
		all.transport.answer();
		await settled(all);
		// Of the 5 s it has waited 2 for its place.
		expect(all.gates.taken).toMatchObject([{ waitMsMax: 3_000 }]);
		ended.length = 0;
		const late = start(all, 1);
		await all.runtime.advance(4_999);
		expect(late).toEqual([]);
		await all.runtime.advance(1);
		expect(late).toEqual([expect.objectContaining({ ok: false, code: 'BUSY' })]);
		expect(all.calls.figures()[0]).toMatchObject({ inFlight: 2, waiting: 0 });
	});

	test('send away what waits when the node stops', async () => {
		const all = world();
		const ended = start(all, 4);
		await settled(all);
		all.calls.close();
		await settled(all);
		expect(ended).toEqual([
			expect.objectContaining({ ok: false, code: 'UNAVAILABLE' }),
			expect.objectContaining({ ok: false, code: 'UNAVAILABLE' }),
		]);
		expect(await all.calls.call(request())).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
		all.transport.answer();
		await settled(all);
		expect(ended).toHaveLength(3);
	});
});

describe('[P41] metrics of calls', () => {
	test('by institution and class, with no word of whose they are', async () => {
		const all = world();
		const { calls, gates, history, transport } = all;
		const info = { name: 'Bank A', industry: 'bank', health: 'HEALTHY', percent: 100 } as const;
		const watch = {
			infos: () => [
				{ ...info, id: 'bank-a', circuit: 'closed', since: 0, calls: 0, failureRate: 0 } as const,
			],
			permits: { ...gates, take: gates.take, figures: () => ({ share: 5, waiting: 1 }) },
		};
		const read = () =>
			callSeries({ calls, watch, history }).flatMap(({ name, read: rows }) =>
				[...rows()].map((row) => [name, ...row].join(' ')),
			);
		void calls.call(request());
		void calls.call(request());
		await settled(all);
		expect(read()).toContain('institution_lane_calls bank-a online in_flight 2');
		transport.answer(0, { class: 'failed' });
		transport.answer();
		gates.hasPermits = false;
		await calls.call(request());
		gates.isOpen = true;
		await calls.call(request());
		const told = read();
		for (const row of [
			'institution_calls_total bank-a failed 1',
			'institution_calls_total bank-a ok 1',
			'institution_refusals_total bank-a RATE_LIMITED 1',
			'institution_refusals_total bank-a MAINTENANCE 1',
			'institution_permits_total bank-a taken 2',
			'institution_permits_total bank-a refused 1',
			'institution_permits_share bank-a 5',
			'institution_permits_waiting bank-a 1',
			'institution_circuit bank-a closed 1',
			'institution_lane_calls bank-a online in_flight 0',
			'institution_history_waiting 2',
			'institution_history_lost_total 0',
		]) {
			expect(told).toContain(row);
		}
		expect(told.join()).not.toMatch(/ann|clear/);
	});
});
