import type { Caller } from '../../src/core/actor-kind.ts';
import type {
	ActorPort,
	CommandAnswer,
	CommandRequest,
	OpenAnswer,
	OpenRequest,
	Publication,
	ReopenAnswer,
	ReopenRequest,
	Subscriber,
} from '../../src/core/actor-port.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import type { WireEvent } from '../../src/protocol/wire.ts';
import { CoreBench } from './core-bench.ts';
import type { VirtualRuntime } from './virtual-runtime.ts';
import { VirtualWay } from './virtual-way.ts';

const LINK_MS_MAX = 5;
const JOURNAL_MS_MAX = 12;
const MOVED = { ok: false, code: 'MOVED' } as const;

/** One node that owns, with the two ways of its link. */
class Owner {
	readonly bench: CoreBench;
	readonly up: VirtualWay;
	readonly down: VirtualWay;
	mayActivate = true;
	/** Refuses what is outstanding, oldest first. */
	readonly outstanding = new Set<() => void>();
	readonly ears = new Map<Subscriber, Subscriber>();

	constructor(shared: CoreBench | undefined, runtime?: VirtualRuntime) {
		this.bench = new CoreBench({
			...(shared && { shared }),
			mayActivate: () => this.mayActivate,
		});
		const clock = runtime ?? this.bench.runtime;
		this.up = new VirtualWay(clock, LINK_MS_MAX);
		this.down = new VirtualWay(clock, LINK_MS_MAX);
		const late = () =>
			new Promise<void>((resolve) => clock.after(clock.random() * JOURNAL_MS_MAX, resolve));
		this.bench.journalHooks.append = async (run) => {
			await late();
			const outcomes = await run();
			await late();
			// The answer is lost now and then: whether it landed is not known.
			return clock.random() < 0.1 ? outcomes.map(() => 'unknown' as const) : outcomes;
		};
	}

	/** The ear at the owner of one at the edge. */
	ear(near: Subscriber): Subscriber {
		const known = this.ears.get(near);
		if (known !== undefined) return known;
		const far: Subscriber = {
			committed: (publication: Publication) => this.down.pass(() => near.committed(publication)),
			ephemeral: (event, audience) => this.down.pass(() => near.ephemeral(event, audience)),
			closed: () => {
				this.ears.delete(near);
				this.down.pass(() => near.closed());
			},
		};
		this.ears.set(near, far);
		return far;
	}

	/** Asks over the link, and hears the answer behind all that was told before it. */
	ask<A>(
		answer: (answer: A | typeof MOVED) => void,
		take: (heard: (answer: A | typeof MOVED) => void) => void,
	): void {
		const refuse = () => answer(MOVED);
		this.outstanding.add(refuse);
		this.up.pass(() =>
			take((answered) =>
				this.down.pass(() => {
					if (this.outstanding.delete(refuse)) answer(answered);
				}),
			),
		);
	}
}

/**
 * Actors whose owner changes: node after node on the same journal, each behind a link that keeps the
 * order, with calls going to whoever owns when they are made.
 */
export class ChangingOwners implements ActorPort {
	readonly runtime: VirtualRuntime;
	#owner: Owner;
	#hasOwner = true;

	constructor() {
		this.#owner = new Owner(undefined);
		this.runtime = this.#owner.bench.runtime;
	}

	get bench(): CoreBench {
		return this.#owner.bench;
	}

	/** The owner hands the actor over, and another takes it. */
	async release(key: ActorKey): Promise<void> {
		const owner = this.#owner;
		owner.mayActivate = false;
		this.#hasOwner = false;
		await owner.bench.system.release(key);
		if (owner === this.#owner) this.#next();
	}

	/** The owner learns that another owns it. */
	stop(key: ActorKey): void {
		const { bench } = this.#owner;
		this.#owner.mayActivate = false;
		this.#next();
		bench.system.stop(key);
	}

	/** The owner dies; what its commits do is decided by the journal alone. */
	kill(): void {
		const { up, down, outstanding, bench } = this.#owner;
		const ears = [...this.#owner.ears.keys()];
		up.cut();
		down.cut();
		this.#next();
		bench.system.kill();
		for (const refuse of outstanding) refuse();
		for (const near of ears) near.closed();
	}

	open(key: ActorKey, request: OpenRequest, answer: (answer: OpenAnswer) => void): void {
		this.#to(answer, (owner, heard: (answer: OpenAnswer) => void) => {
			const subscriber = owner.ear(request.subscriber);
			owner.bench.system.open(key, { ...request, subscriber }, heard);
		});
	}

	reopen(key: ActorKey, request: ReopenRequest, answer: (answer: ReopenAnswer) => void): void {
		this.#to(answer, (owner, heard: (answer: ReopenAnswer) => void) => {
			const subscriber = owner.ear(request.subscriber);
			owner.bench.system.reopen(key, { ...request, subscriber }, heard);
		});
	}

	command(key: ActorKey, request: CommandRequest, answer: (answer: CommandAnswer) => void): void {
		this.#to(answer, (owner, heard: (answer: CommandAnswer) => void) =>
			owner.bench.system.command(key, request, heard),
		);
	}

	ephemeral(_key: ActorKey, _caller: Caller, _event: WireEvent): void {}

	closeOpening(key: ActorKey, opening: string): void {
		const { up, bench } = this.#owner;
		up.pass(() => bench.system.closeOpening(key, opening));
	}

	unsubscribe(key: ActorKey, subscriber: Subscriber): void {
		const { up, bench } = this.#owner;
		const far = this.#owner.ears.get(subscriber);
		if (far !== undefined) up.pass(() => bench.system.unsubscribe(key, far));
	}

	peek(key: ActorKey): Promise<{ position: number; writer: string } | undefined> {
		return this.bench.system.peek(key);
	}

	#to<A>(
		answer: (answer: A | typeof MOVED) => void,
		take: (owner: Owner, heard: (answer: A) => void) => void,
	): void {
		const owner = this.#owner;
		if (!this.#hasOwner) this.runtime.defer(() => answer(MOVED));
		else owner.ask<A>(answer, (heard) => take(owner, heard));
	}

	#next(): void {
		this.#owner = new Owner(this.#owner.bench, this.runtime);
		this.#hasOwner = true;
	}
}
