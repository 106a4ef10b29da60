import { MemoryBus, type MemoryRelay } from '../../../src/adapters/memory/memory-relay.ts';
import type { NodeId } from '../../../src/cluster/directory.ts';
import type { Peer } from '../../../src/cluster/ports.ts';
import { Presence, type PresenceConnection } from '../../../src/cluster/presence.ts';
import { PresenceExchange } from '../../../src/cluster/presence-exchange.ts';
import type { ShownState } from '../../../src/cluster/presence-user.ts';
import { VirtualRuntime } from '../virtual-runtime.ts';

let sockets = 0;

const peerOf = (id: NodeId): Peer => ({
	id,
	url: `http://node-${id}`,
	pid: Number(id),
	environment: 'test',
	startedAt: 0,
	state: 'up',
});

/** A node as far as presence is concerned, with one watcher and all it was told. */
export class PresenceNode {
	readonly id: NodeId;
	readonly relay: MemoryRelay;
	readonly presence: Presence;
	readonly exchange: PresenceExchange;
	/** `user before>after`, in order. */
	readonly told: string[] = [];
	/** What the watcher knows of each user from what it was told. */
	readonly known = new Map<string, ShownState>();

	constructor(world: PresenceWorld, id: NodeId, settleMs: number) {
		const { runtime, bus, living } = world;
		this.id = id;
		this.relay = bus.relay(id);
		this.presence = new Presence({ runtime, settleMs });
		const membership = { self: peerOf(id), nodes: living };
		const { relay, presence } = this;
		this.exchange = new PresenceExchange({ presence, relay, membership, runtime, subject: 'p' });
	}

	connect(userId: string, deviceId = 'phone', visible = true): PresenceConnection {
		const connection = { id: `socket-${++sockets}`, identity: { userId }, deviceId };
		this.presence.connected(connection, visible);
		return connection;
	}

	watch(...users: string[]): void {
		const answer = this.presence.watch(
			{
				connectionId: 'watcher',
				changed: (userId, before) => {
					const state = this.presence.state(userId)?.state;
					this.told.push(`${userId} ${before}>${state}`);
					if (state !== undefined) this.known.set(userId, state);
				},
			},
			users,
		);
		for (const { userId, state } of answer.ok ? answer.states : []) this.known.set(userId, state);
	}

	state(userId: string): ShownState | undefined {
		return this.presence.state(userId)?.state;
	}
}

/** Nodes that exchange presence over a relay that may be broken, in virtual time. */
export class PresenceWorld {
	readonly runtime = new VirtualRuntime();
	readonly bus = new MemoryBus({ runtime: this.runtime });
	/** Nodes with a lease. */
	readonly living = new Map<NodeId, Peer>();
	readonly nodes: PresenceNode[] = [];

	/** So many nodes that know each other. */
	static settled(count: number): PresenceWorld {
		const world = new PresenceWorld();
		for (let n = 1; n <= count; n++) world.join(String(n));
		world.pass(3_000);
		return world;
	}

	join(id: NodeId, settleMs = 0): PresenceNode {
		this.living.set(id, peerOf(id));
		const node = new PresenceNode(this, id, settleMs);
		this.nodes.push(node);
		return node;
	}

	/** The node ends orderly. */
	leave(node: PresenceNode): void {
		node.exchange.stop();
		node.presence.stop();
		this.nodes.splice(this.nodes.indexOf(node), 1);
		this.living.delete(node.id);
	}

	/** The process is gone; its lease too, a few seconds later. */
	kill(node: PresenceNode): void {
		node.relay.setConnected(false);
		node.exchange.stop();
		node.presence.stop();
		this.nodes.splice(this.nodes.indexOf(node), 1);
		this.runtime.after(4_000, () => this.living.delete(node.id));
	}

	pass(ms: number): void {
		this.runtime.advance(ms);
	}

	/** What all nodes show of a user; one word when they agree. */
	shown(userId: string): string {
		return [...new Set(this.nodes.map((node) => String(node.state(userId))))].join(' ');
	}
}

/** A world of so many nodes that know each other, and these. */
export function settledNodes(count: 2): [PresenceWorld, PresenceNode, PresenceNode];
export function settledNodes(count: 3): [PresenceWorld, PresenceNode, PresenceNode, PresenceNode];
export function settledNodes(count: number): unknown {
	const world = PresenceWorld.settled(count);
	return [world, ...world.nodes];
}
