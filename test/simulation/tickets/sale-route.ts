import type {
	ActorPort,
	CommandAnswer,
	OpenAnswer,
	Publication,
	Subscriber,
} from '../../../src/core/actor-port.ts';
import type { ActorSystem } from '../../../src/core/actor-system.ts';
import type { ActorKey } from '../../../src/protocol/ids.ts';
import type { VirtualRuntime } from '../../support/virtual-runtime.ts';
import type { SimulatedNode } from '../simulated-node.ts';

/** Where actors are. */
export interface Place {
	readonly process: SimulatedNode;
	readonly system: ActorSystem;
}

const DELAY_MAX_MS = 6;
const NOTICE_MAX_MS = 500;
const AWAY = { ok: false, code: 'MOVED' } as const;

/** A connection between two nodes: in order both ways, until it is cut. */
class Link {
	readonly to: Place;
	isCut = false;
	readonly #clock: VirtualRuntime;
	readonly #from: SimulatedNode;
	#upAt = 0;
	#downAt = 0;

	constructor(clock: VirtualRuntime, from: SimulatedNode, to: Place) {
		this.#clock = clock;
		this.#from = from;
		this.to = to;
	}

	up(step: () => void): void {
		this.#upAt = this.#next(this.#upAt);
		this.#clock.after(this.#upAt - this.#clock.now(), () =>
			this.to.process.enter(() => this.isCut || step(), 'relay'),
		);
	}

	down(step: () => void): void {
		this.#downAt = this.#next(this.#downAt);
		this.#clock.after(this.#downAt - this.#clock.now(), () =>
			this.#from.enter(() => this.isCut || step(), 'relay'),
		);
	}

	#next(last: number): number {
		return Math.max(last, this.#clock.now() + this.#clock.random() * DELAY_MAX_MS);
	}
}

/**
 * The way of one node to the owner of the event: this node itself, another over a link, or nobody. What
 * is on its way when the owner is lost is answered `MOVED`, whether it took effect or not.
 */
export class SaleRoute implements Pick<ActorPort, 'open' | 'command' | 'unsubscribe'> {
	readonly #clock: VirtualRuntime;
	readonly #here: Place;
	readonly #owner: () => Place | undefined;
	#link: Link | undefined;
	readonly #pending = new Set<() => void>();
	/** What stands at the owner for each ear here. */
	readonly #ears = new Map<Subscriber, Subscriber>();

	constructor(clock: VirtualRuntime, here: Place, owner: () => Place | undefined) {
		this.#clock = clock;
		this.#here = here;
		this.#owner = owner;
	}

	/** The way breaks, or leads elsewhere now: whoever listens or waits is told so, a little later. */
	cut(): void {
		const link = this.#link;
		this.#link = undefined;
		if (link !== undefined) link.isCut = true;
		const ears = [...this.#ears];
		const pending = [...this.#pending];
		this.#ears.clear();
		this.#pending.clear();
		this.#clock.after(this.#clock.random() * NOTICE_MAX_MS, () =>
			this.#here.process.enter(() => {
				for (const lost of pending) lost();
				for (const [ear] of ears) ear.closed();
			}, 'relay'),
		);
		if (link === undefined) return;
		link.to.process.enter(() => {
			for (const [, there] of ears) link.to.system.unsubscribe(this.#key, there);
		}, 'relay');
	}

	#key: ActorKey = 'ticket-event/none';

	open: ActorPort['open'] = (key, request, answer) => {
		this.#key = key;
		const told = (opened: OpenAnswer) => answer(unsigned(opened));
		if (this.#owner() === this.#here) {
			this.#here.system.open(key, request, told);
			return;
		}
		const link = this.#way();
		if (link === undefined) return this.#refuse(told);
		const ear = this.#earThere(request.subscriber, link);
		this.#ask(link, told, (back) => {
			link.to.system.open(key, { ...request, subscriber: ear }, back);
		});
	};

	command: ActorPort['command'] = (key, request, answer) => {
		if (this.#owner() === this.#here) {
			this.#here.system.command(key, request, answer);
			return;
		}
		const link = this.#way();
		if (link === undefined) return this.#refuse(answer);
		this.#ask<CommandAnswer>(link, answer, (back) => link.to.system.command(key, request, back));
	};

	unsubscribe: ActorPort['unsubscribe'] = (key, subscriber) => {
		const there = this.#ears.get(subscriber);
		this.#ears.delete(subscriber);
		const link = this.#link;
		if (there === undefined || link === undefined) {
			this.#here.system.unsubscribe(key, subscriber);
		} else link.up(() => link.to.system.unsubscribe(key, there));
	};

	#way(): Link | undefined {
		const owner = this.#owner();
		if (owner === undefined) return undefined;
		if (this.#link?.to !== owner) {
			if (this.#link !== undefined) this.cut();
			this.#link = new Link(this.#clock, this.#here.process, owner);
		}
		return this.#link;
	}

	#refuse(answer: (refused: typeof AWAY) => void): void {
		this.#clock.after(1, () => this.#here.process.enter(() => answer(AWAY), 'relay'));
	}

	#ask<A>(
		link: Link,
		answer: (answer: A | typeof AWAY) => void,
		send: (back: (answer: A) => void) => void,
	): void {
		const lost = () => answer(AWAY);
		this.#pending.add(lost);
		link.up(() =>
			send((came) => link.down(() => void (this.#pending.delete(lost) && answer(came)))),
		);
	}

	#earThere(here: Subscriber, link: Link): Subscriber {
		const there: Subscriber = {
			committed: (publication: Publication) => link.down(() => here.committed(publication)),
			ephemeral: () => {},
			closed: () =>
				link.down(() => {
					if (this.#ears.delete(here)) here.closed();
				}),
		};
		this.#ears.set(here, there);
		return there;
	}
}

/** Without the secret of the proofs: signatures are made outside of virtual time. */
function unsigned(answer: OpenAnswer): OpenAnswer {
	if (!answer.ok || answer.how === 'resumed') return answer;
	return { ...answer, view: { ...(answer.view as object), secret: undefined } };
}
