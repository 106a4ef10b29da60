import { Assets } from './assets.ts';
import { Channel } from './channel.ts';
import { Channels } from './channels.ts';
import { WaitingBudget } from './command-queue.ts';
import { Connection } from './connection.ts';
import type { Environment } from './environment.ts';
import { SEAT_TABLES, type SeatKinds } from './generated/kinds.ts';
import { TicketsHandle, ticketsTable } from './generated/tickets.ts';
import { Inbox } from './inbox.ts';
import { Institution } from './institution.ts';
import { Listeners, type Undo } from './listeners.ts';
import { NaruError } from './naru-error.ts';
import { Orders } from './orders.ts';
import { Presence } from './presence.ts';
import { Room } from './room.ts';
import { Session } from './session.ts';
import type { LinkStats, Status, StatusChange } from './status.ts';
import { steadyClock } from './steady-clock.ts';
import { TicketEvent } from './ticket-event.ts';
import { TicketEvents } from './ticket-events.ts';
import { Tickets } from './tickets.ts';
import type { TokenOption } from './token-source.ts';
import { type StorageLike, UnsentStore } from './unsent-store.ts';

/** A logout waits this long for the server's word. */
const LOGOUT_MAX_MS = 2_000;

export interface NaruEvents {
	/** The present status is told to a new listener at once. */
	readonly status: StatusChange;
	/** What no call can be told: a watch that was refused, for one. */
	readonly error: NaruError;
}

export interface NaruOptions {
	readonly urls: readonly string[];
	readonly token: TokenOption;
	readonly deviceId: string | undefined;
	readonly storage: StorageLike | undefined;
	readonly timeoutMs: number;
}

/** Who waits to know the user. */
interface Asker {
	resolve(userId: string): void;
	reject(error: NaruError): void;
}

/** One signed-in client: all features over one socket. Made by {@link connect}. */
export class Naru {
	readonly channels: Channels;
	readonly inbox: Inbox;
	readonly presence: Presence;
	readonly ticketEvents: TicketEvents;
	readonly tickets: Tickets;
	readonly orders: Orders;
	readonly assets: Assets;
	readonly #environment: Environment;
	readonly #connection: Connection;
	readonly #session: Session;
	readonly #store: UnsentStore;
	readonly #channels = new Map<string, Channel>();
	readonly #rooms = new Map<string, Room>();
	readonly #ticketEvents = new Map<string, TicketEvent>();
	readonly #institutions = new Map<string, Institution>();
	readonly #listeners = new Listeners<NaruEvents>((type) =>
		type === 'status' ? [this.#connection.status] : undefined,
	);
	readonly #askers: Asker[] = [];
	#isRestored = false;

	/** @internal */
	constructor(options: NaruOptions, environment: Environment) {
		const deviceNow = environment.now;
		const steady = { ...environment, now: steadyClock(deviceNow) };
		this.#environment = steady;
		this.#store = new UnsentStore(options.storage);
		const { urls, token, deviceId } = options;
		this.#connection = new Connection(
			steady,
			{
				urls,
				token,
				deviceNow,
				deviceId: deviceId ? Promise.resolve(deviceId) : this.#store.deviceId(environment),
			},
			{
				status: (change) => this.#listeners.emit('status', change),
				claimed: (userId) => this.#store.claim(userId),
				welcomed: () => this.#welcomed(),
				lost: () => this.#session.detach(),
				frame: (frame) => this.#session.receive(frame),
				visible: (visible) => this.presence.visible(visible),
				ended: (error) => this.#ended(error),
			},
		);
		const bounds = { budget: new WaitingBudget(), timeoutMs: options.timeoutMs };
		this.#session = new Session(steady, this.#connection, bounds);
		this.inbox = new Inbox(this.#session);
		this.presence = new Presence(this.#session, (error) => this.#listeners.emit('error', error));
		this.channels = new Channels({
			session: this.#session,
			channel: (id) => this.channel(id),
			userId: () => this.#knownUser(),
		});
		const tickets = new TicketsHandle(this.#session, { table: ticketsTable, id: () => 'me' });
		this.ticketEvents = new TicketEvents(tickets);
		this.tickets = new Tickets(tickets);
		this.orders = new Orders(tickets);
		this.assets = new Assets(this.#session);
	}

	/** Known from the first time online on. */
	get userId(): string | undefined {
		return this.#connection.userId;
	}

	get status(): Status {
		return this.#connection.status.status;
	}

	/** Frames both ways and sockets opened since the beginning; handles that are open now. */
	get stats(): Readonly<LinkStats> & { readonly handles: number } {
		return { ...this.#connection.stats, handles: this.#session.openCount };
	}

	/** The server's clock, in milliseconds since 1970: for every countdown. */
	now(): number {
		return this.#connection.now();
	}

	on<E extends keyof NaruEvents>(type: E, listener: (value: NaruEvents[E]) => void): Undo {
		return this.#listeners.on(type, listener);
	}

	/** The same object for the same id. Nothing is opened before it is used. */
	channel(id: string): Channel {
		const known = this.#channels.get(id);
		if (known) return known;
		const channel = new Channel(id, {
			session: this.#session,
			store: this.#store,
			now: () => this.now(),
			userId: () => this.userId,
		});
		this.#channels.set(id, channel);
		return channel;
	}

	/** One sale of tickets: the same object for the same id. Nothing is opened before it is used. */
	ticketEvent(id: string): TicketEvent {
		const known = this.#ticketEvents.get(id);
		if (known) return known;
		const event = new TicketEvent(id, {
			session: this.#session,
			now: () => this.now(),
			room: () => this.room('ticket-seats', id) as unknown as Room,
			order: (orderId) => this.orders.get(orderId),
		});
		this.#ticketEvents.set(id, event);
		return event;
	}

	/** The same object for the same id. Nothing is opened before it is used. */
	institution(id: string): Institution {
		const known = this.#institutions.get(id);
		if (known) return known;
		const institution = new Institution(id, this.#session);
		this.#institutions.set(id, institution);
		return institution;
	}

	/**
	 * A room with schema state: the same object for the same kind and id. No seat is taken before it
	 * is used.
	 */
	room<K extends keyof SeatKinds>(kind: K, id: string): Room<SeatKinds[K]> {
		const key = `${kind}/${id}`;
		const room = this.#rooms.get(key) ?? new Room(this.#session, SEAT_TABLES[kind], id);
		this.#rooms.set(key, room);
		return room as unknown as Room<SeatKinds[K]>;
	}

	/** @internal What generated handles are made with. */
	get session(): Session {
		return this.#session;
	}

	/** Ends the client for good; unsent messages stay in `storage`. `logout`: offline at once. */
	async close({ logout = false }: { readonly logout?: boolean } = {}): Promise<void> {
		if (logout && this.#connection.isReady) {
			await this.presence.logout(LOGOUT_MAX_MS).catch(() => {});
		}
		this.#connection.close();
	}

	#welcomed(): void {
		const userId = this.#connection.userId ?? '';
		for (const { resolve } of this.#askers.splice(0)) resolve(userId);
		this.#session.attach();
		if (!this.#isRestored) void this.#restore(userId);
		this.#isRestored = true;
	}

	/** Sends what an earlier life of the app left unsent. */
	async #restore(userId: string): Promise<void> {
		const left = await this.#store.load(userId);
		if (this.#session.ended) return;
		for (const unsent of left) this.channel(unsent.channel).restore(unsent);
	}

	#ended(error: NaruError): void {
		this.#session.end(error);
		for (const { reject } of this.#askers.splice(0)) reject(error);
	}

	async #knownUser(): Promise<string> {
		this.#session.check();
		return this.userId ?? this.#askUser();
	}

	/** Resolves when the user is known. */
	#askUser(): Promise<string> {
		return new Promise((resolve, reject) => {
			const { clearTimeout, setTimeout } = this.#environment;
			const timeOut = () => {
				this.#askers.splice(this.#askers.indexOf(asker), 1);
				reject(new NaruError('TIMEOUT'));
			};
			const timer = setTimeout(timeOut, this.#session.timeoutMs);
			const settled =
				<T>(settle: (value: T) => void) =>
				(value: T) => {
					clearTimeout(timer);
					settle(value);
				};
			const asker: Asker = { resolve: settled(resolve), reject: settled(reject) };
			this.#askers.push(asker);
		});
	}
}
