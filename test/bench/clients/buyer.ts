import { setTimeout as sleep } from 'node:timers/promises';
import type { Order, TicketEventInfo, TicketMe } from '../../../src/protocol/ticket-event.ts';
import type { WireEvent } from '../../../src/protocol/wire.ts';
import { tokenFor } from '../harness/token.ts';
import { NaruLink } from './naru-link.ts';

const ADMITTED_MAX_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** How a claim on a seat ended. */
export type Claim = 'held' | 'taken' | 'failed';

/** A user of one event over a socket of its own. */
export class Buyer {
	readonly #link: NaruLink;
	readonly #handle: number;
	#requests = 0;
	#admission = '';

	private constructor(link: NaruLink, handle: number) {
		this.#link = link;
		this.#handle = handle;
	}

	/** Connects and opens the event's lobby. */
	static async come(url: string, userId: string, event: string): Promise<Buyer> {
		const link = await NaruLink.connect(url, await tokenFor(userId));
		const { handle } = await link.open({ kind: 'ticket-lobby', id: event, args: {} }, () => {});
		return new Buyer(link, handle);
	}

	/** How often the user was told something unasked: ticks, mostly. */
	get told(): number {
		return this.#link.ephemerals;
	}

	/** Joins the queue. */
	async enter(): Promise<TicketMe> {
		return (await this.#link.command(this.#handle, 'enter', { args: {} })) as TicketMe;
	}

	/** Waits until the user is inside. */
	async admitted(): Promise<void> {
		const end = performance.now() + ADMITTED_MAX_MS;
		while (performance.now() < end) {
			const me = (await this.#link.command(this.#handle, 'place', { args: {} })) as TicketMe;
			this.#admission = me.admission ?? '';
			if (me.phase === 'inside') return;
			await sleep(LOOK_EVERY_MS);
		}
		throw new Error(`nobody was let in within ${ADMITTED_MAX_MS} ms`);
	}

	async hold(seat: string): Promise<Claim> {
		try {
			await this.#ask('hold', { seats: [seat] });
			return 'held';
		} catch (error) {
			return error instanceof Error && error.message.includes('SEAT_TAKEN') ? 'taken' : 'failed';
		}
	}

	/** Calls back with everything that the lobby tells of the user and the event. */
	listen(hear: (news: { me?: TicketMe; info?: TicketEventInfo }) => void): void {
		this.#link.hearEphemeral = ([type, data]: WireEvent) => {
			if (type === 'me') {
				const me = data as TicketMe;
				this.#admission = me.admission ?? this.#admission;
				hear({ me });
			} else if (type === 'info') {
				hear({ info: data as TicketEventInfo });
			}
		};
	}

	/** Checks out what is held, and asks a provider to take the money. */
	async buy(): Promise<Order> {
		const { id } = (await this.#ask('checkout', {})) as Order;
		const paying = { orderId: id, methodToken: 'tok-card' };
		return (await this.#ask('pay', paying)) as Order;
	}

	/** Lets go of everything held. */
	async release(): Promise<void> {
		await this.#ask('release', {});
	}

	leave(): void {
		this.#link.cut();
	}

	#ask(name: string, what: object): Promise<unknown> {
		const args = { admission: this.#admission, ...what };
		const requestId = `${this.#handle}-${++this.#requests}`;
		return this.#link.command(this.#handle, name, { args, requestId });
	}
}
