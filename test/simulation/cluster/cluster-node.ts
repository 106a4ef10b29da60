import type { MemoryRelay } from '../../../src/adapters/memory/memory-relay.ts';
import { clusterActors } from '../../../src/cluster/cluster-actors.ts';
import type { NodeId } from '../../../src/cluster/directory.ts';
import { DirectoryPlacement } from '../../../src/cluster/directory-placement.ts';
import { LeaseMembership } from '../../../src/cluster/lease-membership.ts';
import { RelayLinks } from '../../../src/cluster/links.ts';
import { Ownership } from '../../../src/cluster/ownership.ts';
import { Switchboard } from '../../../src/cluster/switchboard.ts';
import type { ActorPort } from '../../../src/core/actor-port.ts';
import { ActorSystem } from '../../../src/core/actor-system.ts';
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
import { heldRelay, LINKS } from './relay-ways.ts';
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

/** One node of production, put together as `cluster-node.ts` and `node-parts.ts` do, in virtual time. */
export class ClusterNode {
	readonly id: NodeId;
	readonly process: SimulatedNode;
	readonly relay: MemoryRelay;
	readonly directory: DirectoryWay;
	readonly membership: LeaseMembership;
	readonly placement: DirectoryPlacement;
	readonly links: RelayLinks;
	readonly #world: ClusterWorld;
	readonly #switchboard: Switchboard;
	readonly #log: Log;
	#phase: 'joining' | 'up' | 'draining' = 'joining';
	#isOverloaded = false;
	#actors: ActorSystem | undefined;
	#ownership: Ownership | undefined;
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
		const common = { relay, runtime: this.process, log: this.#log };
		this.membership = new LeaseMembership({
			...common,
			self: { id, url: `ws://${id}`, pid: Number(id), environment: 'simulation', startedAt: 0 },
			directory,
			subject: 'nodes',
			load: () => this.#load(),
		});
		const { membership, process: runtime } = this;
		this.placement = new DirectoryPlacement({ membership, directory, runtime, log: this.#log });
		this.links = new RelayLinks({
			...common,
			relay: sabotage.relay?.(relay) ?? relay,
			self: id,
			subjectPrefix: LINKS,
		});
		membership.onChange(({ gone }) => {
			for (const node of gone) this.links.forget(node);
		});
		this.#switchboard = new Switchboard(this.links, this.#log);
		membership.join().then(
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
		this.membership.drain();
		const noticed = new Promise<void>((resolve) => process.after(NOTICE_MS, resolve));
		await Promise.all([this.#ownership?.handOver(), noticed]);
		await this.#gateway?.close({ reason: 'drain', withinMs: CLOSE_SOCKETS_MS });
		await this.#actors?.close();
		this.#ownership?.stop();
		await this.membership.leave();
		this.placement.stop();
		this.links.close();
		this.#world.kill(this);
	}

	#begin(): void {
		const { script, faults, draw } = this.#world;
		const { process, placement, membership } = this;
		const log = this.#log;
		const { journal, store, way } = this.#storage();
		const { contract } = script.kind;
		let everywhere: ActorPort | undefined;
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
			mayActivate: (key) => this.#ownership?.mayActivate(key) === true,
			mayWake: async (key) => (await this.#ownership?.mayWake(key)) === true,
			actors: (local) => {
				everywhere = this.#clusterActors(local, journal);
				return everywhere;
			},
		});
		this.#actors = actors;
		const kinds = new Set([contract.kind]);
		const around = { placement, membership, kinds, runtime: process, log };
		this.#ownership = new Ownership({ actors, ...around });
		this.#gateway = createGateway({
			node: this.id,
			authenticator,
			actors: this.#watched(everywhere ?? actors),
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

	#clusterActors(local: ActorPort, journal: Parameters<typeof clusterActors>[0]['journal']) {
		const { script, truth, sabotage } = this.#world;
		const { membership, placement } = this;
		return clusterActors({
			local: new WatchedOwner({ actors: local, script, truth, name: `owner ${this.id}` }),
			contracts: [script.kind.contract],
			journal,
			membership: sabotage.membership?.(membership) ?? membership,
			placement,
			switchboard: this.#switchboard,
			log: this.#log,
		});
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
