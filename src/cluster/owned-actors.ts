import type { Caller } from '../core/actor-kind.ts';
import type {
	ActorPort,
	CommandAnswer,
	CommandRequest,
	OpenAnswer,
	OpenRequest,
	ReopenAnswer,
	ReopenRequest,
	Subscriber,
} from '../core/actor-port.ts';
import { refusal } from '../core/entries.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { WireEvent } from '../protocol/wire.ts';
import type { Membership } from './ports.ts';

type Actors = Omit<ActorPort, 'peek'>;
type Refused = ReturnType<typeof refusal>;

const MOVED = refusal('MOVED', 'this node may not serve it now', 200);

/**
 * The actors of this node, which answers for them only while its lease lets it: a node that was paused
 * may not know yet that another owns what it held. What it wrote is fenced by the journal; what it
 * would answer from memory is fenced here.
 */
export class OwnedActors implements Actors {
	readonly #actors: Actors;
	readonly #membership: Pick<Membership, 'mayServe'>;

	constructor(actors: Actors, membership: Pick<Membership, 'mayServe'>) {
		this.#actors = actors;
		this.#membership = membership;
	}

	open(key: ActorKey, request: OpenRequest, answer: (answer: OpenAnswer) => void): void {
		this.#guard(answer, (guarded) => this.#actors.open(key, request, guarded));
	}

	reopen(key: ActorKey, request: ReopenRequest, answer: (answer: ReopenAnswer) => void): void {
		this.#guard(answer, (guarded) => this.#actors.reopen(key, request, guarded));
	}

	command(key: ActorKey, request: CommandRequest, answer: (answer: CommandAnswer) => void): void {
		this.#guard(answer, (guarded) => this.#actors.command(key, request, guarded));
	}

	ephemeral(key: ActorKey, caller: Caller, event: WireEvent): void {
		if (this.#membership.mayServe()) this.#actors.ephemeral(key, caller, event);
	}

	closeOpening(key: ActorKey, opening: string): void {
		this.#actors.closeOpening(key, opening);
	}

	unsubscribe(key: ActorKey, subscriber: Subscriber): void {
		this.#actors.unsubscribe(key, subscriber);
	}

	/** Asks before the question is taken and again before its answer leaves. */
	#guard<A>(
		answer: (answer: A | Refused) => void,
		take: (guarded: (answer: A | Refused) => void) => void,
	): void {
		if (!this.#membership.mayServe()) answer(MOVED);
		else take((answered) => answer(this.#membership.mayServe() ? answered : MOVED));
	}
}
