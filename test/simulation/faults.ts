import type { EventFeed } from '../../src/core/event-feed.ts';
import type { Journal, JournalWrite, Outcome } from '../../src/core/journal.ts';
import type { Store } from '../../src/core/store.ts';
import { type Hooks, hooked } from '../support/hooked.ts';
import type { VirtualRuntime } from '../support/virtual-runtime.ts';
import type { SimulatedNode } from './simulated-node.ts';

/** How often what goes wrong, 0 to 1; drawn anew for each seed, so that some runs have only one fault. */
export interface Faults {
	/** Calls that never arrive; the caller sees a time-out. */
	readonly lost: number;
	/** Calls that take effect, whose answer never comes. */
	readonly unanswered: number;
	/** Calls that take effect after the caller was told of a time-out. */
	readonly late: number;
	/** How much later, at most, in milliseconds. */
	readonly lateMaxMs: number;
	/** Batches some of whose records are written, with unknown outcomes. */
	readonly partial: number;
	readonly slow: number;
	/** Ways between clients and nodes that break. */
	readonly cut: number;
	readonly pause: number;
	readonly crash: number;
	/** Orderly ends. */
	readonly close: number;
	/** The data is replaced by an older copy. */
	readonly restore: boolean;
}

const LATE_MAX_MS = 3_000;

export const NO_FAULTS: Faults = {
	lost: 0,
	unanswered: 0,
	late: 0,
	lateMaxMs: LATE_MAX_MS,
	partial: 0,
	slow: 0,
	cut: 0,
	pause: 0,
	crash: 0,
	close: 0,
	restore: false,
};

export function drawFaults(clock: VirtualRuntime): Faults {
	const some = (max: number) => (clock.random() < 0.5 ? 0 : clock.random() * max);
	return {
		lost: some(0.1),
		unanswered: some(0.2),
		late: some(0.1),
		lateMaxMs: LATE_MAX_MS,
		partial: some(0.2),
		slow: some(0.2),
		cut: some(0.3),
		pause: some(0.5),
		crash: some(0.4),
		close: some(0.2),
		restore: clock.random() < 0.15,
	};
}

const TIMEOUT_MS = 800;
const SLOW_MAX_MS = 1_500;
const OUTSIDE_MAX_MS = 1_000;

type Fate = 'answered' | 'lost' | 'unanswered' | 'late';

/** The way from a node to its data: calls take time, get lost, and are answered late or never. */
export class FaultyWay {
	readonly #clock: VirtualRuntime;
	readonly #node: SimulatedNode;
	readonly #faults: () => Faults;

	constructor(clock: VirtualRuntime, node: SimulatedNode, faults: () => Faults) {
		this.#clock = clock;
		this.#node = node;
		this.#faults = faults;
	}

	journal(inner: Journal): Journal {
		const hooks = Object.fromEntries(
			(
				[
					...(['head', 'read', 'snapshot', 'putSnapshotPart', 'sealSnapshot'] as const),
					...(['wakes', 'setWake', 'redact'] as const),
				] as const
			).map((name) => [name, (run: () => Promise<unknown>) => this.#call(run)]),
		) as Hooks<Journal>;
		hooks.append = (_, writes) => this.#call(() => this.#append(inner, writes));
		return hooked(inner, hooks);
	}

	store(inner: Store): Store {
		const hooks = Object.fromEntries(
			(['get', 'page', 'project', 'watermark', 'put', 'drop'] as const).map((name) => [
				name,
				(run: () => Promise<unknown>) => this.#call(run),
			]),
		) as Hooks<Store>;
		return hooked(inner, hooks);
	}

	feed(inner: EventFeed): EventFeed {
		return hooked(inner, { publish: (run) => this.#call(run) });
	}

	/** A service outside: takes its time, fails sometimes. */
	outside(id: string): Promise<unknown> {
		return new Promise((resolve, reject) => {
			const isLost = this.#clock.random() < this.#faults().lost;
			const done = () => (isLost ? reject(new Error('away')) : resolve({ ok: true, id }));
			this.#clock.after(this.#clock.random() * OUTSIDE_MAX_MS, () => this.#node.enter(done));
		});
	}

	/** Of a batch, some records may be written and some not, with or without an outcome. */
	async #append(inner: Journal, writes: readonly JournalWrite[]): Promise<readonly Outcome[]> {
		if (this.#clock.random() >= this.#faults().partial) return inner.append(writes);
		const outcomes: Outcome[] = [];
		for (const write of writes) {
			const chance = this.#clock.random();
			const [outcome = 'unknown'] = chance < 0.7 ? await inner.append([write]) : [];
			outcomes.push(chance < 0.4 ? outcome : 'unknown');
		}
		return outcomes;
	}

	#call<T>(run: () => Promise<T>): Promise<T> {
		const clock = this.#clock;
		const fate = this.#fate();
		const thereMs = this.#delay();
		return new Promise<T>((resolve, reject) => {
			const isOver = fate !== 'answered';
			if (isOver) {
				const timeOut = () => reject(new Error(`time-out (${fate})`));
				clock.after(thereMs + TIMEOUT_MS, () => this.#node.enter(timeOut));
			}
			if (fate === 'lost') return;
			const lateMs = fate === 'late' ? TIMEOUT_MS + clock.random() * this.#faults().lateMaxMs : 0;
			clock.after(thereMs + lateMs, () => {
				const back = (step: () => void) => {
					if (!isOver) clock.after(this.#delay(), () => this.#node.enter(step));
				};
				run().then(
					(answer) => back(() => resolve(answer)),
					(error) => back(() => reject(error)),
				);
			});
		});
	}

	#fate(): Fate {
		const { lost, unanswered, late } = this.#faults();
		const chance = this.#clock.random();
		if (chance < lost) return 'lost';
		if (chance < lost + unanswered) return 'unanswered';
		return chance < lost + unanswered + late ? 'late' : 'answered';
	}

	#delay(): number {
		const isSlow = this.#clock.random() < this.#faults().slow;
		return this.#clock.random() * (isSlow ? SLOW_MAX_MS : 4);
	}
}
