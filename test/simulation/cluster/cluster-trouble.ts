import type { MemoryDirectoryStore } from '../../../src/adapters/memory/memory-directory.ts';
import type { VirtualRuntime } from '../../support/virtual-runtime.ts';
import { type SimulatedNode, SOURCES, type Source } from '../simulated-node.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { ClusterFaults } from './cluster-faults.ts';
import type { ClusterNode } from './cluster-node.ts';
import type { RelayWays } from './relay-ways.ts';

/** Trouble comes in steps of this length. */
export const STEP_MS = 250;
/** How often a user looks at a device, per second. */
const WAKES_PER_SECOND = 0.1;
/** A write without an answer is given up after this time. */
const STRAYED_MS = 800;
/** A node that does not end in this time is killed. */
const DRAIN_MAX_MS = 15_000;

export interface TroubleOptions {
	readonly clock: VirtualRuntime;
	readonly faults: () => ClusterFaults;
	readonly directory: MemoryDirectoryStore;
	readonly relayWays: RelayWays;
	readonly kill: (node: ClusterNode) => void;
}

/** Breaks what the faults of a run say, and mends it after a while. */
export class ClusterTrouble {
	readonly #options: TroubleOptions;

	constructor(options: TroubleOptions) {
		this.#options = options;
	}

	/** What happens within one step. */
	step(nodes: readonly ClusterNode[], clients: readonly ClusterClient[]): void {
		const faults = this.#options.faults();
		const { clock, directory, relayWays } = this.#options;
		for (const client of clients) {
			if (this.#happens(faults.cut)) client.cut(clock.random() < 0.7);
			if (this.#happens(WAKES_PER_SECOND)) client.wake();
		}
		if (this.#happens(faults.directoryAwayPerSecond)) this.#forAWhile(directory);
		if (this.#happens(faults.directoryFlushedPerSecond)) directory.flush();
		const [one, other] = nodes;
		if (one && other && this.#happens(faults.linkCutPerSecond)) {
			relayWays.cutLink(one.id, other.id);
		}
		for (const node of [...nodes]) this.#break(node, faults);
	}

	/**
	 * A commit or wake row leaves a node: the moment at which trouble does most. Struck, it may stray,
	 * and meet whatever is there when it arrives.
	 */
	strike<T>(node: ClusterNode, write: () => Promise<T>): Promise<T> {
		const { clock, faults, relayWays, kill } = this.#options;
		const { struck, lateMaxMs } = faults();
		if (clock.random() >= struck) return write();
		const { process } = node;
		const strikes = [
			() => this.#pause(process),
			() => this.#pause(process),
			() => kill(node),
			() => this.#drain(node),
			() => relayWays.cutOff(node.id),
			() => this.#forAWhile(node.directory),
		];
		const chosen = strikes[Math.floor(clock.random() * strikes.length)];
		if (chosen !== undefined) clock.after(clock.random() * 8, chosen);
		if (clock.random() < 0.4) return write();
		clock.after(clock.random() * lateMaxMs, () => void write().catch(() => {}));
		return new Promise((_, reject) => {
			clock.after(STRAYED_MS, () => process.enter(() => reject(new Error('it strayed'))));
		});
	}

	#break(node: ClusterNode, faults: ClusterFaults): void {
		const { relayWays, kill } = this.#options;
		const { process, relay, directory } = node;
		if (this.#happens(faults.pause)) this.#pause(process);
		if (this.#happens(faults.cutOffPerSecond)) relayWays.cutOff(node.id);
		if (this.#happens(faults.unpluggedPerSecond)) {
			relay.setConnected(false);
			this.#later(() => relay.setConnected(true));
		}
		if (this.#happens(faults.directoryAwayForOnePerSecond)) this.#forAWhile(directory);
		if (this.#happens(faults.close)) this.#drain(node);
		if (this.#happens(faults.crash)) kill(node);
	}

	#pause(process: SimulatedNode): void {
		const { clock, faults } = this.#options;
		const { asleep, frozen } = faults();
		const chance = clock.random();
		const isFrozen = chance < frozen;
		process.pause(isFrozen ? 'frozen' : chance < frozen + asleep ? 'asleep' : 'paused');
		const order = this.#order();
		const gapMs = Math.floor(clock.random() * 6);
		this.#later(() => process.resume(order, gapMs));
		if (!isFrozen) return;
		// Some time later somebody sets the clock.
		this.#later(() => {
			if (!process.isPaused) process.wallOffMs = 0;
		});
	}

	/** In which order a process takes what waited: as it came, or often what clients ask first. */
	#order(): readonly Source[] | undefined {
		const { clock } = this.#options;
		if (clock.random() < 0.2) return undefined;
		const order = [...SOURCES].sort(() => clock.random() - 0.5);
		return clock.random() < 0.5 ? order : ['socket', ...order.filter((one) => one !== 'socket')];
	}

	#drain(node: ClusterNode): void {
		if (node.process.isPaused || !node.isReady) return;
		void node.drain();
		this.#options.clock.after(DRAIN_MAX_MS, () => this.#options.kill(node));
	}

	/** The directory is away: for all, or for one node. */
	#forAWhile(directory: { isAway: boolean }): void {
		directory.isAway = true;
		this.#later(() => {
			directory.isAway = false;
		});
	}

	#happens(perSecond: number): boolean {
		return this.#options.clock.random() < perSecond * (STEP_MS / 1_000);
	}

	/** Soon for the most part, but sometimes later than any lease ends. */
	#later(mend: () => void): void {
		const { clock } = this.#options;
		const chance = clock.random();
		clock.after(clock.random() < 0.5 ? chance ** 2 * 6_000 : 4_000 + chance * 8_000, mend);
	}
}
