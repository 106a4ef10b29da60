import type { MemoryRelay } from '../../../src/adapters/memory/memory-relay.ts';
import { type ActorsAmongNodes, ClusterMember } from '../../../src/cluster/cluster-member.ts';
import type { NodeId } from '../../../src/cluster/directory.ts';
import type { ActorPort } from '../../../src/core/actor-port.ts';
import { ActorSystem } from '../../../src/core/actor-system.ts';
import type { Journal } from '../../../src/core/journal.ts';
import type { Log } from '../../../src/core/log.ts';
import { NO_METER } from '../../../src/core/meter.ts';
import type { ClientSocket } from '../../../src/gateway/client-socket.ts';
import { createGateway, type Gateway } from '../../../src/gateway/gateway.ts';
import type { Authenticator } from '../../../src/gateway/ports.ts';
import { hooked } from '../../support/hooked.ts';
import { FaultyWay } from '../faults.ts';
import { SimulatedNode } from '../simulated-node.ts';
import type { ClusterWorld } from './cluster-world.ts';
import { DirectoryWay } from './directory-way.ts';
import { heldRelay, SUBJECTS } from './relay-ways.ts';
import { WatchedEdge, WatchedOwner } from './watched-actors.ts';

/** What no fault explains: an exception where none is expected. */
const BUGS = [
	'a message of another node could not be taken',
	'a relay listener failed',
	'a listener threw',
	'a settled commit threw',
	'a look threw',
	'a hello was not taken',
	'a frame was not taken',
	'a call to an owner threw',
];
const NOTICE_MS = 1_500;
const CLOSE_SOCKETS_MS = 2_000;

/** The token is the name. */
const authenticator: Authenticator = {
	verify: (userId) => Promise.resolve({ ok: true, identity: { userId, roles: ['user'] } }),
	onRevoked: () => () => {},
};

/** One node of production, its parts put together as in `node-parts.ts`, in virtual time. */
export class ClusterNode {
	readonly id: NodeId;
	readonly process: SimulatedNode;
	readonly relay: MemoryRelay;
	readonly directory: DirectoryWay;
	readonly member: ClusterMember;
	readonly #world: ClusterWorld;
	readonly #log: Log;
	#phase: 'joining' | 'up' | 'draining' = 'joining';
	#isOverloaded = false;
	#actors: ActorSystem | undefined;
	#gateway: Gateway | undefined;

	constructor(world: ClusterWorld, id: NodeId) {
		const { clock, sabotage } = world;
		this.#world = world;
		this.id = id;
		this.process = new SimulatedNode(`node ${id}`, clock);
		this.relay = world.bus.relay(id);
		this.directory = new DirectoryWay({
			clock,
			process: this.process,
			faults: () => world.faults,
			isAway: () => world.isDirectoryAway,
		});
		this.#log = this.#makeLog();
		const directory = this.directory.directory(world.directory);
		const relay = heldRelay(this.relay, this.process);
		this.member = new ClusterMember({
			self: { id, url: `ws://${id}`, pid: Number(id), environment: 'simulation', startedAt: 0 },
			directory,
			relay: sabotage.relay?.(relay) ?? relay,
			subjects: SUBJECTS,
			contracts: [world.script.kind.contract],
			runtime: this.process,
			log: this.#log,
			load: () => this.#load(),
		});
		this.member.join().then(
			() => this.#begin(),
			() => world.kill(this),
		);
	}

	/** Whether new sockets are sent here, as far as anybody knows. */
	get isReady(): boolean {
		return !this.process.isDead && this.#phase === 'up';
	}

	get isDraining(): boolean {
		return this.#phase === 'draining';
	}

	get actors(): ActorSystem | undefined {
		return this.#actors;
	}

	accept(socket: ClientSocket): boolean {
		if (!this.isReady) return false;
		this.#gateway?.accept(socket, 'local');
		return true;
	}

	/** Ends in order, as a node does on SIGTERM. */
	async drain(): Promise<void> {
		const { process } = this;
		if (this.#phase !== 'up') return;
		this.#phase = 'draining';
		const noticed = new Promise<void>((resolve) => process.after(NOTICE_MS, resolve));
		await Promise.all([this.member.handOver(), noticed]);
		await this.#gateway?.close({ reason: 'drain', withinMs: CLOSE_SOCKETS_MS });
		await this.#actors?.close();
		await this.member.leave();
		this.#world.kill(this);
	}

	#begin(): void {
		const { script, faults, draw } = this.#world;
		const { process } = this;
		const log = this.#log;
		const { journal, store, way } = this.#storage();
		const { contract } = script.kind;
		const actors = new ActorSystem({
			kinds: [script.kind],
			journal,
			store,
			runtime: process,
			log,
			intents: { outside: (id) => way.outside(id) },
			// Bounds that are met now and then.
			idleMs: draw(2) === 0 ? 2_000 : 300_000,
			limits: draw(4) === 0 ? { mailboxLengthMax: 3, turnCommandsMax: 2 } : {},
			...this.#amongNodes(journal),
		});
		this.#actors = actors;
		this.#gateway = createGateway({
			node: this.id,
			authenticator,
			actors: this.#watched(this.member.take(actors)),
			contracts: [contract],
			originAllowed: () => true,
			runtime: process,
			log,
			meter: NO_METER,
			limits: {
				...(draw(2) === 0 && { lingerMs: 1_000 }),
				...(draw(4) === 0 && { ringEventsMax: 4 }),
			},
		});
		actors.observe({
			activated: (key) => {
				const writer = actors.hosts.get(key)?.writer;
				if (writer !== undefined) this.#world.truth.of(key).serves(writer);
				this.#gateway?.announce(key);
			},
		});
		this.#isOverloaded = this.#world.clock.random() < faults.overloaded;
		this.#phase = 'up';
	}

	#storage() {
		const { clock, disk, sabotage, trouble } = this.#world;
		const way = new FaultyWay(clock, this.process, () => this.#world.faults);
		const journal = hooked(way.journal(sabotage.disk?.(disk.journal) ?? disk.journal), {
			append: (run) => trouble.strike(this, run),
			setWake: (run) => trouble.strike(this, run),
		});
		const store = way.store(disk.store);
		return {
			way,
			journal: sabotage.journal?.(journal) ?? journal,
			store: sabotage.store?.(store) ?? store,
		};
	}

	#amongNodes(journal: Journal): ActorsAmongNodes {
		const { script, truth, sabotage } = this.#world;
		const { membership } = this.member;
		const { actors, ...may } = this.member.actorOptions({
			journal,
			membership: sabotage.membership?.(membership) ?? membership,
		});
		const name = `owner ${this.id}`;
		return {
			...may,
			actors: (local) =>
				actors?.(new WatchedOwner({ actors: local, script, truth, name })) ?? local,
		};
	}

	#watched(actors: ActorPort): ActorPort {
		const { script, truth, sabotage, mayBeStale } = this.#world;
		const { resume } = sabotage;
		const name = `edge ${this.id}`;
		return new WatchedEdge({ actors, script, truth, name, resume, mayBeStale });
	}

	#load() {
		const actors = this.#actors?.hosts.size ?? 0;
		return { sockets: 0, actors, loopDelayMs: 1, overloaded: this.#isOverloaded };
	}

	#makeLog(): Log {
		const nothing = () => {};
		return {
			debug: nothing,
			info: nothing,
			warn: nothing,
			error: (fields, message) => {
				if (!BUGS.includes(message)) return;
				const { err } = fields as { err?: Error };
				this.#world.truth.complain(`${this.id}: ${message}: ${err?.stack}`);
			},
		};
	}
}
