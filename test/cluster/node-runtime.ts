import type { Relay } from '../../src/cluster/relay.ts';
import type { Runtime } from '../../src/core/runtime.ts';
import type { VirtualRuntime } from '../support/virtual-runtime.ts';

/** One node's clocks and timers in the world's time: it may be paused, and its wall clock set off. */
export class NodeRuntime implements Runtime {
	readonly #world: VirtualRuntime;
	#wallOffMs = 0;
	/** What became due while paused. */
	#held: { readonly isInput: boolean; readonly run: () => void }[] | undefined;

	constructor(world: VirtualRuntime) {
		this.#world = world;
	}

	now(): number {
		return this.#world.now() + this.#wallOffMs;
	}

	monotonic(): number {
		return this.#world.monotonic();
	}

	random(): number {
		return this.#world.random();
	}

	randomId(): string {
		return this.#world.randomId();
	}

	after(ms: number, run: () => void): () => void {
		let isCancelled = false;
		const cancel = this.#world.after(ms, () => {
			this.#due(false, () => {
				if (!isCancelled) run();
			});
		});
		return () => {
			isCancelled = true;
			cancel();
		};
	}

	defer(run: () => void): void {
		this.after(0, run);
	}

	/** Something came in from outside. */
	input(run: () => void): void {
		this.#due(true, run);
	}

	/** As `SIGSTOP` does: nothing runs, what comes in waits. */
	pause(): void {
		this.#held ??= [];
	}

	/** Everything that waited runs; what came in goes first, before any timer could look at the clock. */
	resume(): void {
		const held = this.#held ?? [];
		this.#held = undefined;
		for (const { isInput, run } of held) if (isInput) run();
		for (const { isInput, run } of held) if (!isInput) run();
	}

	/** Sets the wall clock off. */
	jump(ms: number): void {
		this.#wallOffMs += ms;
	}

	#due(isInput: boolean, run: () => void): void {
		if (this.#held === undefined) run();
		else this.#held.push({ isInput, run });
	}
}

/** A relay whose messages wait while their node is paused. */
export const relayOf = (relay: Relay, runtime: NodeRuntime): Relay => ({
	get connected() {
		return relay.connected;
	},
	get bytesQueued() {
		return relay.bytesQueued;
	},
	publish: (subject, bytes) => relay.publish(subject, bytes),
	subscribe: (subject, heard) =>
		relay.subscribe(subject, (bytes) => runtime.input(() => heard(bytes))),
	onStatus: (listener) => relay.onStatus(listener),
	close: () => relay.close(),
});
