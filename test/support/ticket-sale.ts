import type {
	PaymentCall,
	PaymentErrand,
	PaymentResult,
} from '../../actors/ticket-event/payment-port.ts';
import type { TicketEvent } from '../../actors/ticket-event/ticket-event-events.ts';
import { ticketEventKind } from '../../actors/ticket-event/ticket-event-kind.ts';
import type { TicketEventState } from '../../actors/ticket-event/ticket-event-state.ts';
import { type Intent, SYSTEM } from '../../src/core/actor-kind.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import type { Order, TicketMe, TicketReport } from '../../src/protocol/ticket-event.ts';
import { type Answer, PureActor, person } from './pure-actor.ts';

export const NODE = person('node-1', { roles: ['system'] });
export const OPS = person('olga', { roles: ['ops'] });
export const SERVICE = person('shop', { roles: ['service'] });

export const OPENS_AT = 2_000_000;
const SECRET = 'not-a-secret-but-long-enough-for-one';

/** Seats `s1`, `s2` … of one price. */
export const seats = (count: number, price = 1_000) =>
	Array.from({ length: count }, (_, at) => ({ id: `s${at + 1}`, grade: 'A', price }));

/** Users `<name>1`, `<name>2` … */
export const users = (count: number, name = 'u') =>
	Array.from({ length: count }, (_, at) => `${name}${at + 1}`);

export interface SaleOptions {
	readonly seats?: number;
	readonly stock?: number;
	readonly price?: number;
	readonly admission?: Readonly<Record<string, unknown>>;
	readonly [setting: string]: unknown;
}

/** How a simulated provider answers; `undefined`: it does not, yet. */
export type Provider = (call: PaymentCall, id: string) => PaymentResult | undefined;

export const PAYS: Provider = ({ op }) =>
	op === 'status' ? { outcome: 'done', state: 'notFound' } : { outcome: 'done' };

/** Keeps when each event happened. */
class TimedActor extends PureActor<TicketEventState, TicketEvent> {
	readonly times: number[] = [];

	override apply(event: TicketEvent): void {
		this.times.push(this.now);
		super.apply(event);
	}
}

/**
 * One sale without a host: the actor with a clock that fires its timers one after another, and a
 * provider that is asked when the test says so.
 */
export class TicketSale {
	readonly actor: TimedActor;
	provider: Provider = PAYS;

	constructor(id = 'show') {
		this.actor = new TimedActor(ticketEventKind, id);
	}

	/** A sale that is open, at a desk unless told otherwise. */
	static async open(options: SaleOptions = {}): Promise<TicketSale> {
		const sale = new TicketSale();
		await sale.create(options);
		await sale.goTo(OPENS_AT);
		return sale;
	}

	get state(): TicketEventState {
		return this.actor.state;
	}

	get now(): number {
		return this.actor.now;
	}

	create({ seats: count, stock, price = 1_000, admission, ...settings }: SaleOptions = {}) {
		const what =
			stock === undefined
				? { seats: seats(count ?? 10, price) }
				: { stock: { total: stock, price } };
		return this.actor.command(OPS, 'create', {
			title: 'Show',
			opensAt: OPENS_AT,
			currency: 'EUR',
			secret: SECRET,
			...what,
			admission: { mode: 'desk', ...admission },
			...settings,
		});
	}

	/** Lets time pass, with every timer in its order. */
	async goTo(at: number): Promise<void> {
		for (;;) {
			const due = ticketEventKind.nextWakeAt?.(this.state);
			if (due === undefined || due > at) break;
			this.actor.now = Math.max(this.actor.now, due);
			const before = this.actor.position;
			await this.wake();
			// A host would not fire it again at once, and nothing would happen in time.
			if (this.actor.position === before) throw new Error('a timer came to nothing');
		}
		this.actor.now = Math.max(this.actor.now, at);
	}

	pass(ms: number): Promise<void> {
		return this.goTo(this.now + ms);
	}

	/** What the host does at a time that was named. */
	async wake(): Promise<void> {
		const { ok } = await this.actor.command(SYSTEM, 'wake');
		if (!ok) throw new Error('the timer was refused');
	}

	async arrive(...names: string[]): Promise<TicketMe[]> {
		const answer = await this.actor.command(NODE, 'arrive', { users: names });
		return replyOf<{ me: TicketMe[] }>(answer).me;
	}

	async look(...names: string[]): Promise<TicketMe[]> {
		const answer = await this.actor.query(NODE, 'look', { users: names });
		return (answer as { me: TicketMe[] }).me;
	}

	async me(userId: string): Promise<TicketMe> {
		return (await this.look(userId))[0] as TicketMe;
	}

	claim(...names: string[]) {
		return this.actor.command(NODE, 'claim', { users: names });
	}

	/** Users who come, have a turn at once, and take it. */
	async letIn(...names: string[]): Promise<void> {
		await this.arrive(...names);
		await this.claim(...names);
	}

	/** Id of the user's admission; some other text when there is none. */
	admissionOf(userId: string): string {
		const visitor = this.state.visitors.get(userId);
		return visitor?.phase === 'inside' ? visitor.admission : 'none';
	}

	hold(userId: string, what: string[] | number, admission = this.admissionOf(userId)) {
		const pick = typeof what === 'number' ? { quantity: what } : { seats: what };
		return this.actor.command(userId, 'hold', { admission, ...pick });
	}

	release(userId: string, ids?: string[]) {
		const admission = this.admissionOf(userId);
		return this.actor.command(userId, 'release', { admission, ...(ids && { seats: ids }) });
	}

	checkout(userId: string, admission = this.admissionOf(userId)) {
		return this.actor.command(userId, 'checkout', { admission });
	}

	pay(userId: string, orderId: string, methodToken = 'tok-visa') {
		return this.actor.command(userId, 'pay', { orderId, methodToken });
	}

	/** Asks the provider what waits to be asked, until nothing does. */
	async answerCalls(): Promise<void> {
		for (let round = 0; round < 100; round++) {
			const open = (ticketEventKind.intents?.(this.state) ?? []).flatMap((intent) => {
				const result = this.#done(intent);
				return result ? [{ id: intent.id, result }] : [];
			});
			if (open.length === 0) return;
			for (const done of open) await this.actor.command(SYSTEM, 'intentDone', done);
		}
		throw new Error('the payments come to no end');
	}

	#done(intent: Intent): unknown {
		if (intent.kind !== 'call') return undefined;
		const errand = intent.args as PaymentErrand;
		if (errand.op === 'forget') return { outcome: 'done', positions: errand.positions };
		const call = errand.op === 'authorise' ? { ...errand, methodToken: 'tok' } : errand;
		return this.provider(call, intent.id);
	}

	/** From the choice to the tickets. */
	async buy(userId: string, what: string[] | number): Promise<Order> {
		replyOf(await this.hold(userId, what));
		const { id } = replyOf<Order>(await this.checkout(userId));
		replyOf(await this.pay(userId, id));
		await this.answerCalls();
		return (await this.actor.query(userId, 'order', { orderId: id })) as Order;
	}

	async report(): Promise<TicketReport> {
		return (await this.actor.query(OPS, 'report')) as TicketReport;
	}

	/** What was told since the last call, of a type. */
	told(type: string): unknown[] {
		return this.actor.heard.filter((heard) => heard.type === type).map(({ data }) => data);
	}

	/** Types of the events so far, without ticks. */
	happened(): string[] {
		return this.actor.events.map(({ type }) => type).filter((type) => type !== 'ticked');
	}
}

/** The reply of a command that was accepted. */
export function replyOf<T>(answer: Answer): T {
	if (!answer.ok) throw new Error(`refused: ${answer.code} ${answer.message ?? ''}`);
	return answer.reply as T;
}

/** The code of a refusal. */
export const codeOf = (answer: Answer): ErrorCode | undefined =>
	answer.ok ? undefined : answer.code;
