import type { Environment } from './environment.ts';
import { NaruError } from './naru-error.ts';

interface Opener {
	resolve(): void;
	reject(error: NaruError): void;
	readonly timer: unknown;
}

/** Who waits for one handle to open. */
export class Openers {
	readonly #environment: Environment;
	#waiting = new Set<Opener>();

	constructor(environment: Environment) {
		this.#environment = environment;
	}

	get isEmpty(): boolean {
		return this.#waiting.size === 0;
	}

	/** Resolves with {@link opened}; rejects with {@link failed}, or `TIMEOUT`. */
	wait(timeoutMs: number): Promise<void> {
		return new Promise((resolve, reject) => {
			const timeOut = () => {
				this.#waiting.delete(opener);
				reject(new NaruError('TIMEOUT'));
			};
			const timer = this.#environment.setTimeout(timeOut, timeoutMs);
			const opener: Opener = { resolve, reject, timer };
			this.#waiting.add(opener);
		});
	}

	opened(): void {
		for (const opener of this.#take()) opener.resolve();
	}

	failed(error: NaruError): void {
		for (const opener of this.#take()) opener.reject(error);
	}

	#take(): ReadonlySet<Opener> {
		const waiting = this.#waiting;
		this.#waiting = new Set();
		for (const { timer } of waiting) this.#environment.clearTimeout(timer);
		return waiting;
	}
}
