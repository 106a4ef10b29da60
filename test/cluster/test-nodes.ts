import {
	type MemoryDirectory,
	MemoryDirectoryStore,
} from '../../src/adapters/memory/memory-directory.ts';
import { MemoryBus, type MemoryRelay } from '../../src/adapters/memory/memory-relay.ts';
import type { NodeId } from '../../src/cluster/directory.ts';
import { DirectoryPlacement } from '../../src/cluster/directory-placement.ts';
import { LeaseMembership } from '../../src/cluster/lease-membership.ts';
import type { Load, ShardReach } from '../../src/cluster/ports.ts';
import { StoreReach } from '../../src/cluster/store-reach.ts';
import type { Log } from '../../src/core/log.ts';
import { evenShards } from '../../src/core/store-shards.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';
import { NodeRuntime, relayOf } from './node-runtime.ts';

/** Stores of a node that asks them all the time. */
export const STORES = evenShards(2);

/** A node as far as membership and placement are concerned, with all it has told. */
export class TestNode {
	readonly id: NodeId;
	readonly runtime: NodeRuntime;
	readonly directory: MemoryDirectory;
	readonly relay: MemoryRelay;
	readonly membership: LeaseMembership;
	readonly reach: StoreReach;
	readonly placement: DirectoryPlacement;
	/** Since when a store does not answer this node, by shard. */
	readonly unanswered: (number | undefined)[] = [undefined, undefined];
	load: Load = { sockets: 0, actors: 0, loopDelayMs: 1, overloaded: false };
	readonly joined: NodeId[] = [];
	readonly gone: NodeId[] = [];
	readonly foreign: ActorKey[] = [];
	readonly warnings: string[] = [];
	losses = 0;

	constructor(id: NodeId, world: TestNodes, environment: string) {
		this.id = id;
		this.runtime = new NodeRuntime(world.runtime);
		this.directory = world.directory.connect(this.runtime);
		this.relay = world.bus.relay(id);
		const log = this.#log();
		this.membership = new LeaseMembership({
			self: { id, url: `http://node-${id}`, pid: Number(id), environment, startedAt: 0 },
			directory: this.directory,
			relay: relayOf(this.relay, this.runtime),
			runtime: this.runtime,
			log,
			subject: 'test.nodes',
			load: () => this.load,
			stores: () => this.#stores(),
		});
		const { membership, directory, runtime } = this;
		const stores = { shards: STORES, reach: () => this.#stores() };
		this.reach = new StoreReach({ ...stores, membership, runtime, log });
		const { reach } = this;
		this.placement = new DirectoryPlacement({ membership, directory, reach, runtime, log });
		this.#listen();
	}

	/** Claims a key and answers with what came of it within the time. */
	async claim(key: ActorKey, options?: { handedOver?: boolean }): Promise<NodeId | undefined> {
		return this.placement.claim(key, options);
	}

	/** The stores do not answer this node any more, or do again. */
	storesAnswer(answers: boolean, shards: readonly number[] = [0, 1]): void {
		const since = answers ? undefined : this.runtime.monotonic();
		for (const shard of shards) this.unanswered[shard] = since;
	}

	#stores(): ShardReach[] {
		const until = this.runtime.monotonic();
		return this.unanswered.map((since) =>
			since === undefined
				? { answeredAt: until }
				: { answeredAt: since, unanswered: { since, until } },
		);
	}

	#listen(): void {
		this.membership.onChange(({ joined, gone }) => {
			this.joined.push(...joined);
			this.gone.push(...gone);
		});
		this.membership.onLost(() => {
			this.losses++;
		});
		this.placement.onForeign((key) => this.foreign.push(key));
	}

	#log(): Log {
		const nothing = () => {};
		const keep = (_: object, message: string) => void this.warnings.push(message);
		return { debug: nothing, info: nothing, warn: keep, error: keep };
	}
}

/** Several nodes in virtual time, with one directory and one relay. */
export class TestNodes {
	readonly runtime = new VirtualRuntime();
	readonly directory = new MemoryDirectoryStore(this.runtime);
	readonly bus = new MemoryBus({ runtime: this.runtime });

	/** So many nodes that may claim. */
	static async settled(count: number): Promise<{ world: TestNodes; nodes: TestNode[] }> {
		const world = new TestNodes();
		const nodes = Array.from({ length: count }, (_, n) => world.node(String(n + 1)));
		for (const node of nodes) await world.done(node.membership.join());
		await world.pass(6_000);
		return { world, nodes };
	}

	node(id: NodeId, environment = 'test'): TestNode {
		return new TestNode(id, this, environment);
	}

	pass(ms: number): Promise<void> {
		return this.runtime.advance(ms);
	}

	/** Lets time pass until the promise settles. */
	async done<T>(promise: Promise<T>): Promise<T> {
		let isSettled = false;
		const settle = () => {
			isSettled = true;
		};
		promise.then(settle, settle);
		await this.runtime.until(() => isSettled);
		return promise;
	}

	/** Claims of several nodes at once. */
	claims(nodes: readonly TestNode[], key: ActorKey): Promise<(NodeId | undefined)[]> {
		return this.done(Promise.all(nodes.map((node) => node.claim(key))));
	}
}
