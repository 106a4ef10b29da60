import type { Runtime } from '../../src/core/runtime.ts';
import type { VirtualRuntime } from '../support/virtual-runtime.ts';

/** Where what a process does next comes from. */
export const SOURCES = ['timer', 'store', 'directory', 'relay', 'socket'] as const;

export type Source = (typeof SOURCES)[number];

/** A step that is due; `turn`: one that the process put off itself. */
interface Step {
	readonly source: Source | 'turn';
	readonly run: () => void;
}

/** How a process stands still. */
export type Stillness =
	/** As by SIGSTOP. */
	| 'paused'
	/** With its machine: the monotonic clock stands still too. */
	| 'asleep'
	/** With its machine, whose clocks both go on from where they were. */
	| 'frozen';

/**
 * One process of a simulated machine: its timers and all answers from outside pass through it. Standing
 * still, it does nothing and does it all later; killed, it never does anything again.
 */
export class SimulatedNode implements Runtime {
	readonly name: string;
	/** How far its wall clock is off. */
	wallOffMs = 0;
	readonly #clock: VirtualRuntime;
	#fate: 'running' | Stillness | 'dead' = 'running';
	#held: Step[] = [];
	/** What waited, by source, while others have their turn. */
	readonly #backlog = new Map<Step['source'], Step[]>();
	#stoppedAt = 0;
	/** For how long its monotonic clock has stood still. */
	#asleepMs = 0;

	constructor(name: string, clock: VirtualRuntime) {
		this.name = name;
		this.#clock = clock;
	}

	get isDead(): boolean {
		return this.#fate === 'dead';
	}

	get isPaused(): boolean {
		return this.#fate !== 'dead' && this.#fate !== 'running';
	}

	/** Takes in what comes from outside: now, when the process goes on, or never. */
	enter(run: () => void, source: Source = 'store'): void {
		this.#take({ source, run });
	}

	pause(how: Stillness = 'paused'): void {
		if (this.#fate !== 'running') return;
		this.#fate = how;
		this.#stoppedAt = this.#clock.monotonic();
	}

	/**
	 * Goes on with what waited: as it came, or source by source in this order, each some milliseconds
	 * behind the one before (an event loop takes what came in, with all that this leads to, and then
	 * timers; or the other way round).
	 */
	resume(order?: readonly Source[], gapMs = 0): void {
		if (!this.isPaused) return;
		const stoodMs = this.#clock.monotonic() - this.#stoppedAt;
		if (this.#fate !== 'paused') this.#asleepMs += stoodMs;
		if (this.#fate === 'frozen') this.wallOffMs -= Math.floor(stoodMs);
		this.#fate = 'running';
		const held = this.#held.splice(0);
		for (const step of held) {
			const source = order?.includes(step.source as Source) ? step.source : 'turn';
			this.#backlog.set(source, [...(this.#backlog.get(source) ?? []), step]);
		}
		for (const [n, source] of (['turn', ...(order ?? [])] as const).entries()) {
			this.#clock.after(n * gapMs, () => this.#takeBacklog(source));
		}
	}

	kill(): void {
		this.#fate = 'dead';
		this.#held = [];
		this.#backlog.clear();
	}

	now(): number {
		const stoodMs = this.#fate === 'frozen' ? this.#clock.monotonic() - this.#stoppedAt : 0;
		return Math.floor(this.#clock.now() - stoodMs) + this.wallOffMs;
	}

	monotonic(): number {
		const isStill = this.#fate === 'asleep' || this.#fate === 'frozen';
		return (isStill ? this.#stoppedAt : this.#clock.monotonic()) - this.#asleepMs;
	}

	randomId(): string {
		return this.#clock.randomId();
	}

	random(): number {
		return this.#clock.random();
	}

	after(ms: number, run: () => void): () => void {
		return this.#after(ms, { source: 'timer', run });
	}

	defer(run: () => void): void {
		this.#after(0, { source: 'turn', run });
	}

	#after(ms: number, { source, run }: Step): () => void {
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
			cancel = this.#clock.after(waitMs, () => this.#take({ source, run: due }));
		};
		wait(ms, this.#asleepMs);
		return () => {
			isCancelled = true;
			cancel();
		};
	}

	/** Each step on its own, as an event loop takes them. */
	#takeBacklog(source: Step['source']): void {
		const backlog = this.#backlog.get(source) ?? [];
		this.#backlog.delete(source);
		for (const step of backlog) this.#clock.after(0, () => this.#take(step));
	}

	#take(step: Step): void {
		const backlog = this.#backlog.get(step.source);
		if (this.#fate === 'dead') return;
		if (this.#fate !== 'running') this.#held.push(step);
		else if (backlog === undefined) step.run();
		else backlog.push(step);
	}
}
