import type { Runtime } from '../../src/core/runtime.ts';
import type { VirtualRuntime } from '../support/virtual-runtime.ts';

/** What waits for a process that stands still: something came in, or a timer was due. */
interface Held {
	readonly is: 'input' | 'timer';
	readonly step: () => void;
}

/**
 * One process of a simulated machine: its timers and all answers from outside pass through it. Paused,
 * as by SIGSTOP, it does nothing and does it all later; suspended, with its machine, its monotonic clock
 * stands still too; killed, it never does anything again.
 */
export class SimulatedNode implements Runtime {
	readonly name: string;
	/** How far its wall clock is off. */
	wallOffMs = 0;
	readonly #clock: VirtualRuntime;
	#fate: 'running' | 'paused' | 'dead' = 'running';
	#held: Held[] = [];
	/** For how long its machine has slept, and since when it does. */
	#asleepMs = 0;
	#asleepSince: number | undefined;

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

	/** Takes in what comes from outside: now, when the process goes on, or never. */
	enter(step: () => void): void {
		this.#take({ is: 'input', step });
	}

	pause(): void {
		if (this.#fate === 'running') this.#fate = 'paused';
	}

	/** Pauses the whole machine. */
	suspend(): void {
		if (this.#fate !== 'running') return;
		this.#fate = 'paused';
		this.#asleepSince = this.#clock.monotonic();
	}

	/** Goes on with what waited: as it came, or what came in, or timers, first. */
	resume(first?: Held['is']): void {
		if (this.#fate !== 'paused') return;
		this.#fate = 'running';
		if (this.#asleepSince !== undefined) {
			this.#asleepMs += this.#clock.monotonic() - this.#asleepSince;
			this.#asleepSince = undefined;
		}
		const held = this.#held.splice(0);
		const isLater = ({ is }: Held) => Number(first !== undefined && is !== first);
		held.sort((one, other) => isLater(one) - isLater(other));
		// Each step on its own, as an event loop takes them.
		for (const one of held) this.#clock.after(0, () => this.#take(one));
	}

	kill(): void {
		this.#fate = 'dead';
		this.#held = [];
	}

	now(): number {
		return Math.floor(this.#clock.now()) + this.wallOffMs;
	}

	monotonic(): number {
		return (this.#asleepSince ?? this.#clock.monotonic()) - this.#asleepMs;
	}

	randomId(): string {
		return this.#clock.randomId();
	}

	random(): number {
		return this.#clock.random();
	}

	after(ms: number, run: () => void): () => void {
		let cancel = () => {};
		let isCancelled = false;
		const wait = (waitMs: number, asleepMs: number) => {
			const due = () => {
				if (isCancelled) return;
				// Timers go by the monotonic clock: what the machine slept meanwhile does not count.
				const sleptMs = this.#asleepMs - asleepMs;
				if (sleptMs > 0) wait(sleptMs, this.#asleepMs);
				else run();
			};
			cancel = this.#clock.after(waitMs, () => this.#take({ is: 'timer', step: due }));
		};
		wait(ms, this.#asleepMs);
		return () => {
			isCancelled = true;
			cancel();
		};
	}

	defer(run: () => void): void {
		this.after(0, run);
	}

	#take(one: Held): void {
		if (this.#fate === 'running') one.step();
		else if (this.#fate === 'paused') this.#held.push(one);
	}
}
