import type { VirtualRuntime } from '../support/virtual-runtime.ts';
import type { SimulatedNode } from './simulated-node.ts';

const DELAY_MAX_MS = 6;

/** A connection between a client and a node: in order both ways, until it breaks. */
export class Way {
	readonly #clock: VirtualRuntime;
	readonly #node: SimulatedNode;
	#upAt = 0;
	#downAt = 0;
	#isCut = false;
	#noticed: (() => void) | undefined;

	constructor(clock: VirtualRuntime, node: SimulatedNode) {
		this.#clock = clock;
		this.#node = node;
	}

	/** What the node does when it notices that the client is gone. */
	onCut(noticed: () => void): void {
		this.#noticed = noticed;
	}

	up(step: () => void): void {
		this.#upAt = this.#next(this.#upAt);
		this.#clock.after(this.#upAt - this.#clock.now(), () => {
			this.#node.enter(() => {
				if (!this.#isCut) step();
			}, 'socket');
		});
	}

	down(step: () => void): void {
		this.#downAt = this.#next(this.#downAt);
		this.#clock.after(this.#downAt - this.#clock.now(), () => {
			if (!this.#isCut) step();
		});
	}

	cut(): void {
		this.#isCut = true;
		const noticed = () => this.#node.enter(() => this.#noticed?.(), 'socket');
		this.#clock.after(this.#clock.random() * 500, noticed);
	}

	#next(last: number): number {
		return Math.max(last, this.#clock.now() + this.#clock.random() * DELAY_MAX_MS);
	}
}
