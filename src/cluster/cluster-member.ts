import type { ActorPort } from '../core/actor-port.ts';
import type { ActorSystem, ActorSystemOptions } from '../core/actor-system.ts';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { StoreShards } from '../core/store-shards.ts';
import type { KindContract } from '../protocol/kind.ts';
import { type ClusterActorsOptions, clusterActors } from './cluster-actors.ts';
import type { Directory, NodeRecord } from './directory.ts';
import { DirectoryPlacement } from './directory-placement.ts';
import { LeaseMembership } from './lease-membership.ts';
import { RelayLinks } from './links.ts';
import { Ownership } from './ownership.ts';
import type { Load, ShardReach } from './ports.ts';
import type { Relay } from './relay.ts';
import { StoreReach } from './store-reach.ts';
import { Switchboard } from './switchboard.ts';

export interface ClusterMemberOptions {
	readonly self: NodeRecord;
	readonly directory: Directory;
	readonly relay: Relay;
	/** What subjects on the relay begin with; the same for all nodes of an environment. */
	readonly subjects: string;
	readonly contracts: readonly KindContract[];
	readonly runtime: Runtime;
	readonly log: Log;
	readonly load: () => Load;
	/** The store's shards and how they answer this node; absent: that is not looked after. */
	readonly stores?: { readonly shards: StoreShards; reach(): readonly ShardReach[] } | undefined;
}

/** What the actors of a node are made with so that they are those of all nodes. */
export type ActorsAmongNodes = Pick<ActorSystemOptions, 'actors' | 'mayActivate' | 'mayWake'>;

/** One of several nodes, whatever the servers are: its lease, its claims, its links, its actors. */
export class ClusterMember {
	readonly membership: LeaseMembership;
	readonly placement: DirectoryPlacement;
	readonly links: RelayLinks;
	readonly switchboard: Switchboard;
	/** Absent where nobody looks after the store. */
	readonly reach: StoreReach | undefined;
	readonly #options: ClusterMemberOptions;
	#everywhere: ActorPort | undefined;
	#ownership: Ownership | undefined;

	constructor(options: ClusterMemberOptions) {
		const { self, directory, relay, subjects, runtime, log, load, stores } = options;
		const common = { relay, runtime, log };
		const subject = `${subjects}.nodes`;
		const membership = new LeaseMembership({
			...{ ...common, self, directory, load, subject },
			stores: stores && (() => stores.reach()),
		});
		const reach = stores && new StoreReach({ ...stores, membership, runtime, log });
		const subjectPrefix = `${subjects}.links`;
		this.#options = options;
		this.membership = membership;
		this.reach = reach;
		this.placement = new DirectoryPlacement({ membership, directory, reach, runtime, log });
		this.links = new RelayLinks({ ...common, self: self.id, subjectPrefix });
		membership.onChange(({ gone }) => {
			for (const node of gone) this.links.forget(node);
		});
		this.switchboard = new Switchboard(this.links, log);
	}

	/** Rejects when the directory does not let this node in. */
	join(): Promise<void> {
		return this.membership.join();
	}

	/** `membership`: whom owners ask before they answer; the node's own unless told. */
	actorOptions(
		owners: Pick<ClusterActorsOptions, 'journal'> & Partial<ClusterActorsOptions>,
	): ActorsAmongNodes {
		const { membership, placement, switchboard } = this;
		const { contracts, log } = this.#options;
		const parts = { contracts, membership, placement, switchboard, log, ...owners };
		return {
			mayActivate: (key) => this.#ownership?.mayActivate(key) === true,
			mayWake: async (key) => (await this.#ownership?.mayWake(key)) === true,
			actors: (local) => {
				this.#everywhere = clusterActors({ local, ...parts });
				return this.#everywhere;
			},
		};
	}

	/** Takes the actors of this node into the cluster; answers all actors, wherever they live. */
	take(actors: ActorSystem): ActorPort {
		const { membership, placement, reach } = this;
		const { contracts, runtime, log } = this.#options;
		const kinds = new Set(contracts.map(({ kind }) => kind));
		const around = { placement, membership, reach, kinds, runtime, log };
		this.#ownership = new Ownership({ actors, ...around });
		return this.#everywhere ?? actors;
	}

	/**
	 * Takes no new actors from now on, and hands over those that live here. Answers how many had to be
	 * stopped instead.
	 */
	async handOver(): Promise<number> {
		this.membership.drain();
		return (await this.#ownership?.handOver()) ?? 0;
	}

	/** Leaves the cluster; directory and relay stay open. */
	async leave(): Promise<void> {
		this.#ownership?.stop();
		this.reach?.stop();
		await this.membership.leave();
		this.placement.stop();
		this.links.close();
	}
}
