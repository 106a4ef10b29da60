import { estimateWaitSeconds, placeNow } from '../../src/protocol/wait-estimate.ts';
import type { AbortSignalLike } from './environment.ts';
import type { Order, TicketEventInfo, TicketMe, TicketTick } from './generated/schemas.ts';
import {
	TicketLobbyHandle,
	type TicketLobbyTypes,
	ticketLobbyTable,
} from './generated/ticket-lobby.ts';
import type { CommandOptions } from './kind-table.ts';
import { Listeners, type Undo } from './listeners.ts';
import { NaruError } from './naru-error.ts';
import type { Room } from './room.ts';
import type { Session } from './session.ts';
import { TicketEntry } from './ticket-entry.ts';
import { type Seat, TicketSeatMap } from './ticket-seat-map.ts';

/** Where the user stands: the same after a reload and on another device. */
export interface Standing extends Omit<TicketMe, 'turned'> {
	/** Users ahead now, while waiting. */
	readonly place?: number | undefined;
	/** Seconds until the turn, as far as anybody can know. */
	readonly waitSeconds?: number | undefined;
}

/** The sale as it is now. */
export interface Sale extends TicketEventInfo {
	/** Users who wait. */
	readonly waiting: number;
	/** Users inside, or whose turn it is. */
	readonly active: number;
}

export type Pick = { readonly seats: readonly string[] } | { readonly quantity: number };

export interface TicketEventEvents {
	/** The present standing is told to a new listener at once, then each change of it. */
	readonly me: Standing;
	/** The sale; told to a new listener at once. */
	readonly state: Sale;
	/** The seat map, while inside of an event with seats; told to a new listener at once. */
	readonly seats: readonly Seat[];
	/** The server closed it, or there is none; the next call opens it again. */
	readonly closed: NaruError;
}

/** @internal */
export interface TicketEventContext {
	readonly session: Session;
	/** The server's clock. */
	readonly now: () => number;
	/** The room of the seat map. */
	readonly room: () => Room;
	/** An order of the user as it stands now. */
	readonly order: (id: string) => Promise<Order>;
}

interface Waiting {
	resolve(standing: Standing): void;
	reject(error: NaruError): void;
}

/** One sale of tickets, as a buyer goes through it. Any call or `on()` opens it; `close()` ends that. */
export class TicketEvent {
	readonly id: string;
	readonly #handle: TicketLobbyHandle;
	readonly #listeners = new Listeners<TicketEventEvents>((type) => this.#present(type));
	readonly #entry: TicketEntry;
	readonly #map: TicketSeatMap;
	readonly #order: TicketEventContext['order'];
	readonly #waiting = new Set<Waiting>();
	/** Who waits for the next news of where the user stands. */
	readonly #awaiting = new Set<Waiting>();
	/** Of calls that answer with where the user stands. */
	readonly #moving: CommandOptions;
	#info: TicketEventInfo | undefined;
	#tick: TicketTick | undefined;
	#me: TicketMe | undefined;

	/** @internal */
	constructor(id: string, { session, now, room, order }: TicketEventContext) {
		this.id = id;
		this.#order = order;
		const { environment, timeoutMs } = session;
		const replied = (reply: unknown) => this.#take(reply as TicketMe);
		this.#moving = { timeoutMs, replied };
		this.#handle = new TicketLobbyHandle(session, {
			table: ticketLobbyTable,
			id: () => id,
			sink: {
				opened: (view) => this.#opened(view as TicketLobbyTypes['view']),
				event: () => {},
				ephemeral: (type, data) => this.#told(type, data),
				closed: (error) => this.#closed(error),
			},
		});
		this.#entry = new TicketEntry(environment, {
			now,
			info: () => this.#info,
			enter: async () => {
				const me = await this.#handle.run('enter', {}, { replied });
				// Perhaps there is newer news than the answer.
				return this.#me ?? me;
			},
		});
		this.#map = new TicketSeatMap(room(), environment, (seats) =>
			this.#listeners.emit('seats', seats),
		);
	}

	/** Where the user stands; `undefined` before the opening. */
	get me(): Standing | undefined {
		return this.#me && this.#standing(this.#me);
	}

	/** The sale; `undefined` before the opening. */
	get state(): Sale | undefined {
		const { state, waiting = 0, active = 0, free } = this.#tick ?? {};
		return (
			this.#info && ({ ...this.#info, ...(state && { state, free }), waiting, active } as Sale)
		);
	}

	/** The seat map in the order of the event; empty while it is not known. */
	get seats(): readonly Seat[] {
		return this.#map.seats;
	}

	/** Resolves with where the user stands. Rejects with why the event cannot be opened, or `TIMEOUT`. */
	async open(): Promise<Standing> {
		await this.#handle.open();
		if (this.#me === undefined) throw new NaruError('CLOSED');
		return this.#standing(this.#me);
	}

	on<E extends keyof TicketEventEvents>(
		type: E,
		listener: (value: TicketEventEvents[E]) => void,
	): Undo {
		this.#handle.want();
		return this.#listeners.on(type, listener);
	}

	/**
	 * Resolves when the user has a place. Called before the opening it waits for that, by the server's
	 * clock, and enters by itself. Rejects with `SOLD_OUT`, `CLOSED`.
	 */
	async enter(): Promise<Standing> {
		this.#handle.want();
		return this.#standing(await this.#entry.begin());
	}

	/** Gives up the place, the turn or all that is held. */
	async leave(): Promise<void> {
		this.#entry.end();
		await this.#handle.leave();
	}

	/** Resolves when the user is inside; rejects with `SOLD_OUT`, `CLOSED`, or when the user has left. */
	admitted({ signal }: { readonly signal?: AbortSignalLike } = {}): Promise<Standing> {
		this.#handle.want();
		return new Promise((resolve, reject) => {
			const abort = () => {
				this.#waiting.delete(waiting);
				reject(new NaruError('CLOSED', 'the wait was given up'));
			};
			const settled =
				<T>(settle: (value: T) => void) =>
				(value: T) => {
					signal?.removeEventListener('abort', abort);
					this.#waiting.delete(waiting);
					settle(value);
				};
			const waiting: Waiting = { resolve: settled(resolve), reject: settled(reject) };
			if (signal?.aborted) {
				abort();
				return;
			}
			signal?.addEventListener('abort', abort);
			this.#waiting.add(waiting);
			this.#settle();
		});
	}

	/** Adds to what is held: all of it or nothing (`SEAT_TAKEN`, `MEMBER_LIMIT`, `TOTAL_LIMIT`). */
	async hold(pick: Pick): Promise<Standing> {
		const args = { ...pick, admission: this.#proof };
		return this.#standing(await this.#handle.run('hold', args, this.#moving));
	}

	/** Gives some seats back; without `seats` all that is held. */
	async release({ seats }: { readonly seats?: readonly string[] } = {}): Promise<Standing> {
		const args = { seats, admission: this.#proof };
		return this.#standing(await this.#handle.run('release', args, this.#moving));
	}

	/** Ends the picking; what is held has to be paid until the order's deadline. */
	checkout(): Promise<Order> {
		return this.#handle.checkout({ admission: this.#proof });
	}

	/** `methodToken`: from the payment provider. Card data never comes here. */
	pay(orderId: string, { methodToken }: { readonly methodToken: string }): Promise<Order> {
		return this.#handle.pay({ orderId, methodToken });
	}

	/**
	 * Resolves with the order when its payment has ended: `paid`, `declined` or `expired`; `paying` where
	 * no provider is asked (none could be). What is declined or was not asked may be paid until the
	 * deadline. While it is in doubt (`resolving`) it waits.
	 */
	async outcome(orderId: string): Promise<Order> {
		this.#handle.want();
		for (;;) {
			// From before the question on, so that no news is missed.
			const news = this.#news();
			const order = await this.#order(orderId);
			const { status, asking } = order;
			if (status !== 'resolving' && asking !== true) return order;
			await news;
		}
	}

	/** The user keeps the place; nothing is told any more. */
	close(): void {
		this.#entry.end();
		this.#handle.close();
		this.#map.leave();
		this.#me = undefined;
		this.#info = undefined;
		this.#tick = undefined;
		this.#failAll(new NaruError('CLOSED', 'the event was closed here'));
	}

	/** Without one the server says what is missing. */
	get #proof(): string {
		return this.#me?.admission ?? '';
	}

	#opened({ info, tick, me }: TicketLobbyTypes['view']): void {
		this.#info = info;
		this.#tick = tick;
		this.#emitState();
		this.#take(me);
	}

	#told(type: string, data: unknown): void {
		if (type === 'me') this.#take(data as TicketMe);
		else if (type === 'info') {
			this.#info = data as TicketEventInfo;
			// The last tick is older than this.
			const { state, free } = this.#info;
			if (this.#tick) this.#tick = { ...this.#tick, state, free };
			this.#emitState();
			this.#entry.changed();
		} else if (type === 'tick') {
			this.#tick = data as TicketTick;
			this.#emitState();
			if (this.#me?.phase === 'waiting') this.#listeners.emit('me', this.#standing(this.#me));
		}
	}

	#closed(error: NaruError): void {
		this.#entry.fail(error);
		this.#map.leave();
		this.#failAll(error);
		this.#listeners.emit('closed', error);
	}

	#take(me: TicketMe): void {
		this.#me = me;
		const { phase, admission } = me;
		const isInside = phase === 'inside' || phase === 'paying';
		if (!isInside) this.#map.leave();
		else if (admission !== undefined && this.#info?.seated) this.#map.join(admission);
		this.#listeners.emit('me', this.#standing(me));
		this.#settle();
		for (const { resolve } of this.#awaiting) resolve(this.#standing(me));
		this.#awaiting.clear();
		this.#entry.stands(me);
	}

	/** The next that is told of where the user stands. */
	#news(): Promise<Standing> {
		const news = new Promise<Standing>((resolve, reject) => {
			this.#awaiting.add({ resolve, reject });
		});
		// Whoever asked may have gone on without it.
		news.catch(() => {});
		return news;
	}

	#standing(me: TicketMe): Standing {
		const { turned = 0, ...shown } = me;
		const tick = this.#tick;
		if (me.phase !== 'waiting' || me.place === undefined || tick === undefined) return shown;
		const place = placeNow(me.place, turned, tick.turned);
		const waitSeconds = estimateWaitSeconds(place, tick);
		return { ...shown, place, ...(waitSeconds === undefined ? {} : { waitSeconds }) };
	}

	#emitState(): void {
		const { state } = this;
		if (state) this.#listeners.emit('state', state);
	}

	/** Tells those who wait to be inside how it ended, if it has. */
	#settle(): void {
		const me = this.#me;
		if (me === undefined || this.#waiting.size === 0) return;
		const { phase, ended } = me;
		if (phase === 'inside' || phase === 'paying') {
			for (const { resolve } of [...this.#waiting]) resolve(this.#standing(me));
		} else if (phase === 'soldOut') this.#fail(new NaruError('SOLD_OUT'));
		else if (phase === 'closed') this.#fail(new NaruError('CLOSED'));
		else if (phase === 'before' && ended === 'left') {
			this.#fail(new NaruError('NOT_ADMITTED', 'the place was given up'));
		}
	}

	#fail(error: NaruError): void {
		for (const { reject } of [...this.#waiting]) reject(error);
	}

	#failAll(error: NaruError): void {
		this.#fail(error);
		for (const { reject } of this.#awaiting) reject(error);
		this.#awaiting.clear();
	}

	#present(type: keyof TicketEventEvents): Iterable<unknown> | undefined {
		if (type === 'closed') return undefined;
		if (type === 'seats') return this.seats.length === 0 ? [] : [this.seats];
		const value = type === 'me' ? this.me : this.state;
		return value === undefined ? [] : [value];
	}
}
