import type { Runtime } from '../../src/core/runtime.ts';
import type { VirtualRuntime } from '../support/virtual-runtime.ts';

/**
 * One process of a simulated machine: its timers and all answers from outside pass through `enter`.
 * Paused, as by SIGSTOP, it does nothing and does it all later; killed, it never does anything again.
 */
export class SimulatedNode implements Runtime {
	readonly name: string;
	readonly #clock: VirtualRuntime;
	#fate: 'running' | 'paused' | 'dead' = 'running';
	#held: (() => void)[] = [];

	constructor(name: string, clock: VirtualRuntime) {
		this.name = name;
		this.#clock = clock;
	}

	get isDead(): boolean {
		return this.#fate === 'dead';
	}

	get isPaused(): boolean {
		return this.#fate === 'paused';
	}

	/** Runs a step of this process: now, when it goes on, or never. */
	enter(step: () => void): void {
		if (this.#fate === 'running') step();
		else if (this.#fate === 'paused') this.#held.push(step);
	}

	pause(): void {
		if (this.#fate === 'running') this.#fate = 'paused';
	}

	resume(): void {
		if (this.#fate !== 'paused') return;
		this.#fate = 'running';
		// Each step on its own, as an event loop takes them.
		for (const step of this.#held.splice(0)) this.#clock.after(0, () => this.enter(step));
	}

	kill(): void {
		this.#fate = 'dead';
		this.#held = [];
	}

	now(): number {
		return Math.floor(this.#clock.now());
	}

	monotonic(): number {
		return this.#clock.monotonic();
	}

	randomId(): string {
		return this.#clock.randomId();
	}

	random(): number {
		return this.#clock.random();
	}

	after(ms: number, run: () => void): () => void {
		let isCancelled = false;
		const cancel = this.#clock.after(ms, () =>
			this.enter(() => {
				if (!isCancelled) run();
			}),
		);
		return () => {
			isCancelled = true;
			cancel();
		};
	}

	defer(run: () => void): void {
		this.after(0, run);
	}
}
