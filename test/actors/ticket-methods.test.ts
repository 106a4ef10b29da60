import { describe, expect, test } from 'vitest';
import type { PaymentCall, PaymentResult } from '../../actors/ticket-event/payment-port.ts';
import { ticketEventKind } from '../../actors/ticket-event/ticket-event-kind.ts';
import type { TicketEventState } from '../../actors/ticket-event/ticket-event-state.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { pack } from '../../src/protocol/codec.ts';
import { type Order, type TicketMe, ticketEventContract } from '../../src/protocol/ticket-event.ts';
import { paymentErrands } from '../../src/tickets/payment-errands.ts';
import { type Asked, CoreBench } from '../support/core-bench.ts';
import { paymentPort } from '../support/payment-port.ts';

const KEY = 'ticket-event/gig';
const TOKEN = 'tok-of-ann-that-nobody-shall-find';
const kinds = [ticketEventKind as unknown as ActorKind];
const by = (userId: string, ...roles: string[]) => ({ caller: { userId, roles } });
const NODE = by('node-1', 'system');
const ANN = by('ann', 'user');
const DONE: PaymentResult = { outcome: 'done' };

/** A sale whose provider answers what the test says, when it says so. */
class Gig {
	bench: CoreBench;
	readonly calls: PaymentCall[] = [];
	/** Answers at once; `undefined`: not yet. */
	answers: (call: PaymentCall) => PaymentResult | undefined = () => DONE;

	constructor() {
		this.bench = new CoreBench({ kinds, intents: this.#intents });
	}

	readonly #intents = paymentPort(
		() => this.bench.journal,
		async (call) => {
			this.calls.push(call);
			for (;;) {
				const answer = this.answers(call);
				if (answer !== undefined) return answer;
				await new Promise<void>((wake) => void this.bench.runtime.after(10, wake));
			}
		},
	);

	async ask<T>(asked: Asked, from: object): Promise<T> {
		const answer = await this.bench.send(KEY, asked, from);
		if (!answer.ok) throw new Error(`${asked[0]}: ${answer.code} ${answer.message ?? ''}`);
		return answer.reply as T;
	}

	/** The order of the only seat. */
	async checkOut(): Promise<Order> {
		const draft = {
			...{ title: 'Gig', currency: 'KRW', opensAt: 0, secret: 'x'.repeat(32) },
			seats: [{ id: 'A-1', grade: 'A', price: 5_000 }],
			admission: { mode: 'desk' },
		};
		const args = ticketEventContract.commands.create.args.parse(draft);
		await this.ask(['create', args], by('olga', 'ops'));
		await this.pass(100);
		await this.ask(['arrive', { users: ['ann'] }], NODE);
		await this.ask(['claim', { users: ['ann'] }], NODE);
		const { me } = await this.ask<{ me: TicketMe[] }>(['look', { users: ['ann'] }], NODE);
		const admission = me[0]?.admission;
		await this.ask(['hold', { admission, seats: ['A-1'] }], ANN);
		return this.ask<Order>(['checkout', { admission }], ANN);
	}

	pay({ id }: Order): Promise<Order> {
		return this.ask(['pay', { orderId: id, methodToken: TOKEN }], ANN);
	}

	order({ id }: Order): Promise<Order> {
		return this.ask(['order', { orderId: id }], ANN);
	}

	pass(ms: number): Promise<void> {
		return this.bench.runtime.advance(ms);
	}

	kill(): void {
		this.bench = this.bench.restart({ kinds, intents: this.#intents });
	}

	/** Where the token stands: in the journal, in a snapshot that would be taken now, in calls to make. */
	async found(): Promise<readonly string[]> {
		const places: Record<string, unknown> = { journal: await this.bench.records(KEY) };
		void this.bench.system.inspect(KEY, (_, actor) => {
			const state = actor.state as TicketEventState;
			places.snapshot = [...ticketEventKind.cut(state)];
			places.calls = ticketEventKind.intents?.(state);
		});
		await this.bench.runtime.until(() => places.snapshot !== undefined);
		return Object.keys(places).filter((place) => {
			return Buffer.from(pack(places[place])).includes(TOKEN);
		});
	}
}

describe('the token of a method of payment', () => {
	test('[T9] stands in one event alone, is told to the provider, and is gone once all is paid', async () => {
		const gig = new Gig();
		gig.answers = () => undefined;
		const order = await gig.checkOut();
		await gig.pay(order);
		await gig.pass(50);
		expect(gig.calls).toMatchObject([{ op: 'authorise', methodToken: TOKEN }]);
		expect(await gig.found()).toEqual(['journal']);
		gig.answers = () => DONE;
		await gig.pass(1_000);
		expect(await gig.order(order)).toMatchObject({ status: 'paid' });
		expect(await gig.found()).toEqual([]);
		// What is left of the journal leads to the same.
		gig.kill();
		await gig.pass(1_000);
		expect(await gig.order(order)).toMatchObject({ status: 'paid' });
		expect(gig.calls.map(({ op }) => op)).toEqual(['authorise', 'capture']);
	});

	test.each<[string, (call: PaymentCall) => PaymentResult | undefined, string]>([
		['declined', ({ op }) => (op === 'authorise' ? { outcome: 'declined' } : DONE), 'declined'],
		['not paid in time', ({ op }) => (op === 'authorise' ? undefined : DONE), 'expired'],
	])('[T9] is gone once the payment is %s', async (_, answers, status) => {
		const gig = new Gig();
		gig.answers = answers;
		const order = await gig.checkOut();
		await gig.pay(order);
		await gig.pass(status === 'expired' ? 430_000 : 1_000);
		expect(await gig.order(order)).toMatchObject({ status });
		expect(await gig.found()).toEqual([]);
	});

	test('[T10] stays while another provider may be asked with it', async () => {
		const gig = new Gig();
		let authorisations = 0;
		gig.answers = ({ op }) => {
			if (op === 'authorise' && ++authorisations === 1) return { outcome: 'unsent' };
			return DONE;
		};
		const order = await gig.checkOut();
		await gig.pay(order);
		await gig.pass(5_000);
		const asked = gig.calls.filter(({ op }) => op === 'authorise');
		expect(asked).toMatchObject([{ methodToken: TOKEN }, { methodToken: TOKEN }]);
		expect(new Set(asked.map(({ provider }) => provider)).size).toBe(2);
		expect(await gig.order(order)).toMatchObject({ status: 'paid' });
		expect(await gig.found()).toEqual([]);
	});

	test('[T14] is gone although the owner dies at any moment', async () => {
		for (let moment = 0; moment <= 20; moment++) {
			const gig = new Gig();
			const order = await gig.checkOut();
			await gig.pay(order);
			await gig.pass(moment);
			gig.kill();
			await gig.pass(60_000);
			expect([moment, await gig.found()]).toEqual([moment, []]);
			expect(await gig.order(order)).toMatchObject({ status: 'paid' });
		}
	});

	test('[T9] is taken out later when the journal refuses now; nobody pays later for it', async () => {
		const gig = new Gig();
		const { journal } = gig.bench;
		const redact = journal.redact.bind(journal);
		let isAway = true;
		journal.redact = async (...asked) => {
			if (isAway) throw new Error('away');
			await redact(...asked);
		};
		const order = await gig.checkOut();
		await gig.pay(order);
		await gig.pass(1_000);
		expect(await gig.order(order)).toMatchObject({ status: 'paid' });
		expect(await gig.found()).toEqual(['journal']);
		isAway = false;
		await gig.pass(60_000);
		expect(await gig.found()).toEqual([]);
	});

	test('[T10] a deposed owner that asks when it is gone charges nobody', async () => {
		const gig = new Gig();
		const order = await gig.checkOut();
		await gig.pay(order);
		await gig.pass(1_000);
		const events = await gig.bench.events(KEY);
		const methodAt = 1 + events.findIndex(({ type }) => type === 'paymentAttempted');
		const called: PaymentCall[] = [];
		const errands = paymentErrands({
			journal: gig.bench.journal,
			call: async (call) => {
				called.push(call);
				return DONE;
			},
		});
		const asked = { op: 'authorise', provider: 'pay-a', key: `${order.id}.1`, orderId: order.id };
		const errand = { ...asked, amount: 5_000, currency: 'KRW', methodAt };
		expect(await errands?.('id', errand, KEY)).toEqual({ outcome: 'unsent' });
		expect(called).toEqual([]);
	});
});
