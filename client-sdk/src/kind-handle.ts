import { Handle, type HandleSink } from './handle.ts';
import type { CommandOptions, KindTable, KindTypes } from './kind-table.ts';
import { Listeners, type Undo } from './listeners.ts';
import type { NaruError } from './naru-error.ts';
import type { Session } from './session.ts';

/** What every handle tells besides the events of its kind. */
export interface HandleEvents<View> {
	/** A fresh state in place of the one before: all that was kept of it is void. */
	readonly reset: View;
	/** The server closed the handle; the next call opens it again. */
	readonly closed: NaruError;
}

export type EventsOf<T extends KindTypes> = T['events'] & T['ephemerals'] & HandleEvents<T['view']>;

/** @internal Where a handle leads: a table of the generator, an id, and who hears it besides listeners. */
export interface KindTarget<T extends KindTypes> {
	readonly table: KindTable;
	readonly id: () => string;
	readonly args?: () => T['openArgs'];
	readonly sink?: HandleSink;
}

/** How a kind of the generator becomes a member of the client. */
export interface GeneratedKind {
	readonly table: KindTable;
	/** A generated class; made with a session and a {@link KindTarget}. */
	readonly handle: new (
		session: never,
		target: never,
	) => unknown;
	readonly isOne: boolean;
}

/**
 * A typed handle of any kind: the generated classes add its commands. It opens with the first call
 * or `on()`, and stays open until `close()`.
 */
export class KindHandle<T extends KindTypes> {
	readonly #handle: Handle;
	readonly #session: Session;
	readonly #table: KindTable;
	readonly #listeners: Listeners<EventsOf<T>>;
	#view: T['view'] | undefined;

	/** @internal */
	constructor(session: Session, target: KindTarget<T>) {
		const { table, id, args = () => ({}), sink } = target;
		this.#session = session;
		this.#table = table;
		this.#listeners = new Listeners((type) => this.#present(type));
		this.#handle = new Handle(session, { table, id, args }, sink ?? this.#sink());
	}

	/** The state as known now, its live parts kept up to date; `undefined` before the opening. */
	get view(): T['view'] | undefined {
		return this.#view;
	}

	get isOpen(): boolean {
		return this.#handle.isOpen;
	}

	/** The state, once it is there. Rejects with why the handle cannot be opened, or `TIMEOUT`. */
	async open(): Promise<T['view']> {
		await this.#handle.opened();
		return this.#view;
	}

	/** Opens the handle as soon as there is a socket, and keeps it open. */
	want(): void {
		this.#handle.want();
	}

	/** Opens the handle if need be. Parts of the state are told to a new listener at once. */
	on<E extends keyof EventsOf<T>>(type: E, listener: (value: EventsOf<T>[E]) => void): Undo {
		this.#handle.want();
		return this.#listeners.on(type, listener);
	}

	/** Rejects with a {@link NaruError}; commands without options time out. */
	run<C extends keyof T['commands'] & string>(
		name: C,
		args: T['commands'][C]['args'],
		options: CommandOptions = { timeoutMs: this.#session.timeoutMs },
	): Promise<T['commands'][C]['reply']> {
		return this.#handle.run(name, args, options);
	}

	/** Tells others once; nobody learns of it while the handle is not open. */
	tell<E extends keyof T['ephemerals'] & string>(type: E, data: T['ephemerals'][E]): void {
		this.#handle.want();
		this.#handle.tell(type, data);
	}

	/** What waits is rejected with `CLOSED`. */
	close(): void {
		this.#handle.close();
		this.#view = undefined;
	}

	#present(type: keyof EventsOf<T>): Iterable<unknown> | undefined {
		if (!this.#table.live.includes(String(type))) return undefined;
		return this.#view === undefined ? [] : [this.#part(String(type))];
	}

	#part(name: string): unknown {
		return (this.#view as Record<string, unknown>)[name];
	}

	#sink(): HandleSink {
		const emit = (type: string, value: unknown) =>
			this.#listeners.emit(type as keyof EventsOf<T>, value as never);
		return {
			opened: (view, isReset) => {
				this.#view = view as T['view'];
				if (isReset) emit('reset', view);
				for (const name of this.#table.live) emit(name, this.#part(name));
			},
			event: (type, data) => {
				if (this.#table.live.includes(type) && this.#view !== undefined) {
					this.#view = { ...(this.#view as object), [type]: data };
				}
				emit(type, data);
			},
			ephemeral: emit,
			closed: (error) => emit('closed', error),
		};
	}
}
