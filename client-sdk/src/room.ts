import type { Callbacks } from '@colyseus/schema';
import { MESSAGE_BYTES_MAX } from '../../src/protocol/frames.ts';
import { Handle } from './handle.ts';
import type { KindTable, KindTypes } from './kind-table.ts';
import { Listeners, type Undo } from './listeners.ts';
import { NaruError } from './naru-error.ts';
import { type RoomAnswer, type RoomListener, RoomReader } from './room-reader.ts';
import type { Session } from './session.ts';

/** Most requests of a room that wait for their answer. */
const REQUESTS_MAX = 100;
/** Room for what stands before the bytes in a frame. */
const FRAME_HEAD_MAX = 16;

/** What `opened` carries for a seat. */
interface SeatView {
	readonly sessionId: string;
	readonly reconnectionToken: string;
	readonly reconnected: boolean;
	readonly join: Uint8Array;
}

/** Besides the room's own messages by their type. */
export interface RoomEvents<State> {
	/** The state after each change; the present one is told to a new listener at once. */
	readonly state: State;
	/** A seat was taken: the first, or another one after the connection was lost for too long. */
	readonly joined: { readonly sessionId: string; readonly reconnected: boolean };
	/** Any message, also of types that no contract names. */
	readonly message: { readonly type: string | number; readonly data: unknown };
	/** The room ended the seat: Colyseus's close code, if it gave one. */
	readonly left: { readonly code: number | undefined; readonly reason: string };
}

type AllEvents<T extends KindTypes> = T['events'] & RoomEvents<T['view']>;

interface Waiting {
	resolve(data: unknown): void;
	reject(error: NaruError): void;
	timer: unknown;
}

/**
 * A seat in a room with schema state (a game, a board), over the socket of everything else. A lost
 * socket takes the same seat up again, as long as the room keeps it; otherwise a new one.
 */
export class Room<T extends KindTypes = KindTypes> {
	readonly kind: string;
	readonly id: string;
	readonly #session: Session;
	readonly #handle: Handle;
	readonly #listeners: Listeners<AllEvents<T>>;
	readonly #requests = new Map<number, Waiting>();
	#args: T['openArgs'] = {};
	#reader: RoomReader | undefined;
	#loading: Promise<RoomReader> | undefined;
	#schema: { readonly Callbacks: typeof Callbacks } | undefined;
	#seat: SeatView | undefined;
	#lastRequest = 0;

	/** @internal */
	constructor(session: Session, table: KindTable, id: string) {
		this.kind = table.kind;
		this.id = id;
		this.#session = session;
		this.#listeners = new Listeners((type) => this.#present(type));
		this.#handle = new Handle(
			session,
			{ table, id: () => id, args: () => this.#args },
			{
				opened: (view) => this.#seated(view as SeatView),
				event: () => {},
				ephemeral: () => {},
				bytes: (bytes) => this.#reader?.read(bytes),
				lost: () => this.#rejectAll(new NaruError('TIMEOUT')),
				closed: (error, code) => this.#left(error, code),
			},
		);
	}

	/** The room's state as its schema describes it; `undefined` before the first. */
	get state(): T['view'] | undefined {
		return this.#reader?.decoder?.state as T['view'] | undefined;
	}

	/** The own seat; `undefined` before it is taken. */
	get sessionId(): string | undefined {
		return this.#seat?.sessionId;
	}

	/** Colyseus's callbacks (`onAdd`, `listen`, …) on the present state; take new ones with `joined`. */
	get callbacks(): ReturnType<typeof Callbacks.get> | undefined {
		const decoder = this.#reader?.decoder;
		return decoder && this.#schema?.Callbacks.get(decoder);
	}

	/** Takes a seat; resolves when it is taken, or rejects with why not. `args` go to the room. */
	async open(args?: T['openArgs']): Promise<void> {
		if (args !== undefined) this.#args = args;
		await this.#load();
		await this.#handle.opened();
	}

	/** Takes a seat if there is none yet. */
	on<E extends keyof AllEvents<T>>(type: E, listener: (value: AllEvents<T>[E]) => void): Undo {
		void this.#load().then(
			() => this.#handle.want(),
			// Asked for again with the next call.
			() => {},
		);
		return this.#listeners.on(type, listener);
	}

	/** Sends a message, if there is a seat now; otherwise it is forgotten. Throws `TOO_LARGE`. */
	send<C extends keyof T['commands'] & string>(type: C, data: T['commands'][C]['args']): void {
		if (this.#reader) this.#handle.sendBytes(fitting(this.#reader.messageFrame(type, data)));
	}

	/** Sends a message and resolves with what its handler returns; rejects with `NOT_OPEN` unseated. */
	async request<C extends keyof T['commands'] & string>(
		type: C,
		data: T['commands'][C]['args'],
	): Promise<T['commands'][C]['reply']> {
		const reader = this.#reader;
		if (!reader || !this.#handle.isOpen) throw new NaruError('NOT_OPEN');
		if (this.#requests.size >= REQUESTS_MAX) throw new NaruError('QUEUE_FULL');
		const request = ++this.#lastRequest;
		const frame = fitting(reader.requestFrame(request, type, data));
		return new Promise((resolve, reject) => {
			const timeOut = () => this.#take(request)?.reject(new NaruError('TIMEOUT'));
			const timer = this.#session.environment.setTimeout(timeOut, this.#session.timeoutMs);
			this.#requests.set(request, { resolve, reject, timer });
			this.#handle.sendBytes(frame);
		});
	}

	/** Leaves the room. */
	close(): void {
		this.#handle.close();
		this.#rejectAll(new NaruError('CLOSED', 'the room was left'));
		this.#reader?.forget();
		this.#seat = undefined;
	}

	/** The library of schema states is loaded by those who have rooms. */
	#load(): Promise<RoomReader> {
		this.#loading ??= import('./room-schema.ts').then(
			({ Callbacks, decode, encode, Reflection }) => {
				this.#schema = { Callbacks };
				this.#reader = new RoomReader({ decode, encode, Reflection }, this.#listener());
				return this.#reader;
			},
			(error) => {
				// Without a network, perhaps: the next call tries again.
				this.#loading = undefined;
				throw error;
			},
		);
		return this.#loading;
	}

	#listener(): RoomListener {
		return {
			send: (bytes) => this.#handle.sendBytes(bytes),
			state: () => this.#emit('state', this.state),
			message: (type, data) => {
				this.#emit('message', { type, data });
				this.#emit(String(type), data);
			},
			answered: (request, answer, data) => this.#answered(request, answer, data),
			leave: () => {
				this.close();
				this.#emit('left', { code: undefined, reason: 'the room asked for it' });
			},
		};
	}

	#seated(view: SeatView): void {
		this.#seat = view;
		// Where another client would give a position, a seat gives its token.
		this.#handle.resumeWith(view.reconnectionToken);
		if (!view.reconnected) this.#reader?.forget();
		this.#reader?.read(view.join);
		const { sessionId, reconnected } = view;
		this.#emit('joined', { sessionId, reconnected });
	}

	#left(error: NaruError, code: number | undefined): void {
		this.#seat = undefined;
		this.#rejectAll(error);
		this.#emit('left', { code, reason: error.message });
	}

	#present(type: keyof AllEvents<T>): Iterable<unknown> | undefined {
		if (type !== 'state' && type !== 'joined') return undefined;
		if (type === 'state') return this.state === undefined ? [] : [this.state];
		const seat = this.#seat;
		return seat ? [{ sessionId: seat.sessionId, reconnected: seat.reconnected }] : [];
	}

	#emit(type: string, value: unknown): void {
		this.#listeners.emit(type as keyof AllEvents<T>, value as never);
	}

	#answered(request: number, answer: RoomAnswer, data: unknown): void {
		const waiting = this.#take(request);
		if (answer === 'ok') waiting?.resolve(data);
		else if (answer === 'refused') waiting?.reject(new NaruError('CONFLICT', textOf(data)));
		else waiting?.reject(new NaruError('INTERNAL', textOf(data)));
	}

	#take(request: number): Waiting | undefined {
		const waiting = this.#requests.get(request);
		this.#requests.delete(request);
		if (waiting) this.#session.environment.clearTimeout(waiting.timer);
		return waiting;
	}

	#rejectAll(error: NaruError): void {
		for (const request of [...this.#requests.keys()]) this.#take(request)?.reject(error);
	}
}

/** A larger message would cost the socket, with all other handles on it. */
function fitting(bytes: Uint8Array): Uint8Array {
	if (bytes.length + FRAME_HEAD_MAX > MESSAGE_BYTES_MAX) throw new NaruError('TOO_LARGE');
	return bytes;
}

/** The reason of a refusal as far as it is text. */
function textOf(data: unknown): string | undefined {
	if (typeof data === 'string') return data;
	const { message } = (data ?? {}) as { message?: unknown };
	return typeof message === 'string' ? message : undefined;
}
