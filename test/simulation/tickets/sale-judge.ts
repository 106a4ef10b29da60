import { isPaymentEvent } from '../../../actors/ticket-event/payment-events.ts';
import type { PaymentCall } from '../../../actors/ticket-event/payment-port.ts';
import type { TicketEvent } from '../../../actors/ticket-event/ticket-event-events.ts';
import { ticketEventKind } from '../../../actors/ticket-event/ticket-event-kind.ts';
import type { TicketEventState } from '../../../actors/ticket-event/ticket-event-state.ts';
import type { CommitRecord } from '../../../src/core/journal.ts';
import type { Order, TicketEventDraft } from '../../../src/protocol/ticket-event.ts';
import { checkSale } from '../../support/ticket-invariants.ts';
import { type BookedOrder, OrderBook } from './order-book.ts';
import { SaleLine } from './sale-line.ts';
import { SeatBook } from './seat-book.ts';

/**
 * Keeps books of its own about one sale, from what the journal takes in alone: who has which seat, who
 * stands where in the line, which money was asked for; and complains of what must not be.
 */
export class SaleJudge {
	readonly violations: string[] = [];
	readonly #orders: OrderBook;
	readonly #line: SaleLine;
	readonly #seats: SeatBook;
	#state: TicketEventState;
	#draft: TicketEventDraft | undefined;
	/** Until when visitors may pick. */
	readonly #pickUntil = new Map<string, number>();
	#commit = 0;
	#at = 0;

	constructor(eventId: string) {
		this.#state = ticketEventKind.initial(eventId);
		const complain = (what: string) => this.complain(what);
		this.#line = new SaleLine(complain);
		this.#seats = new SeatBook(complain);
		this.#orders = new OrderBook(complain);
	}

	/** The state behind all that landed. */
	get state(): TicketEventState {
		return this.#state;
	}

	get orders(): ReadonlyMap<string, BookedOrder> {
		return this.#orders.orders;
	}

	get commits(): number {
		return this.#commit;
	}

	complain(what: string): void {
		this.violations.push(`commit ${this.#commit}: ${what}`);
	}

	/** The journal has taken a record in. */
	landed({ actor, commit, position, events, at }: CommitRecord): void {
		this.#commit = commit;
		this.#at = at;
		const first = position - events.length + 1;
		events.forEach(({ type, data }, index) => {
			const event = { type, data } as TicketEvent;
			this.#book(event);
			const meta = { key: actor, id: this.#state.id, position: first + index, at };
			this.#state = ticketEventKind.evolve(this.#state, event, meta);
		});
		if (events.every(({ type }) => type === 'ticked')) return;
		this.#compare();
	}

	/** A request goes out to a provider: an event that says so has landed before (T9). */
	called(call: PaymentCall): void {
		this.#orders.called(call);
	}

	/** The books and the state that the actor's own rules lead to say the same. */
	#compare(): void {
		const { tally } = this.#state;
		const { free, held, paying, sold } = tally;
		try {
			checkSale(this.#state);
		} catch (error) {
			this.complain((error as Error).message.slice(0, 500));
		}
		if (free + held + paying + sold !== tally.capacity) this.complain('units are lost or made');
		const books = this.#seats.counts();
		if (JSON.stringify(books) !== JSON.stringify({ free, held, paying, sold })) {
			this.complain(`books ${JSON.stringify(books)}, tally ${JSON.stringify(tally)}`);
		}
	}

	#book(event: TicketEvent): void {
		if (isPaymentEvent(event)) {
			this.#orders.follow(event, this.#at);
			return;
		}
		this.#line.follow(event);
		switch (event.type) {
			case 'created':
				this.#draft = event.data.draft;
				this.#seats.create(event.data.draft, event.data.capacity);
				break;
			case 'settingsChanged':
				this.#seats.add(event.data.added);
				break;
			case 'turned': {
				const { tally, sale } = this.#state;
				const count = event.data.users.length + event.data.returned.length;
				const active = tally.turns + tally.inside + tally.payers + count;
				if (active > sale.admission.maxActive) this.complain(`${active} take a place`);
				if (tally.emptyHanded + count > tally.free) this.complain('more turns than seats are left');
				break;
			}
			case 'admitted':
				for (const [userId] of event.data.users) this.#pickUntil.set(userId, event.data.deadline);
				break;
			case 'held':
				this.#inTime(event.data.userId);
				this.#seats.hold(event.data);
				break;
			case 'released':
			case 'visitEnded':
				this.#seats.giveBack(event.data, 'held');
				break;
			case 'checkedOut':
				this.#inTime(event.data.userId);
				this.#checkedOut(event.data.userId, event.data.order);
				break;
			case 'sold':
				this.#sold(event.data);
				break;
			case 'orderEnded': {
				const booked = this.orders.get(event.data.order.id);
				if (booked?.stands !== 'over') this.complain('an order ends that may still be paid');
				this.#seats.giveBack(event.data, 'paying');
				break;
			}
			case 'refunded': {
				const { order, seats, units } = event.data;
				const booked = this.orders.get(order.id);
				if (booked !== undefined) booked.worth -= this.#priceOf(seats, units);
				this.#seats.giveBack(event.data, 'sold');
				break;
			}
			default:
		}
	}

	#inTime(userId: string): void {
		const until = this.#pickUntil.get(userId) ?? 0;
		if (this.#at >= until) this.complain(`${userId} picks ${this.#at - until} ms too late`);
	}

	#priceOf(seats: readonly number[], units: number): number {
		const { seats: plan, stock } = this.#draft as TicketEventDraft;
		if (stock !== undefined) return stock.price * units;
		return seats.reduce((sum, index) => sum + (plan?.[index]?.price ?? NaN), 0);
	}

	#checkedOut(userId: string, order: Order): void {
		const seats = this.#seats.checkOut(userId, order);
		const worth = this.#priceOf(seats, order.quantity);
		if (order.amount !== worth) this.complain(`${order.id} costs ${order.amount}, not ${worth}`);
		this.#orders.open(userId, order);
	}

	#sold({ userId, order, tickets, seats }: Extract<TicketEvent, { type: 'sold' }>['data']): void {
		const booked = this.orders.get(order.id);
		if (booked?.stands !== 'paid' || booked.captured !== booked.order.amount) {
			this.complain(`${order.id} is sold and not paid`);
		}
		if (tickets.length !== order.quantity) this.complain(`${tickets.length} tickets`);
		if (booked !== undefined) booked.worth = this.#priceOf(seats, order.quantity);
		this.#seats.sell(userId, order.quantity, seats);
	}
}
