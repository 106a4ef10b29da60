import { describe, expect, test } from 'vitest';
import { refreshPlanKind } from '../../actors/refresh-plan/refresh-plan-kind.ts';
import { consentSlot } from '../../actors/user/consent-slot.ts';
import { userKind } from '../../actors/user/user-kind.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { OpenAnswer } from '../../src/core/actor-port.ts';
import { SILENT } from '../../src/core/log.ts';
import type { Runtime } from '../../src/core/runtime.ts';
import { Leveller } from '../../src/institutions/leveller/leveller.ts';
import type { Refresh } from '../../src/institutions/leveller/refresh.ts';
import { consentPages } from '../../src/institutions/leveller/target-pages.ts';
import type { RefreshPlanInfo } from '../../src/protocol/refresh-plan.ts';
import { CoreBench, Ear } from '../support/core-bench.ts';
import { testInstitutions } from '../support/institutions.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Sunday 2026-11-22 at 01:30 in Seoul: half an hour of the week is left. */
const LAST_HALF_HOUR = Date.UTC(2026, 10, 21, 16, 30);
const PLAN = 'refresh-plan/bank-a';
const USERS = 300;

const everyone = testInstitutions('http://127.0.0.1:9', { batchHours: { from: 1, to: 2 } });
const institutions = { ...everyone, all: everyone.all.filter(({ id }) => id === 'bank-a') };

/** The consents of many users, as their actors project them. */
async function consents(count: number): Promise<MemoryStore> {
	const store = new MemoryStore(userKind.collections);
	for (let n = 0; n < count; n++) {
		for (const institution of ['bank-a', 'card-a']) {
			const userId = `user-${n}`;
			const doc = { institution, userId, slot: consentSlot(userId), expires: 0 };
			await store.put('consents', [institution, userId], doc);
		}
	}
	return store;
}

/** A cluster's users: their actors need a second each, and record once for each transaction id. */
class Users {
	/** Transaction ids of calls, by user. */
	readonly calls = new Map<string, string[]>();
	readonly recorded = new Map<string, string>();
	readonly #runtime: Runtime;

	constructor(runtime: Runtime) {
		this.#runtime = runtime;
	}

	refresh: Refresh = (institution, userId, transactionId) => {
		expect(institution).toBe('bank-a');
		this.calls.set(userId, [...(this.calls.get(userId) ?? []), transactionId]);
		return new Promise((resolve) => {
			this.#runtime.after(1_000, () => {
				this.recorded.set(userId, transactionId);
				resolve({ ok: true });
			});
		});
	};
}

interface Parts {
	readonly runtime: VirtualRuntime;
	readonly reads: MemoryStore;
	readonly users: Users;
}

/** A node with its part of the weekly refresh. */
class Node {
	readonly bench: CoreBench;
	readonly leveller: Leveller;
	/** Calls a second that the institution takes at present; not heard: as the settings say. */
	perSecond: number | undefined;
	readonly #runtime: VirtualRuntime;

	/** In the place of another, which dies. */
	constructor({ runtime, reads, users: { refresh } }: Parts, before?: Node) {
		before?.leveller.close();
		this.#runtime = runtime;
		this.leveller = new Leveller({ runtime, reads, refresh, institutions, log: SILENT });
		const options = {
			kinds: [refreshPlanKind as ActorKind],
			intents: { 'refresh-plan': this.leveller.port },
			runtime,
		};
		this.bench = before?.bench.restart(options) ?? new CoreBench(options);
		this.leveller.open(this.bench.system, () => this.perSecond);
	}

	async info(): Promise<RefreshPlanInfo> {
		const answers: OpenAnswer[] = [];
		const caller = { userId: 'olga', roles: ['ops'] };
		const request = { caller, args: {}, subscriber: new Ear() };
		this.bench.system.open(PLAN, request, (answer) => answers.push(answer));
		await this.#runtime.until(() => answers.length > 0);
		return (answers[0] as { view: RefreshPlanInfo }).view;
	}

	/** What operators order. */
	order(name: string, args: unknown = {}): void {
		const caller = { userId: 'olga', roles: ['ops'] };
		this.bench.system.command(PLAN, { caller, name, args }, ({ ok }) => expect(ok).toBe(true));
	}
}

const world = async (count = USERS): Promise<Parts> => {
	const runtime = new VirtualRuntime({ now: LAST_HALF_HOUR });
	return { runtime, reads: await consents(count), users: new Users(runtime) };
};

const NEXT_NIGHT = LAST_HALF_HOUR + DAY_MS - 30 * MINUTE_MS;

describe('the leveller of a node', () => {
	test('[I20] runs beside its plan what is left of the week, and rests until the next', async () => {
		const parts = await world();
		const node = new Node(parts);
		await parts.runtime.advance(10 * MINUTE_MS);
		expect(await node.info()).toMatchObject({ phase: 'running', walked: false });
		expect(parts.users.recorded.size).toBeGreaterThan(100);
		expect(parts.users.recorded.size).toBeLessThan(200);
		await parts.runtime.advance(20 * MINUTE_MS);
		const totals = { targets: USERS, recorded: USERS, gone: 0, failed: 0, open: 0 };
		expect(await node.info()).toMatchObject({
			...{ phase: 'resting', walked: true, expected: USERS, totals, nextAt: NEXT_NIGHT },
		});
		await parts.runtime.advance(DAY_MS - 59 * MINUTE_MS);
		expect(await node.info()).toMatchObject({ phase: 'running', missedLastWeek: 0 });
	});

	test('[I23] a node that dies is followed by another, which repeats only what was in flight', async () => {
		const parts = await world();
		const { runtime, users } = parts;
		let node = new Node(parts);
		let inFlight = 0;
		for (let crash = 0; crash < 3; crash++) {
			await runtime.advance(4 * MINUTE_MS + 700 * crash);
			inFlight += (await node.info()).totals.open;
			node = new Node(parts, node);
		}
		await runtime.advance(20 * MINUTE_MS);
		expect(users.recorded.size).toBe(USERS);
		const repeated = [...users.calls.values()].filter((ids) => ids.length > 1);
		expect(repeated.length).toBeLessThanOrEqual(inFlight);
		expect(repeated.every((ids) => new Set(ids).size === 1)).toBe(true);
		expect(await node.info()).toMatchObject({ totals: { targets: USERS, recorded: USERS } });
	});

	test('[I23] work that was due while no node lived is taken up by the next one', async () => {
		const parts = await world();
		const first = new Node(parts);
		await parts.runtime.advance(MINUTE_MS);
		first.leveller.close();
		first.bench.system.kill();
		await parts.runtime.advance(5 * MINUTE_MS);
		const before = parts.users.calls.size;
		new Node(parts, first);
		await parts.runtime.advance(25 * MINUTE_MS);
		expect(before).toBeLessThan(USERS / 2);
		expect(parts.users.recorded.size).toBe(USERS);
	});

	test('[I22] orders of operators reach the run through its plan', async () => {
		const parts = await world();
		const node = new Node(parts);
		await parts.runtime.advance(5 * MINUTE_MS);
		node.order('pause');
		await parts.runtime.advance(2_000);
		const before = parts.users.calls.size;
		await parts.runtime.advance(5 * MINUTE_MS);
		expect(parts.users.calls.size).toBe(before);
		expect(await node.info()).toMatchObject({ paused: true, phase: 'running' });
		node.order('resume');
		await parts.runtime.advance(20 * MINUTE_MS);
		expect(parts.users.recorded.size).toBe(USERS);
	});

	test('[I22] a contract that is lowered while it runs slows the plan', async () => {
		const parts = await world();
		const node = new Node(parts);
		await parts.runtime.advance(2 * MINUTE_MS);
		// A refresh is about four calls: one in ten seconds.
		node.perSecond = 0.4;
		await parts.runtime.advance(MINUTE_MS);
		const before = parts.users.calls.size;
		await parts.runtime.advance(5 * MINUTE_MS);
		expect(parts.users.calls.size - before).toBeLessThanOrEqual(31);
		node.perSecond = 95;
		await parts.runtime.advance(22 * MINUTE_MS);
		expect(parts.users.recorded.size).toBe(USERS);
	});

	test('an institution without users costs a page a week', async () => {
		const parts = await world(0);
		const node = new Node(parts);
		await parts.runtime.advance(MINUTE_MS);
		expect(await node.info()).toMatchObject({ phase: 'resting', walked: true, expected: 0 });
	});

	test('[I21] pages go by slot, behind the last of the page before, and hold one institution', async () => {
		const pages = consentPages(await consents(USERS), 'card-a');
		const first = await pages.page(undefined, 200);
		const second = await pages.page(first.cursor, 200);
		expect([first.more, second.more]).toEqual([true, false]);
		const read = [...first.users, ...second.users];
		expect(new Set(read).size).toBe(USERS);
		expect(read.map(consentSlot)).toEqual(read.map(consentSlot).toSorted((a, b) => a - b));
	});
});
