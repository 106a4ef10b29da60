import type { MemoryRelay, RelayPassage } from '../../../src/adapters/memory/memory-relay.ts';
import type { NodeId } from '../../../src/cluster/directory.ts';
import type { Relay } from '../../../src/cluster/relay.ts';
import type { VirtualRuntime } from '../../support/virtual-runtime.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { ClusterFaults } from './cluster-faults.ts';

const DELAY_MS_MIN = 0.2;
const DELAY_MS = 3;
const SLOW_MAX_MS = 600;

/** What nodes send over the relay: how long it takes, and what does not arrive. */
export class RelayWays {
	readonly #clock: VirtualRuntime;
	readonly #faults: () => ClusterFaults;
	/** When the last message between two nodes arrives. */
	readonly #lastAt = new Map<string, number>();
	readonly #mute = new Set<NodeId>();
	readonly #deaf = new Set<NodeId>();
	readonly #cutLinks = new Set<string>();

	constructor(clock: VirtualRuntime, faults: () => ClusterFaults) {
		this.#clock = clock;
		this.#faults = faults;
	}

	/** The node is not heard, does not hear, or both: not even itself. */
	cutOff(node: NodeId): void {
		const chance = this.#clock.random();
		if (chance < 0.7) this.#for(this.#mute, node);
		if (chance > 0.3) this.#for(this.#deaf, node);
	}

	/** Nothing passes on the link of two nodes. */
	cutLink(one: NodeId, other: NodeId): void {
		this.#for(this.#cutLinks, `${one} ${other}`);
		this.#for(this.#cutLinks, `${other} ${one}`);
	}

	heal(): void {
		this.#mute.clear();
		this.#deaf.clear();
		this.#cutLinks.clear();
	}

	/** For the bus: what becomes of a message. */
	pass({ from, to, subject }: RelayPassage): readonly number[] {
		const way = `${from} ${to}`;
		if (this.#mute.has(from) || this.#deaf.has(to)) return [];
		if (subject.startsWith(LINKS) && this.#cutLinks.has(way)) return [];
		const { relayLost, relayDoubled, relayOvertaken } = this.#faults();
		if (this.#clock.random() < relayLost) return [];
		const delays = [this.#inOrder(way)];
		if (this.#clock.random() < relayOvertaken) delays[0] = this.#delayMs();
		if (this.#clock.random() < relayDoubled) delays.push(this.#delayMs());
		return delays;
	}

	#for(set: Set<string>, name: string): void {
		set.add(name);
		this.#clock.after(this.#clock.random() ** 2 * 12_000, () => set.delete(name));
	}

	#inOrder(way: string): number {
		const now = this.#clock.now();
		const at = Math.max(this.#lastAt.get(way) ?? 0, now + this.#delayMs());
		this.#lastAt.set(way, at);
		return at - now;
	}

	#delayMs(): number {
		const isSlow = this.#clock.random() < this.#faults().relaySlow;
		return DELAY_MS_MIN + this.#clock.random() * (isSlow ? SLOW_MAX_MS : DELAY_MS);
	}
}

/** What all subjects begin with, and those of links. */
export const SUBJECTS = 'simulation';
export const LINKS = `${SUBJECTS}.links`;

/** A relay whose messages wait while their node stands still. */
export const heldRelay = (relay: MemoryRelay, process: SimulatedNode): Relay => ({
	get connected() {
		return relay.connected;
	},
	get bytesQueued() {
		return relay.bytesQueued;
	},
	publish: (subject, bytes) => relay.publish(subject, bytes),
	subscribe: (subject, heard) =>
		relay.subscribe(subject, (bytes) => process.enter(() => heard(bytes), 'relay')),
	onStatus: (listener) => relay.onStatus((isNow) => process.enter(() => listener(isNow), 'relay')),
	close: () => relay.close(),
});
