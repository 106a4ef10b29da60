import type { CommandAnswer } from '../../../src/core/actor-port.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { Order, TicketMe } from '../../../src/protocol/ticket-event.ts';
import type { SaleHandle } from './sale-node.ts';
import type { SaleWorld } from './sale-world.ts';

const REFUSALS_MAX = 12;
const ENTRIES_MAX = 4;

/** The chances that a buyer takes, drawn for each. */
interface Nature {
	readonly comesAfterMs: number;
	readonly wants: number;
	/** Leaves the line, or the seats, for good. */
	readonly leaves: number;
	/** Is away for a while. */
	readonly wanders: number;
	/** Lets deadlines come near, or pass. */
	readonly dawdles: number;
	readonly refunds: number;
	readonly hasBadCard: boolean;
}

/** Somebody who wants tickets: enters, waits to be told, picks, pays; goes astray now and then. */
export class SaleBuyer {
	readonly userId: string;
	/** What came of it; absent while the buyer still hopes. */
	fate: string | undefined;
	readonly #world: SaleWorld;
	readonly #nature: Nature;
	#handle: SaleHandle | undefined;
	#me: TicketMe | undefined;
	/** Counts what was told. */
	#news = 0;
	#wake = () => {};
	/** What was asked or waited for last. */
	#doing = '';
	#requests = 0;
	#entries = 0;

	constructor(world: SaleWorld, userId: string) {
		this.userId = userId;
		this.#world = world;
		const some = (share: number) => (world.random() < 0.4 ? world.random() * share : 0);
		this.#nature = {
			comesAfterMs: world.random() ** 2 * 20_000,
			wants: 1 + world.draw(3),
			leaves: some(0.2),
			wanders: some(0.5),
			dawdles: some(0.5),
			refunds: some(0.8),
			hasBadCard: world.random() < 0.1,
		};
	}

	/** For a complaint. */
	get plight(): string {
		return `${this.userId} ${this.#doing} ${JSON.stringify(this.#me)}`;
	}

	async live(): Promise<void> {
		await this.#sleep(this.#nature.comesAfterMs);
		while (this.fate === undefined) {
			await this.#connected();
			const seen = this.#news;
			await this.#step(this.#me as TicketMe, seen);
		}
		this.#handle?.close();
	}

	async #step(me: TicketMe, seen: number): Promise<void> {
		switch (me.phase) {
			case 'before':
				return this.#enter(me);
			case 'waiting':
			case 'turn':
				return this.#wait(seen);
			case 'inside':
				return this.#shop(me);
			case 'paying':
				return this.#pay(me.order as Order, seen);
			case 'done':
				return this.#done(me.order);
			default:
				this.fate = me.phase;
		}
	}

	async #enter({ ended }: TicketMe): Promise<void> {
		if (ended !== undefined && ++this.#entries > ENTRIES_MAX) {
			this.fate = `gave up: ${ended}`;
			return;
		}
		const answer = await this.#ask('enter');
		if (answer.ok) this.#learn(answer.reply as TicketMe);
		// Before the opening the page enters by itself; a pause it looks through now and then.
		if (this.#me?.phase === 'before') await this.#sleep(500);
	}

	/** Whoever waits does not ask: it is told. */
	async #wait(seen: number): Promise<void> {
		const { leaves, wanders } = this.#nature;
		if (this.#happens(leaves * 0.3)) {
			await this.#ask('leave');
			this.fate = 'left';
		} else if (this.#happens(wanders)) await this.#wander();
		else await this.#toldBehind(seen);
	}

	async #shop({ admission, held, deadline = 0 }: TicketMe): Promise<void> {
		const { leaves, dawdles, wanders, wants } = this.#nature;
		if (this.#happens(leaves)) {
			await this.#ask('leave');
			this.fate = 'left';
			return;
		}
		if (this.#happens(wanders * 0.2)) await this.#wander();
		if (this.#happens(dawdles)) await this.#untilNear(deadline);
		const isPicky = held.quantity > 0 && this.#happens(0.1);
		if (isPicky) await this.#visit('release', { admission });
		else if (held.quantity > 0) await this.#visit('checkout', { admission });
		else await this.#visit('hold', { admission, ...this.#world.pick(wants) });
	}

	/** Tries again until it is told otherwise: others may be faster. */
	async #visit(name: string, args: object): Promise<void> {
		const seen = this.#news;
		const answer = await this.#ask(name, args);
		if (answer.ok && name === 'checkout') this.#learn(paying(answer.reply as Order));
		else if (answer.ok) this.#learn(answer.reply as TicketMe);
		else if (++this.#requests % REFUSALS_MAX === 0) {
			await this.#ask('leave');
			this.fate = `gave up: ${answer.code}`;
		} else {
			// What was told while it was asked says more.
			if (seen === this.#news && answer.code !== 'SEAT_TAKEN') await this.#look();
			await this.#sleep(50);
		}
	}

	async #pay(order: Order, seen: number): Promise<void> {
		const { dawdles, leaves, hasBadCard, wanders } = this.#nature;
		if (this.#happens(leaves)) {
			await this.#ask('leave');
			return this.#toldBehind(seen);
		}
		if (this.#happens(dawdles)) await this.#untilNear(order.deadline ?? 0);
		if (this.#news !== seen) return;
		const methodToken = hasBadCard && this.#happens(0.7) ? 'tok-declined' : 'tok-card';
		const answer = await this.#ask('pay', { orderId: order.id, methodToken });
		if (this.#happens(wanders * 0.3)) await this.#wander();
		if (this.#news !== seen) return;
		// A refusal says that it is otherwise than this page believes; the outcome of all else is told.
		if (answer.ok && (answer.reply as Order).status !== 'paid') await this.#toldBehind(seen);
		else await this.#look();
		if (!answer.ok) await this.#sleep(500);
	}

	async #done(order: Order | undefined): Promise<void> {
		const { refunds } = this.#nature;
		this.fate = 'has tickets';
		if (order === undefined || !this.#happens(refunds)) return;
		const [seat] = order.seats;
		const one = seat === undefined ? { quantity: 1 } : { seats: [seat] };
		const some = this.#happens(0.5) ? one : {};
		await this.#ask('refund', { orderId: order.id, ...some });
		if (this.#happens(0.3)) await this.#ask('refund', { orderId: order.id });
	}

	async #look(): Promise<void> {
		const answer = await this.#ask('place');
		if (answer.ok) this.#learn(answer.reply as TicketMe);
	}

	/** Asks until there is an answer for good: the same request, whoever takes it. */
	async #ask(name: string, args: object = {}): Promise<CommandAnswer> {
		const requestId = `${this.userId}-${name}-${++this.#requests}`;
		for (let tries = 0; ; tries++) {
			this.#doing = `asks ${requestId} (${tries})`;
			await this.#connected();
			const handle = this.#handle as SaleHandle;
			const request = { requestId, resend: tries > 0 };
			const isOfRoom = name === 'enter' || name === 'place' || name === 'leave' || name === 'pay';
			const answer = isOfRoom
				? await handle.lobby(name, args, request)
				: await handle.event(name, args, request);
			if (answer?.ok || (answer && !ERRORS[answer.code].retryable)) return answer;
			await this.#sleep(Math.min(5_000, answer?.retryAfterMs ?? 100 + this.#world.random() * 400));
		}
	}

	/** Has a page that is open, on whatever node; where the user stands comes with it. */
	async #connected(): Promise<void> {
		while (this.#handle === undefined || this.#handle.isGone) {
			const node = this.#world.pickNode();
			const handle = node?.connect(this.userId, this.#world.key, (me) => this.#learn(me));
			const me = await handle?.open();
			if (handle !== undefined && me !== undefined && !handle.isGone) {
				this.#handle = handle;
				this.#learn(me);
				return;
			}
			handle?.close();
			await this.#sleep(100 + this.#world.random() * 400);
		}
	}

	async #wander(): Promise<void> {
		this.#handle?.close();
		await this.#sleep(this.#world.random() ** 3 * 40_000);
	}

	#learn(me: TicketMe): void {
		this.#me = me;
		this.#news++;
		this.#wake();
	}

	/** Resolves when something was told behind that, or the page is lost. */
	async #toldBehind(seen: number): Promise<void> {
		while (this.#news === seen) {
			this.#doing = 'waits to be told';
			const handle = this.#handle;
			if (handle === undefined || handle.isGone) return;
			await Promise.race([
				new Promise<void>((wake) => {
					this.#wake = wake;
				}),
				handle.gone,
			]);
		}
	}

	/** A moment before the time, or behind it. */
	#untilNear(at: number): Promise<void> {
		return this.#sleep(Math.max(0, at - this.#world.clock.now() - 60 + this.#world.random() * 100));
	}

	#happens(chance: number): boolean {
		return !this.#world.isCalm && this.#world.random() < chance;
	}

	#sleep(ms: number): Promise<void> {
		return new Promise((wake) => void this.#world.clock.after(ms, wake));
	}
}

const paying = (order: Order): TicketMe => ({
	phase: 'paying',
	held: { seats: order.seats, quantity: order.quantity },
	order,
});
