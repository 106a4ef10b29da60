/** Takes an `on()` back. May be called more than once. */
export type Undo = () => void;

interface Entry {
	readonly listener: (value: never) => void;
	/** What happens until it is started; `undefined` from then on. */
	early: unknown[] | undefined;
	isRemoved: boolean;
}

/**
 * Listeners by event type. A listener that throws harms neither the others nor the SDK: its error is
 * thrown again on its own, where the platform reports uncaught errors.
 */
export class Listeners<Events extends object> {
	readonly #entries = new Map<keyof Events, Entry[]>();
	readonly #replay: (type: keyof Events) => Iterable<unknown> | undefined;

	/** `replay`: what a new listener is told first, for state-like events; asked when it is told. */
	constructor(replay: (type: keyof Events) => Iterable<unknown> | undefined = () => undefined) {
		this.#replay = replay;
	}

	on<T extends keyof Events>(type: T, listener: (value: Events[T]) => void): Undo {
		const entry: Entry = { listener, early: [], isRemoved: false };
		const entries = this.#entries.get(type) ?? [];
		this.#entries.set(type, [...entries, entry]);
		// Later, so that the caller holds the undo before the first call.
		void Promise.resolve().then(() => this.#start(type, entry));
		return () => {
			entry.isRemoved = true;
			const left = (this.#entries.get(type) ?? []).filter((other) => other !== entry);
			this.#entries.set(type, left);
		};
	}

	emit<T extends keyof Events>(type: T, value: Events[T]): void {
		for (const entry of this.#entries.get(type) ?? []) {
			if (entry.early) entry.early.push(value);
			else call(entry, value);
		}
	}

	/** Whether anybody would be told now. */
	has(type: keyof Events): boolean {
		return (this.#entries.get(type) ?? []).some((entry) => !entry.early);
	}

	#start(type: keyof Events, entry: Entry): void {
		const early = entry.early ?? [];
		entry.early = undefined;
		// The present value says all that happened in between.
		for (const value of this.#replay(type) ?? early) call(entry, value);
	}
}

function call(entry: Entry, value: unknown): void {
	if (!entry.isRemoved) tell(entry.listener, value as never);
}

/** Calls a listener of the app; what it throws is its own affair. */
export function tell<T>(listener: (value: T) => void, value: T): void {
	try {
		listener(value);
	} catch (error) {
		report(error);
	}
}

/** Throws an error on its own, where the platform reports uncaught ones. */
export function report(error: unknown): void {
	void Promise.reject(error);
}
