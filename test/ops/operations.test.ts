import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { SILENT } from '../../src/core/log.ts';
import type { Identity, Service } from '../../src/gateway/ports.ts';
import { AUDIT, AuditTrail } from '../../src/ops/audit-trail.ts';
import { nodeAnswers } from '../../src/ops/node-answers.ts';
import { onlyNode } from '../../src/ops/nodes.ts';
import { Operations } from '../../src/ops/operations.ts';
import { opsService } from '../../src/ops/ops-service.ts';
import { opsContract } from '../../src/protocol/ops.ts';
import { CoreBench, Ear } from '../support/core-bench.ts';
import { counterKind } from '../support/counter-kind.ts';
import { openService } from '../support/open-service.ts';

const NO_SOCKETS = { sockets: 0, handles: 0, streams: 0, bytesQueued: 0 };
const OPERATOR = { userId: 'root', roles: ['ops'] };

/** A node on embedded parts in virtual time, looked into as an operator does. */
class OpsBench {
	readonly core = new CoreBench();
	readonly ended: string[] = [];
	state: 'starting' | 'up' = 'up';
	readonly store = new MemoryStore([AUDIT]);
	isStoreAway = false;
	readonly operations: Operations;
	readonly #line = () => ({
		...{ id: '7', url: 'http://h', pid: 1, startedAt: 0 },
		state: this.state,
		load: { sockets: 3, actors: 2, loopDelayMs: 1, overloaded: false },
	});

	constructor({ mayKill = true } = {}) {
		const { runtime, system, journal } = this.core;
		const answers = nodeAnswers({
			line: this.#line,
			actors: system,
			gateway: () => ({
				connections: () => NO_SOCKETS,
				sockets: () => ({ sockets: [], more: false }),
				socket: () => undefined,
			}),
			contracts: [counterKind.contract],
			journal,
			presence: { counts: () => ({ users: 0 }) },
			drain: () => this.ended.push('drain'),
			...(mayKill ? { kill: () => this.ended.push('kill') } : {}),
			runtime,
			log: SILENT,
		});
		const store = {
			page: this.store.page.bind(this.store),
			put: async (...args: Parameters<MemoryStore['put']>) => {
				if (this.isStoreAway) throw new Error('away');
				await this.store.put(...args);
			},
		};
		this.operations = new Operations({
			nodes: onlyNode({ answers, line: this.#line, isAwake: (key) => system.hosts.has(key) }),
			audit: new AuditTrail(store, runtime),
			journal,
			log: SILENT,
		});
	}

	/** Awaits what needs virtual time to pass. */
	async run<T>(work: Promise<T>): Promise<T> {
		let isDone = false;
		const done = work.finally(() => {
			isDone = true;
		});
		await this.core.runtime.until(() => isDone);
		return done;
	}

	async deeds() {
		const audit = await this.operations.audit({ limit: 50 });
		if (!audit.ok) throw new Error(audit.code);
		return audit.reply.entries.map(({ who, what, target, node }) => [who, what, target, node]);
	}
}

let bench: OpsBench;
beforeEach(() => {
	bench = new OpsBench();
});

const count = (id: string) => bench.core.send(`counter/${id}`, ['add', { by: 3 }]);

describe('[P40] actors', () => {
	test('are listed by key while they are awake', async () => {
		for (const id of ['b', 'a', 'c']) await count(id);
		const page = await bench.operations.actors({ node: '7', prefix: '', limit: 2 });
		expect(page).toMatchObject({
			ok: true,
			reply: {
				actors: [{ key: 'counter/a', phase: 'live' }, { key: 'counter/b' }],
				next: 'counter/b',
				total: 3,
			},
		});
		const rest = { node: '7', prefix: 'counter/', after: 'counter/b', limit: 2 };
		const next = await bench.operations.actors(rest);
		expect(next.ok && next.reply.actors.map(({ key }) => key)).toEqual(['counter/c']);
		expect(next.ok && 'next' in next.reply).toBe(false);
	});

	test('are shown with epoch, position, edges and last events, and nothing of these', async () => {
		await count('one');
		await count('one');
		const caller = { userId: 'bob', roles: ['user'] };
		const subscriber = Object.assign(new Ear(), { edge: '9' });
		bench.core.system.open('counter/one', { caller, args: {}, subscriber }, () => {});
		const found = await bench.run(bench.operations.actor({ key: 'counter/one' }));
		expect(found).toMatchObject({
			ok: true,
			reply: {
				key: 'counter/one',
				node: '7',
				isAwake: true,
				live: { phase: 'live', edges: ['9'], state: expect.anything() },
			},
		});
		if (!found.ok) throw new Error(found.code);
		const { events = [], position } = found.reply;
		expect(events.map((event) => event.position)).toEqual(
			Array.from({ length: events.length }, (_, n) => position - events.length + 1 + n),
		);
		expect(events.at(-1)).toMatchObject({ by: expect.stringMatching(/^~/) });
		expect(JSON.stringify(events)).not.toContain('ann');
	});

	test('asleep are shown as their journal has them, and are not woken', async () => {
		await count('one');
		const slept = await bench.run(bench.operations.sleep(OPERATOR, { key: 'counter/one' }));
		expect(slept).toEqual({ ok: true, reply: {} });
		expect(bench.core.system.hosts.size).toBe(0);
		const found = await bench.operations.actor({ key: 'counter/one' });
		expect(found).toMatchObject({ ok: true, reply: { isAwake: false } });
		expect(found.ok && found.reply.position).toBeGreaterThan(0);
		expect(bench.core.system.hosts.size).toBe(0);
		const woken = await bench.run(bench.operations.actor({ key: 'counter/one', wakes: true }));
		expect(woken).toMatchObject({ ok: true, reply: { isAwake: true, node: '7' } });
		const listed = await bench.operations.actors({ node: '7', prefix: '', limit: 9 });
		expect(listed).toMatchObject({ reply: { actors: [{ key: 'counter/one' }] } });
	});

	test('that never were are nowhere, and looking makes none', async () => {
		for (const wakes of [false, true]) {
			const found = await bench.run(bench.operations.actor({ key: 'counter/none', wakes }));
			expect(found).toMatchObject({ ok: false, code: 'NOT_FOUND' });
		}
		expect(await bench.core.journal.head('counter/none')).toBeUndefined();
	});

	test('that cannot be looked at in time are shown without their state', async () => {
		await count('one');
		bench.core.journalHooks.append = () => new Promise(() => {});
		bench.core.post('counter/one', ['add', { by: 1 }]);
		await bench.core.runtime.advance(10);
		const found = await bench.run(bench.operations.actor({ key: 'counter/one' }));
		expect(found).toMatchObject({ ok: true, reply: { live: { phase: 'committing' } } });
		expect(found.ok && found.reply.live && 'state' in found.reply.live).toBe(false);
	});
});

describe('[P40] acting', () => {
	test('is noted before it happens, with who did what to whom', async () => {
		await count('one');
		await bench.run(bench.operations.sleep(OPERATOR, { key: 'counter/one' }));
		await bench.operations.drain({ userId: 'eve', roles: ['ops'] }, { node: '7' });
		expect(await bench.deeds()).toEqual([
			['eve', 'drain', '7', '7'],
			['root', 'sleep', 'counter/one', '7'],
		]);
	});

	test('[P21] a drain begins when its answer has left', async () => {
		expect(await bench.operations.drain(OPERATOR, { node: '7' })).toMatchObject({ ok: true });
		expect(bench.ended).toEqual([]);
		await bench.core.runtime.advance(100);
		expect(bench.ended).toEqual(['drain']);
	});

	test('that cannot be noted does not happen', async () => {
		await count('one');
		bench.isStoreAway = true;
		const answers = [
			await bench.operations.drain(OPERATOR, { node: '7' }),
			await bench.operations.sleep(OPERATOR, { key: 'counter/one' }),
		];
		expect(answers.map((answer) => !answer.ok && answer.code)).toEqual(
			Array(2).fill('UNAVAILABLE'),
		);
		await bench.core.runtime.advance(200);
		expect(bench.ended).toEqual([]);
		expect(bench.core.system.hosts.size).toBe(1);
	});

	test('on what is not there is refused, and not noted', async () => {
		expect(await bench.operations.drain(OPERATOR, { node: '8' })).toMatchObject({
			code: 'NOT_FOUND',
		});
		const slept = await bench.operations.sleep(OPERATOR, { key: 'counter/none' });
		expect(slept).toMatchObject({ code: 'NOT_FOUND' });
		expect(await bench.deeds()).toEqual([]);
	});

	test('a node that still starts is not drained', async () => {
		bench.state = 'starting';
		expect(await bench.operations.drain(OPERATOR, { node: '7' })).toMatchObject({
			code: 'RETRY_LATER',
		});
	});

	test('the trail is read page by page, newest first', async () => {
		for (let n = 0; n < 5; n++) {
			await bench.operations.drain({ userId: `op${n}`, roles: ['ops'] }, { node: '7' });
			await bench.core.runtime.advance(1_000);
		}
		const first = await bench.operations.audit({ limit: 3 });
		if (!first.ok) throw new Error(first.code);
		const before = first.reply.entries.at(-1)?.id;
		const second = await bench.operations.audit({ limit: 3, before });
		if (!second.ok) throw new Error(second.code);
		const all = [...first.reply.entries, ...second.reply.entries];
		expect(all.map(({ who }) => who)).toEqual(['op4', 'op3', 'op2', 'op1', 'op0']);
		expect([first.reply.hasMore, second.reply.hasMore]).toEqual([true, false]);
	});
});

describe('[P42] the service', () => {
	const COMMANDS = Object.keys(opsContract.commands);
	const ARGS = { node: '7', key: 'counter/one', id: 'x', prefix: '', limit: 10 };

	const allowed = async (service: Service, identity: Identity) => {
		const connection = { id: 'c', deviceId: 'd', identity };
		const session = openService(service, connection);
		const codes = COMMANDS.map(async (name) => {
			const answer = await session.command(name, ARGS);
			return !answer.ok && answer.code === 'FORBIDDEN' ? [] : [name];
		});
		return (await Promise.all(codes)).flat();
	};
	const service = (isPlayground: boolean) =>
		opsService({ operations: bench.operations, isPlayground });

	test.each([['user'], ['service'], ['user,service']])(
		'tells nothing to the roles %s',
		async (roles) => {
			const identity = { userId: 'ann', roles: roles.split(',') };
			expect(await allowed(service(false), identity)).toEqual([]);
		},
	);

	test('is for the role ops, but for killing', async () => {
		const all = await allowed(service(false), OPERATOR);
		expect(all).toEqual(COMMANDS.filter((name) => name !== 'kill'));
	});

	test('on a playground everybody sees where things are, and may end nodes', async () => {
		const names = await allowed(service(true), { userId: 'ann', roles: ['user'] });
		expect(names).toEqual(['drain', 'kill', 'where']);
	});

	test('asks the roles with every command: a fresh token may have lost them', async () => {
		const connection = { id: 'c', deviceId: 'd', identity: { ...OPERATOR } };
		const session = openService(service(false), connection);
		expect(await session.command('nodes', ARGS)).toMatchObject({ ok: true });
		connection.identity.roles = ['user'];
		expect(await session.command('nodes', ARGS)).toMatchObject({ code: 'FORBIDDEN' });
	});

	test('a node that may not be killed refuses that itself', async () => {
		const careful = new OpsBench({ mayKill: false });
		expect(await careful.operations.kill(OPERATOR, { node: '7' })).toMatchObject({
			code: 'FORBIDDEN',
		});
		await careful.core.runtime.advance(200);
		expect(careful.ended).toEqual([]);
	});
});
