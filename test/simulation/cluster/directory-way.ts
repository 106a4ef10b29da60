import type { MemoryDirectory } from '../../../src/adapters/memory/memory-directory.ts';
import type { Directory } from '../../../src/cluster/directory.ts';
import { DirectoryError } from '../../../src/cluster/directory-error.ts';
import { type Hooks, hooked } from '../../support/hooked.ts';
import type { VirtualRuntime } from '../../support/virtual-runtime.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { ClusterFaults } from './cluster-faults.ts';

/** As the adapter of Redis gives up. */
const TIMEOUT_MS = 1_000;
const DELAY_MS = 3;
const SLOW_MAX_MS = 2_000;

export interface DirectoryWayOptions {
	readonly clock: VirtualRuntime;
	readonly process: SimulatedNode;
	readonly faults: () => ClusterFaults;
	/** Whether the directory is away for all. */
	readonly isAway: () => boolean;
}

/**
 * One node's way to the directory: calls take effect in the order in which they were made, as on one
 * connection, perhaps after their caller was told of a time-out, or not at all.
 */
export class DirectoryWay {
	/** Whether the directory is away for this node. */
	isAway = false;
	readonly #options: DirectoryWayOptions;
	#lastAt = 0;

	constructor(options: DirectoryWayOptions) {
		this.#options = options;
	}

	directory(inner: MemoryDirectory): Directory {
		const hooks = Object.fromEntries(
			(['renew', 'leave', 'owners', 'claim', 'verify', 'release'] as const).map((name) => [
				name,
				(run: () => Promise<unknown>) => this.#call(run),
			]),
		) as Hooks<Directory>;
		return hooked<Directory>(inner, hooks);
	}

	get #isReached(): boolean {
		return !this.isAway && !this.#options.isAway();
	}

	#call<T>(run: () => Promise<T>): Promise<T> {
		const { clock, process } = this.#options;
		return new Promise<T>((resolve, reject) => {
			const fail = (message: string) => () =>
				process.enter(() => reject(new DirectoryError(message)), 'directory');
			if (!this.#isReached && clock.random() < 0.5) {
				clock.after(this.#delayMs(), fail('the directory is away'));
				return;
			}
			const end = clock.after(TIMEOUT_MS, fail('no answer in time'));
			if (this.#happens('directoryLost')) return;
			const isAnswered = !this.#happens('directoryUnanswered');
			this.#lastAt = Math.max(this.#lastAt, clock.now() + this.#delayMs());
			clock.after(this.#lastAt - clock.now(), () => {
				if (!this.#isReached) return;
				const back = (step: () => void) => {
					if (!isAnswered) return;
					clock.after(this.#delayMs(), () => {
						end();
						process.enter(step, 'directory');
					});
				};
				run().then(
					(answer) => back(() => resolve(answer)),
					(error) => back(() => reject(error)),
				);
			});
		});
	}

	#happens(fault: 'directoryLost' | 'directoryUnanswered'): boolean {
		return this.#options.clock.random() < this.#options.faults()[fault];
	}

	#delayMs(): number {
		const { clock, faults } = this.#options;
		const isSlow = clock.random() < faults().directorySlow;
		return clock.random() * (isSlow ? SLOW_MAX_MS : DELAY_MS);
	}
}
