import { setTimeout as sleep } from 'node:timers/promises';
import type { TicketMe } from '../../../src/protocol/ticket-event.ts';
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
