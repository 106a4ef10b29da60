type Method = (...args: never[]) => Promise<unknown>;
type Methods<T> = { [M in keyof T as T[M] extends Method ? M : never]: T[M] };

/** Per method of a port: what happens instead; `run` does the real thing. */
export type Hooks<T> = {
	[M in keyof Methods<T>]?: (
		run: () => ReturnType<Extract<T[M], Method>>,
		...args: Parameters<Extract<T[M], Method>>
	) => ReturnType<Extract<T[M], Method>>;
};

/** A real adapter, some of whose answers a test delays, loses or makes fail. */
export function hooked<T extends object>(inner: T, hooks: Hooks<T>): T {
	return new Proxy(inner, {
		get(target, name) {
			const method = Reflect.get(target, name) as unknown;
			if (typeof method !== 'function') return method;
			return (...args: unknown[]) => {
				const run = () => method.apply(target, args);
				const hook = (hooks as Record<PropertyKey, ((...all: unknown[]) => unknown) | undefined>)[
					name
				];
				return hook === undefined ? run() : hook(run, ...args);
			};
		},
	});
}

/** Holds answers back until it is opened. */
export class Gate {
	readonly #opened = Promise.withResolvers<void>();
	/** How many wait, or have waited. */
	waited = 0;

	async pass<T>(run: () => Promise<T>): Promise<T> {
		this.waited++;
		await this.#opened.promise;
		return run();
	}

	open(): void {
		this.#opened.resolve();
	}
}
