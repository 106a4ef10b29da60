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
import type { Journal } from '../core/journal.ts';
import type { Log } from '../core/log.ts';
import { type ActorKey, splitKey } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';
import type { WireEvent } from '../protocol/wire.ts';
import { ActorRoutes, type Finding } from './actor-routes.ts';
import { ActorServer } from './actor-server.ts';
import type { NodeId } from './directory.ts';
import { OwnedActors } from './owned-actors.ts';
import type { Membership, Placement } from './ports.ts';
import { RemoteActors } from './remote-actors.ts';
import type { Switchboard } from './switchboard.ts';

export interface ClusterActorsOptions {
	/** The actors that live on this node. */
	readonly local: ActorPort;
	readonly contracts: readonly KindContract[];
	readonly journal: Pick<Journal, 'head'>;
	readonly membership: Pick<Membership, 'self' | 'mayServe'>;
	readonly placement: Placement;
	readonly switchboard: Switchboard;
	readonly log: Log;
}

/** Actors of one other node, as far as it can be reached. */
type There = Omit<ActorPort, 'peek' | 'unsubscribe'>;

interface Elsewhere {
	at(owner: NodeId): There;
	/** Closes it wherever it may be known. */
	closeOpening(key: ActorKey, opening: string): void;
	/** Whether the subscriber listens there; then it does no more. */
	unsubscribe(key: ActorKey, subscriber: Subscriber): boolean;
}

/**
 * Every actor of the cluster, wherever it lives: the port that the gateway of an edge speaks to. The
 * owner is this node, or another one over its link. Serves the edges of other nodes too.
 */
export function clusterActors(options: ClusterActorsOptions): RoutedActors {
	const { local, membership, placement, switchboard, journal, log } = options;
	const self = membership.self.id;
	const contracts = new Map(options.contracts.map((contract) => [contract.kind, contract]));
	const owned = new OwnedActors(local, membership);
	const common = { self, local, owned, contracts, placement };
	const served = new RoutedActors({
		...common,
		// Not "nobody": it may only be this node that cannot (it drains), and who asks has to look anew.
		routes: new ActorRoutes({
			finding: takingOver(placement, self),
			journal,
			log,
			nobody: MOVED,
		}),
		elsewhere: NOT_HERE,
	});
	new ActorServer(served, switchboard);
	return new RoutedActors({
		...common,
		routes: new ActorRoutes({ finding: placement, journal, log }),
		elsewhere: new RemoteActors(switchboard),
	});
}

/** Another node asks this one: it is the owner, or becomes it because there is none. */
const takingOver = (placement: Placement, self: NodeId): Finding => ({
	known: (key) => (placement.owns(key) ? self : undefined),
	lookUp: (key) => placement.lookUp(key),
	claim: (key) => placement.claim(key, { handedOver: true }),
	mayOwn: (key) => placement.mayOwn(key),
});

interface RoutedOptions {
	readonly self: NodeId;
	readonly local: ActorPort;
	readonly owned: OwnedActors;
	readonly contracts: ReadonlyMap<string, KindContract>;
	readonly placement: Placement;
	readonly routes: ActorRoutes;
	readonly elsewhere: Elsewhere;
}

type Refused = ReturnType<typeof refusal>;

/** Sends each call to the owner of its key; an answer `MOVED` makes it look again next time. */
export class RoutedActors implements ActorPort {
	readonly #options: RoutedOptions;

	constructor(options: RoutedOptions) {
		this.#options = options;
	}

	open(key: ActorKey, request: OpenRequest, answer: (answer: OpenAnswer) => void): void {
		this.#call(key, { creates: false, answer }, (to, heard) => to.open(key, request, heard));
	}

	reopen(key: ActorKey, request: ReopenRequest, answer: (answer: ReopenAnswer) => void): void {
		this.#call(key, { creates: false, answer }, (to, heard) => to.reopen(key, request, heard));
	}

	command(key: ActorKey, request: CommandRequest, answer: (answer: CommandAnswer) => void): void {
		const creates = this.#creates(key, request.name);
		this.#call(key, { creates, answer }, (to, heard) => to.command(key, request, heard));
	}

	ephemeral(key: ActorKey, caller: Caller, event: WireEvent): void {
		const owner = this.#options.placement.known(key);
		if (owner !== undefined) this.#at(owner).ephemeral(key, caller, event);
	}

	closeOpening(key: ActorKey, opening: string): void {
		this.#inTurn(key, (owner) => {
			const { elsewhere, owned } = this.#options;
			if (owner !== undefined) {
				this.#at(owner).closeOpening(key, opening);
				return;
			}
			// Its commands went to one that is forgotten, and keeps count of them.
			owned.closeOpening(key, opening);
			elsewhere.closeOpening(key, opening);
		});
	}

	unsubscribe(key: ActorKey, subscriber: Subscriber): void {
		this.#inTurn(key, () => {
			const { elsewhere, local } = this.#options;
			if (!elsewhere.unsubscribe(key, subscriber)) local.unsubscribe(key, subscriber);
		});
	}

	peek(key: ActorKey): ReturnType<ActorPort['peek']> {
		return this.#options.local.peek(key);
	}

	#creates(key: ActorKey, name: string): boolean {
		const commands = this.#options.contracts.get(splitKey(key).kind)?.commands ?? {};
		return Object.hasOwn(commands, name) && commands[name]?.creates === true;
	}

	#at(owner: NodeId): There {
		const { elsewhere, owned, self } = this.#options;
		return owner === self ? owned : elsewhere.at(owner);
	}

	#call<A extends { readonly ok: boolean }>(
		key: ActorKey,
		{ creates, answer }: { creates: boolean; answer: (answer: A | Refused) => void },
		use: (to: There, heard: (answer: A | Refused) => void) => void,
	): void {
		const { contracts, placement, routes } = this.#options;
		if (!contracts.has(splitKey(key).kind)) {
			answer(refusal('NOT_FOUND', 'there is no such kind'));
			return;
		}
		const run = (owner: NodeId) =>
			use(this.#at(owner), (answered) => {
				const moved = !answered.ok && (answered as Refused).code === 'MOVED';
				if (moved) placement.forget(key, owner);
				answer(answered);
			});
		routes.to(key, { creates, run, refuse: answer });
	}

	/** Behind whatever waits for the key's owner. */
	#inTurn(key: ActorKey, run: (owner: NodeId | undefined) => void): void {
		const { placement, routes } = this.#options;
		if (!routes.waits(key)) run(placement.known(key));
		else routes.to(key, { creates: false, run, refuse: () => run(undefined) });
	}
}

/** For a node that is asked for what another one owns. */
const NOT_HERE: Elsewhere = {
	at: () => ({
		open: (_key, _request, answer) => answer(MOVED),
		reopen: (_key, _request, answer) => answer(MOVED),
		command: (_key, _request, answer) => answer(MOVED),
		ephemeral: () => {},
		closeOpening: () => {},
	}),
	closeOpening: () => {},
	unsubscribe: () => false,
};

const MOVED: Refused = refusal('MOVED', 'this node does not own it', 100);
