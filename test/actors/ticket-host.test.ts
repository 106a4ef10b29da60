import { describe, expect, test } from 'vitest';
import type {
	AttemptState,
	PaymentCall,
	PaymentResult,
} from '../../actors/ticket-event/payment-port.ts';
import { ticketEventKind } from '../../actors/ticket-event/ticket-event-kind.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import {
	type Order,
	type TicketMe,
	type TicketReport,
	ticketEventContract,
} from '../../src/protocol/ticket-event.ts';
import { CoreBench } from '../support/core-bench.ts';
import { paymentPort } from '../support/payment-port.ts';
import { seats, users } from '../support/ticket-sale.ts';

const KEY = 'ticket-event/show';
const OPENS_IN_MS = 30_000;
const CALL_MS = 40;
const kinds = [ticketEventKind as unknown as ActorKind];

/** One provider that remembers, whoever asks: each call takes its time. */
class Provider {
	readonly attempts = new Map<string, AttemptState>();
	/** Every capture that took effect. */
	readonly captured: string[] = [];
	bench!: CoreBench;

	readonly intents = paymentPort(
		() => this.bench.journal,
		async (call) => {
			await new Promise<void>((resolve) => void this.bench.runtime.after(CALL_MS, resolve));
			return this.#answer(call);
		},
	);

	#answer({ op, key }: PaymentCall): PaymentResult {
		const state = this.attempts.get(key);
		if (op === 'authorise' && state === undefined) this.attempts.set(key, 'authorised');
		if (op === 'void') this.attempts.set(key, 'voided');
		if (op === 'capture' && state === 'authorised') {
			this.attempts.set(key, 'captured');
			this.captured.push(key);
		}
		return { outcome: 'done', state: this.attempts.get(key) ?? 'notFound' };
	}
}

interface Asking {
	readonly args?: object;
	readonly requestId?: string;
}

/** A sale on a node that may be killed at any time; the next one goes on with its journal. */
class World {
	readonly provider = new Provider();
	bench: CoreBench;

	constructor() {
		this.bench = new CoreBench({ kinds, intents: this.provider.intents });
		this.provider.bench = this.bench;
	}

	kill(): void {
		this.bench = this.bench.restart({ kinds, intents: this.provider.intents });
	}

	/** The reply; rejects with the refusal. */
	async ask(userId: string, name: string, asked: Asking = {}): Promise<unknown> {
		const answer = await this.send(userId, name, asked);
		if (!answer.ok) throw new Error(`${name}: ${answer.code} ${answer.message ?? ''}`);
		return answer.reply;
	}

	send(userId: string, name: string, { args = {}, requestId }: Asking): Promise<CommandAnswer> {
		const roles = userId === 'node' ? ['system'] : [userId === 'ops' ? 'ops' : 'user'];
		const more = { caller: { userId, roles }, requestId, resend: requestId !== undefined };
		return this.bench.send(KEY, [name, args], more);
	}

	create(settings: object): Promise<unknown> {
		const draft = {
			title: 'Show',
			currency: 'EUR',
			opensAt: this.bench.runtime.now() + OPENS_IN_MS,
			secret: 'x'.repeat(32),
			...settings,
		};
		const args = ticketEventContract.commands.create.args.parse(draft);
		return this.ask('ops', 'create', { args });
	}

	async look(...names: string[]): Promise<readonly TicketMe[]> {
		return ((await this.ask('node', 'look', { args: { users: names } })) as { me: TicketMe[] }).me;
	}

	report(): Promise<TicketReport> {
		return this.ask('ops', 'report') as Promise<TicketReport>;
	}

	pass(ms: number): Promise<void> {
		return this.bench.runtime.advance(ms);
	}
}

describe('a sale in its host', () => {
	test('[T1] opens at its time with nobody there, also when the node died before', async () => {
		const world = new World();
		await world.create({ seats: seats(4) });
		await world.pass(10_000);
		world.kill();
		await world.pass(OPENS_IN_MS - 10_000 + 20);
		expect((await world.bench.events(KEY)).map(({ type }) => type)).toContain('opened');
	});

	test('[T2] a thousand missed turns pass on within a moment, not one batch a second', async () => {
		const world = new World();
		await world.create({
			seats: seats(3_000),
			admission: { mode: 'desk', maxActive: 1_200, graceMs: 10_000 },
		});
		await world.pass(OPENS_IN_MS);
		await world.ask('node', 'arrive', { args: { users: users(1_200) } });
		await world.ask('node', 'arrive', { args: { users: users(1_200, 'next') } });
		await world.pass(10_100);
		expect(await world.report()).toMatchObject({ waiting: 0, turned: 2_400, inside: 1_200 });
	});

	/** The node dies so long after a step: between the steps of the payment, and in their midst. */
	const KILLS = [0, 1, 5, 20, 39, 41, 60, 79, 81, 100, 119, 121, 150];

	test.each(KILLS)(
		'[T9] [T11] [T14] killed %i ms behind the payment: paid once, sold once',
		async (ms) => {
			const world = new World();
			await world.create({ seats: seats(4), paySeconds: 60 });
			await world.pass(OPENS_IN_MS);
			await world.ask('node', 'arrive', { args: { users: ['ann', 'bob'] } });
			await world.ask('node', 'claim', { args: { users: ['ann', 'bob'] } });
			const [{ admission = '' } = {}] = await world.look('ann');
			await world.ask('ann', 'hold', { args: { admission, seats: ['s1', 's2'] }, requestId: 'r1' });
			const order = (await world.ask('ann', 'checkout', {
				args: { admission },
				requestId: 'r2',
			})) as Order;
			void world.send('ann', 'pay', {
				args: { orderId: order.id, methodToken: 'tok' },
				requestId: 'r3',
			});
			await world.pass(ms);
			world.kill();
			// A client that had no answer sends it again.
			await world.send('ann', 'pay', {
				args: { orderId: order.id, methodToken: 'tok' },
				requestId: 'r3',
			});
			await world.pass(40_000);
			expect(await world.look('ann', 'bob')).toMatchObject([
				{ phase: 'done', order: { status: 'paid', seats: ['s1', 's2'] } },
				{ phase: 'inside' },
			]);
			expect(world.provider.captured).toHaveLength(1);
			expect(await world.report()).toMatchObject({ sold: 2, free: 2, paying: 0, captured: 2_000 });
			expect(await world.ask('ops', 'reconcile')).toEqual({ units: 2, missing: [], extra: [] });
		},
	);

	test('[T14] killed again and again, each time on the state before, the sale comes to its end', async () => {
		const world = new World();
		await world.create({
			seats: seats(6),
			maxPerUser: 1,
			admission: { mode: 'desk', maxActive: 2 },
		});
		await world.pass(OPENS_IN_MS);
		await world.ask('node', 'arrive', { args: { users: users(12) } });
		for (const userId of users(6)) {
			world.kill();
			await world.ask('node', 'claim', { args: { users: users(12) } });
			const [{ admission = '' } = {}] = await world.look(userId);
			world.kill();
			const seat = `s${userId.slice(1)}`;
			await world.ask(userId, 'hold', { args: { admission, seats: [seat] }, requestId: 'r1' });
			const order = (await world.ask(userId, 'checkout', {
				args: { admission },
				requestId: 'r2',
			})) as Order;
			world.kill();
			await world.ask(userId, 'pay', {
				args: { orderId: order.id, methodToken: 'tok' },
				requestId: 'r3',
			});
			await world.pass(CALL_MS + 3);
			world.kill();
			await world.pass(20_000);
		}
		expect(await world.report()).toMatchObject({ state: 'soldOut', sold: 6, captured: 6_000 });
		expect(new Set(world.provider.captured).size).toBe(6);
		const last = await world.look(...users(12).slice(6));
		expect(last.every(({ phase }) => phase === 'soldOut')).toBe(true);
	});
});
