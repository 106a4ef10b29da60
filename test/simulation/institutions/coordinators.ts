import { institutionKind } from '../../../actors/institution/institution-kind.ts';
import { MemoryJournal, MemoryJournalState } from '../../../src/adapters/memory/memory-journal.ts';
import { MemoryStore } from '../../../src/adapters/memory/memory-store.ts';
import type { ActorKind } from '../../../src/core/actor-kind.ts';
import type {
	ActorPort,
	CommandAnswer,
	CommandRequest,
	OpenAnswer,
	OpenRequest,
	Publication,
	Subscriber,
} from '../../../src/core/actor-port.ts';
import { ActorSystem } from '../../../src/core/actor-system.ts';
import { REQUESTS } from '../../../src/core/store.ts';
import type { ActorKey } from '../../../src/protocol/ids.ts';
import { MachineTime, type SimulatedTime } from './simulated-time.ts';

const WAY_MS = 20;
const LATE_MS = 12_000;
const MOVED = { ok: false, code: 'MOVED' } as const;

/** What may become of a command on its way, each with its probability. */
export interface WayFaults {
	readonly lost: number;
	readonly answerLost: number;
	readonly repeated: number;
	readonly late: number;
}

const NO_FAULTS: WayFaults = { lost: 0, answerLost: 0, repeated: 0, late: 0 };

/** Changes what a node says, to see whether the judge hears of it. */
export type Sabotage = (request: CommandRequest) => CommandRequest;

/** The one node that owns all institutions at a time, and those that follow it. */
export class Coordinators {
	readonly #time: SimulatedTime;
	readonly #journal = new MemoryJournalState();
	readonly #store = new MemoryStore([REQUESTS, ...institutionKind.collections]);
	#clock: MachineTime;
	#system: ActorSystem;
	#isGone = false;
	readonly #ears = new Set<Subscriber>();
	faults = NO_FAULTS;
	sabotage: Sabotage = (request) => request;

	constructor(time: SimulatedTime) {
		this.#time = time;
		[this.#system, this.#clock] = this.#next();
	}

	get system(): ActorSystem {
		return this.#system;
	}

	get journal(): MemoryJournal {
		return new MemoryJournal(this.#journal);
	}

	/** The wall clock of the present owner is set. */
	setClock(): void {
		this.#clock.wrongByMs = (this.#time.random() - 0.5) * 7_200_000;
	}

	/** The owner dies; another takes over after a while, with a clock of its own. */
	kill(withinMs: number): void {
		if (this.#isGone) return;
		this.#isGone = true;
		this.#system.kill();
		for (const ear of this.#ears) this.#time.after(this.#time.below(1_000), () => ear.closed());
		this.#ears.clear();
		this.#time.after(this.#time.below(withinMs), () => {
			[this.#system, this.#clock] = this.#next();
			this.#isGone = false;
		});
	}

	/** The way of one node to whoever owns. */
	port(isAlive: () => boolean): ActorPort {
		const missing = () => {
			throw new Error('no institution is asked this');
		};
		return {
			open: (_key, request, answer) => this.#open(_key, request, { answer, isAlive }),
			command: (key, request, answer) => this.#command(key, request, { answer, isAlive }),
			reopen: missing,
			ephemeral: missing,
			closeOpening: missing,
			unsubscribe: (_key, subscriber) => this.#ears.delete(subscriber),
			peek: missing,
		};
	}

	#next(): [ActorSystem, MachineTime] {
		const clock = new MachineTime(this.#time);
		const system = new ActorSystem({
			kinds: [institutionKind as unknown as ActorKind],
			journal: this.journal,
			store: this.#store,
			runtime: clock,
		});
		return [system, clock];
	}

	#open(
		key: ActorKey,
		request: OpenRequest,
		{ answer, isAlive }: { answer: (answer: OpenAnswer) => void; isAlive: () => boolean },
	): void {
		if (this.#isGone) {
			this.#time.after(this.#time.below(WAY_MS), () => answer(MOVED));
			return;
		}
		// What is told keeps its order, and an answer stays behind what was told before it.
		let readyAt = 0;
		const inOrder = (run: () => void) => {
			readyAt = Math.max(readyAt, this.#time.now + this.#time.below(WAY_MS));
			this.#time.after(readyAt - this.#time.now, () => isAlive() && run());
		};
		const near = request.subscriber;
		const far: Subscriber = {
			committed: (publication: Publication) => inOrder(() => near.committed(publication)),
			ephemeral: () => {},
			closed: () => inOrder(() => near.closed()),
		};
		this.#ears.add(near);
		this.#system.open(key, { ...request, subscriber: far }, (answered) =>
			inOrder(() => answer(answered)),
		);
	}

	#command(
		key: ActorKey,
		request: CommandRequest,
		{ answer, isAlive }: { answer: (answer: CommandAnswer) => void; isAlive: () => boolean },
	): void {
		const { faults } = this;
		const asked = this.sabotage(request);
		const isSo = (part: number) => this.#time.random() < part;
		const way = () => this.#time.below(isSo(faults.late) ? LATE_MS : WAY_MS);
		if (isSo(faults.lost)) return;
		const deliver = () =>
			this.#time.after(way(), () => {
				const take = (answered: CommandAnswer) => {
					if (isSo(faults.answerLost)) return;
					this.#time.after(way(), () => isAlive() && answer(answered));
				};
				if (this.#isGone) take(MOVED);
				else this.#system.command(key, asked, take);
			});
		deliver();
		if (isSo(faults.repeated)) deliver();
	}
}
