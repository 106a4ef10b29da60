import { describe, expect, test } from 'vitest';
import { ticketEventKind } from '../../../actors/ticket-event/ticket-event-kind.ts';
import type { ActorKind } from '../../../src/core/actor-kind.ts';
import type { CommandAnswer } from '../../../src/core/actor-port.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import { type TicketMe, ticketEventContract } from '../../../src/protocol/ticket-event.ts';
import { NodeRuntime } from '../../cluster/node-runtime.ts';
import { ActorNode } from '../../cluster/support/actor-world.ts';
import { TestNodes } from '../../cluster/test-nodes.ts';
import { type Asked, CoreBench } from '../../support/core-bench.ts';
import { Gate } from '../../support/hooked.ts';
import { seats } from '../../support/ticket-sale.ts';
import type { VirtualRuntime } from '../../support/virtual-runtime.ts';

const KEY = 'ticket-event/show';
const kinds = [ticketEventKind as unknown as ActorKind];
const PICK_MS = 20_000;
/** A lease, and what it takes to see that it is over and to begin. */
const TAKEN_OVER_MS = 4_000 + 2_000;

const draft = ticketEventContract.commands.create.args.parse({
	...{ title: 'Show', currency: 'EUR', opensAt: 0, secret: 'x'.repeat(32), seats: seats(2) },
	pickSeconds: PICK_MS / 1_000,
	admission: { mode: 'desk', maxActive: 2 },
});

/** Who asks: nodes, operators, buyers. */
const caller = (userId: string) => ({
	userId,
	roles: [userId === 'node' ? 'system' : userId === 'ops' ? 'ops' : 'user'],
});

/** Hosts of production, asked one after another. */
abstract class Hosts {
	abstract readonly runtime: VirtualRuntime;
	abstract post(at: number, asked: Asked, userId: string): CommandAnswer[];

	async send(at: number, asked: Asked, userId: string): Promise<CommandAnswer> {
		const answers = this.post(at, asked, userId);
		await this.runtime.until(() => answers.length > 0);
		return answers[0] as CommandAnswer;
	}

	/** Asks until somebody answers for good. */
	async ask<T>(at: number, asked: Asked, userId: string): Promise<T> {
		for (;;) {
			const answer = await this.send(at, asked, userId);
			if (answer.ok) return answer.reply as T;
			if (!ERRORS[answer.code].retryable) throw new Error(`${asked[0]}: ${answer.code}`);
			await this.runtime.advance(50);
		}
	}

	/** Ann and Bob are inside, as the host at a place has it. */
	async begin(at: number): Promise<void> {
		await this.ask(at, ['create', draft], 'ops');
		await this.runtime.advance(100);
		await this.ask(at, ['arrive', { users: ['ann', 'bob'] }], 'node');
		await this.ask(at, ['claim', { users: ['ann', 'bob'] }], 'node');
	}

	async look(at: number, ...users: string[]): Promise<readonly TicketMe[]> {
		return (await this.ask<{ me: TicketMe[] }>(at, ['look', { users }], 'node')).me;
	}

	/** What a buyer who is inside sends to hold the first seat. */
	async holdBy(at: number, userId: string): Promise<Asked> {
		const [me] = await this.look(at, userId);
		return ['hold', { admission: me?.admission, seats: ['s1'] }];
	}
}

/** Two hosts that both take themselves for the owner: nothing but the journal is between them. */
class Rivals extends Hosts {
	readonly benches: readonly CoreBench[];
	readonly runtime: VirtualRuntime;

	constructor() {
		super();
		const first = new CoreBench({ kinds });
		this.benches = [first, new CoreBench({ kinds, shared: first })];
		this.runtime = first.runtime;
	}

	post(at: number, asked: Asked, userId: string): CommandAnswer[] {
		return this.benches[at]?.post(KEY, asked, { caller: caller(userId) }) ?? [];
	}
}

/** What hosts share; a host of its own would take up due work. */
function onlyData(): CoreBench {
	const data = new CoreBench({ kinds });
	data.system.kill();
	return data;
}

/** Nodes with leases, claims and links, of which the first owns the sale. */
class Cluster extends Hosts {
	readonly world: TestNodes;
	readonly nodes: readonly ActorNode[];
	readonly runtime: VirtualRuntime;

	private constructor(world: TestNodes, nodes: readonly ActorNode[]) {
		super();
		this.world = world;
		this.nodes = nodes;
		this.runtime = world.runtime;
	}

	static async settled(): Promise<Cluster> {
		const { world, nodes } = await TestNodes.settled(2);
		const shared = onlyData();
		return new Cluster(
			world,
			nodes.map((node) => new ActorNode(node, shared, { kinds })),
		);
	}

	post(at: number, asked: Asked, userId: string): CommandAnswer[] {
		return this.nodes[at]?.post(KEY, asked, { caller: caller(userId) }) ?? [];
	}
}

const heldBy = async (bench: CoreBench) =>
	(await bench.events(KEY)).filter(({ type }) => type === 'held').map(({ by }) => by);

describe('an owner that is one no more', () => {
	test('[A12] [T11] sells on what it remembers: the journal refuses it, and the seat stays the other buyer’s', async () => {
		const rivals = new Rivals();
		await rivals.begin(0);
		const [byAnn, byBob] = [await rivals.holdBy(0, 'ann'), await rivals.holdBy(0, 'bob')];
		// The second host takes the sale over; the first has not heard of it.
		await rivals.ask(1, byBob, 'bob');
		const [first, second] = rivals.benches as [CoreBench, CoreBench];
		expect(await rivals.send(0, byAnn, 'ann')).toMatchObject({ ok: false, code: 'MOVED' });
		expect(await heldBy(second)).toEqual(['bob']);
		expect(first.system.hosts.has(KEY)).toBe(false);
		// Asked anew it reads what the other wrote.
		expect(await rivals.send(0, byAnn, 'ann')).toMatchObject({ ok: false, code: 'SEAT_TAKEN' });
		expect(await rivals.look(0, 'ann', 'bob')).toMatchObject([
			{ held: { quantity: 0 } },
			{ held: { seats: ['s1'] } },
		]);
	});

	test('[A12] [T11] was paused with a sale on its way to the journal, past its lease: it comes too late', async () => {
		const cluster = await Cluster.settled();
		const [owner, other] = cluster.nodes as [ActorNode, ActorNode];
		await cluster.begin(0);
		const [byAnn, byBob] = [await cluster.holdBy(0, 'ann'), await cluster.holdBy(0, 'bob')];
		const gate = new Gate();
		owner.bench.journalHooks.append = (run) => gate.pass(run);
		const late = cluster.post(0, byAnn, 'ann');
		await cluster.world.pass(20);
		expect(gate.waited).toBe(1);
		owner.node.runtime.pause();
		await cluster.ask(1, byBob, 'bob');
		gate.open();
		owner.node.runtime.resume();
		await cluster.world.pass(1_000);
		expect(late).toMatchObject([{ ok: false, code: 'MOVED' }]);
		expect(await heldBy(other.bench)).toEqual(['bob']);
		expect(await cluster.look(0, 'ann', 'bob')).toMatchObject([
			{ held: { quantity: 0 } },
			{ held: { seats: ['s1'] } },
		]);
	});

	test('[A13] [T14] died without a word: its sale goes on when its lease is over, and not before', async () => {
		const cluster = await Cluster.settled();
		const [owner, other] = cluster.nodes as [ActorNode, ActorNode];
		await cluster.begin(0);
		await cluster.ask(0, await cluster.holdBy(0, 'ann'), 'ann');
		await cluster.world.pass(500);
		const diedAt = cluster.runtime.now();
		// Nothing leaves it any more, nor does anybody tell of it.
		owner.node.runtime.pause();
		owner.bench.system.kill();
		await cluster.world.pass(2_500);
		expect(await cluster.send(1, ['look', { users: ['ann'] }], 'node')).toMatchObject({
			ok: false,
		});
		expect(await cluster.look(1, 'ann')).toMatchObject([{ held: { seats: ['s1'] } }]);
		expect(cluster.runtime.now() - diedAt).toBeLessThanOrEqual(TAKEN_OVER_MS);
		expect(other.bench.system.hosts.has(KEY)).toBe(true);
	});
});

describe('a buyer who holds a seat and is gone without a word', () => {
	test.each([false, true])(
		'[A13] [T8] loses it at the deadline, and the next one gets it; the owner dies too: %s',
		async (diesToo) => {
			const cluster = await Cluster.settled();
			const [owner] = cluster.nodes as [ActorNode];
			await cluster.begin(0);
			await cluster.ask(0, ['arrive', { users: ['cy'] }], 'node');
			await cluster.ask(0, await cluster.holdBy(0, 'ann'), 'ann');
			expect(await cluster.look(0, 'cy')).toMatchObject([{ phase: 'waiting' }]);
			if (diesToo) {
				owner.node.runtime.pause();
				owner.bench.system.kill();
			}
			// Nobody asks for anything: the deadline alone, or the row that stands for it, is at work.
			await cluster.world.pass(PICK_MS + 20_000);
			const events = (await cluster.nodes[1]?.bench.events(KEY)) ?? [];
			expect(events.filter(({ type }) => type === 'visitEnded')).toMatchObject([
				{ data: { userId: 'ann', why: 'pickExpired', units: 1 } },
				{ data: { userId: 'bob', why: 'pickExpired', units: 0 } },
			]);
			const at = diesToo ? 1 : 0;
			expect(await cluster.look(at, 'cy')).toMatchObject([{ phase: 'turn' }]);
			await cluster.ask(at, ['claim', { users: ['cy'] }], 'node');
			await cluster.ask(at, await cluster.holdBy(at, 'cy'), 'cy');
			expect(await cluster.look(at, 'ann', 'cy')).toMatchObject([
				{ phase: 'before', ended: 'pickExpired' },
				{ held: { seats: ['s1'] } },
			]);
		},
	);
});

/** How far a node's clock may be off and yet take actors (N6). */
const OFF_MS = 2_000;

/** A host on the data of another, whose clock is off. */
class Off extends Hosts {
	readonly runtime: VirtualRuntime;
	readonly bench: CoreBench;

	constructor(shared: CoreBench, offMs: number) {
		super();
		const runtime = new NodeRuntime(shared.runtime);
		runtime.jump(offMs);
		this.runtime = shared.runtime;
		this.bench = new CoreBench({ kinds, shared, runtime });
	}

	post(_at: number, asked: Asked, userId: string): CommandAnswer[] {
		return this.bench.post(KEY, asked, { caller: caller(userId) });
	}
}

describe('a sale that moves between nodes whose clocks differ', () => {
	test.each([
		['behind', OFF_MS, -OFF_MS],
		['ahead', -OFF_MS, OFF_MS],
	])(
		'[H41] [T8] [T14] to one that is %s: a deadline comes once, when its own clock says so, and time does not go back',
		async (_, offMs, nextOffMs) => {
			const data = onlyData();
			const first = new Off(data, offMs);
			await first.begin(0);
			const [{ deadline = 0 } = {}] = await first.look(0, 'ann');
			const byAnn = await first.holdBy(0, 'ann');
			first.bench.system.kill();
			const next = new Off(data, nextOffMs);
			await next.ask(0, byAnn, 'ann');
			const leftMs = deadline - nextOffMs - data.runtime.now();
			await data.runtime.advance(leftMs - 20);
			expect(await next.look(0, 'ann')).toMatchObject([{ phase: 'inside', deadline }]);
			await data.runtime.advance(100);
			expect(await next.look(0, 'ann')).toMatchObject([{ ended: 'pickExpired' }]);
			const records = await data.records(KEY);
			const times = records.map(({ at }) => at);
			expect(times).toEqual([...times].sort((one, other) => one - other));
			const ended = (await data.events(KEY)).filter(({ type }) => type === 'visitEnded');
			expect(ended.map((event) => (event.data as { userId: string }).userId)).toEqual([
				'ann',
				'bob',
			]);
		},
	);
});
