/** Time, chance and scheduling, handed in so that a simulation runs the same code. */
export interface Runtime {
	/** Milliseconds since 1970; may jump. */
	now(): number;
	/** Milliseconds that only grow. */
	monotonic(): number;
	/** A random id of 16 characters `[A-Za-z0-9_-]`. */
	randomId(): string;
	/** Uniform in [0, 1). */
	random(): number;
	/** Calls once after `ms`; the answer cancels. Never keeps the process alive by itself. */
	after(ms: number, run: () => void): () => void;
	/** Calls soon, when what waits has been taken in (`setImmediate`). */
	defer(run: () => void): void;
}
