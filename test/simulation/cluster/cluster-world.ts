import {
	type MemoryDirectory,
	MemoryDirectoryStore,
} from '../../../src/adapters/memory/memory-directory.ts';
import { MemoryBus } from '../../../src/adapters/memory/memory-relay.ts';
import type { ActorSystem } from '../../../src/core/actor-system.ts';
import type { ActorKey } from '../../../src/protocol/ids.ts';
import { VirtualRuntime } from '../../support/virtual-runtime.ts';
import type { Script } from '../script.ts';
import { type Backup, SimulatedDisk } from '../simulated-disk.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import { Truth } from '../truth.ts';
import { ClusterClient } from './cluster-client.ts';
import { type ClusterFaults, drawClusterFaults, NO_CLUSTER_FAULTS } from './cluster-faults.ts';
import { ClusterNode } from './cluster-node.ts';
import { type ClusterSabotage, NO_CLUSTER_SABOTAGE } from './cluster-sabotages.ts';
import { ClusterTrouble, STEP_MS } from './cluster-trouble.ts';
import { RelayWays } from './relay-ways.ts';

/** Chance of a snapshot per step and node. */
const SNAPSHOT = 0.02;
const ACT_EVERY_MS_MAX = 1_200;
/** A new directory lets nobody claim for the time of a lease. */
const QUIET_MS = 4_500;
const TROUBLE_MS = 28_000;
const HEAL_MAX_MS = 30_000;
/** Longer than any timer of a script, with the time that a sweep may take. */
const ALONE_MAX_MS = 130_000;
/** What comes twice comes within this time. */
const AFTERMATH_MS = 6_000;

/**
 * One run of a cluster: nodes of production on shared data, devices with the SDK, and trouble; then
 * everything heals and everybody has to be content; then all nodes die, and one that nobody visits has
 * to do the work that is left.
 */
export class ClusterWorld {
	readonly clock: VirtualRuntime;
	readonly script: Script;
	readonly sabotage: ClusterSabotage;
	readonly truth: Truth;
	readonly bus: MemoryBus;
	readonly directory: MemoryDirectory;
	readonly trouble: ClusterTrouble;
	faults: ClusterFaults;
	disk: SimulatedDisk;
	readonly #drawn: ClusterFaults;
	readonly #directoryStore: MemoryDirectoryStore;
	readonly #relayWays: RelayWays;
	readonly #clients: ClusterClient[] = [];
	#nodes: ClusterNode[] = [];
	#backup: Backup | undefined;
	#born = 0;
	/** Nothing breaks any more, and no node is started in another's place. */
	#isHealing = false;

	constructor(seed: number, script: Script, sabotage = NO_CLUSTER_SABOTAGE) {
		this.clock = new VirtualRuntime({ seed });
		this.script = script;
		this.sabotage = sabotage;
		this.truth = new Truth([script.kind]);
		this.#drawn = { ...drawClusterFaults(this.clock), ...sabotage.faults };
		this.faults = this.#drawn;
		this.disk = this.#makeDisk();
		this.#directoryStore = new MemoryDirectoryStore(this.clock);
		const directory = this.#directoryStore.connect(this.clock);
		this.directory = sabotage.directory?.(directory) ?? directory;
		this.bus = new MemoryBus({ runtime: this.clock });
		this.#relayWays = new RelayWays(this.clock, () => this.faults);
		this.bus.faults = (passage) => this.#relayWays.pass(passage);
		this.trouble = new ClusterTrouble({
			clock: this.clock,
			faults: () => this.faults,
			directory: this.#directoryStore,
			relayWays: this.#relayWays,
			kill: (node) => this.kill(node),
		});
	}

	get isDirectoryAway(): boolean {
		return this.#directoryStore.isAway;
	}

	/** A whole number below `below`. */
	readonly draw = (below: number): number => Math.floor(this.clock.random() * below);

	/** Where a load balancer sends a new socket. */
	pickNode(): ClusterNode | undefined {
		const ready = this.#nodes.filter(({ isReady }) => isReady);
		return ready[this.draw(ready.length)];
	}

	/** As by `kill -9`: not another step; what is on its way to the data may arrive. */
	kill(node: ClusterNode): void {
		const { process, relay } = node;
		if (process.isDead) return;
		process.kill();
		void relay.close();
		const isNoticed = this.clock.random() < 0.8;
		for (const client of this.#clients) client.nodeDied(process, isNoticed);
		this.#nodes = this.#nodes.filter((one) => one !== node);
		this.clock.after(this.clock.random() * 2_000, () => {
			if (!this.#isHealing) this.#start();
		});
	}

	/** Runs to the end, or to what should not be; answers with that. */
	async run(): Promise<readonly string[]> {
		for (let n = 0; n < 2 + this.draw(2); n++) this.#start();
		for (let n = 0; n < 2 + this.draw(3); n++) this.#clients.push(this.#client(n));
		if (!this.faults.fromTheStart) await this.#quiet();
		await this.#trouble();
		if (this.#isSound) await this.#heal();
		if (this.#isSound) await this.#alone();
		return this.truth.violations;
	}

	/** Leases stand on clocks; where these stand still, only what the journal promises is left. */
	get mayBeStale(): boolean {
		return this.#drawn.frozen > 0 || this.sabotage.mayBeStale === true;
	}

	get #isSound(): boolean {
		return this.truth.violations.length === 0;
	}

	#makeDisk(backup?: Backup): SimulatedDisk {
		const disk = new SimulatedDisk(this.script.kind, {
			backup,
			landed: (record) => {
				if (disk === this.disk) this.truth.of(record.actor).landed(record);
			},
		});
		return disk;
	}

	#start(): void {
		const node = new ClusterNode(this, String(++this.#born));
		node.process.wallOffMs = Math.floor((this.clock.random() - 0.5) * 2 * this.faults.clockOffMs);
		this.#nodes.push(node);
	}

	#client(n: number): ClusterClient {
		const { keys } = this.script;
		const key = keys[n % keys.length] as ActorKey;
		const everyMs = 200 + this.draw(ACT_EVERY_MS_MAX);
		return new ClusterClient(this, { userId: `u${n}`, key, everyMs });
	}

	/** The first nodes come up before trouble begins. */
	async #quiet(): Promise<void> {
		this.faults = { ...NO_CLUSTER_FAULTS, clockOffMs: this.#drawn.clockOffMs };
		await this.clock.advance(QUIET_MS);
		this.faults = this.#drawn;
	}

	async #trouble(): Promise<void> {
		const steps = TROUBLE_MS / STEP_MS;
		const backupAt = this.draw(steps / 2);
		const restoreAt = backupAt + 4 + this.draw(steps / 2 - 4);
		for (let step = 0; step < steps && this.#isSound; step++) {
			await this.clock.advance(STEP_MS);
			if (this.faults.restore && step === backupAt) this.#backup = this.disk.backup();
			if (this.faults.restore && step === restoreAt) this.#restore();
			this.trouble.step(this.#nodes, this.#clients);
			for (const { actors, process } of this.#nodes) this.#snapshot(process, actors);
			this.#checkOwners();
		}
	}

	#snapshot(process: SimulatedNode, actors: ActorSystem | undefined): void {
		const isDue = this.clock.random() < SNAPSHOT && !process.isPaused;
		if (isDue && actors !== undefined) void this.disk.snapshotOne(actors);
	}

	/** The journal of an earlier time, on which new nodes go on. */
	#restore(): void {
		for (const client of this.#clients) client.cut();
		for (const node of [...this.#nodes]) this.kill(node);
		this.disk = this.#makeDisk(this.#backup);
		this.truth.restart(this.disk.records());
	}

	/** Never do two nodes answer for one actor, as long as their clocks can be believed. */
	#checkOwners(): void {
		if (this.mayBeStale) return;
		for (const key of this.script.keys) {
			const owners = this.#nodes.filter(
				({ member: { placement, membership } }) => placement.owns(key) && membership.mayServe(),
			);
			if (owners.length < 2) continue;
			const names = owners.map(({ id }) => id).join(' and ');
			this.truth.complain(`${key}: ${names} own it`);
		}
	}

	/** Nothing is broken any more; every client comes back, writes once more, and sees what is true. */
	async #heal(): Promise<void> {
		this.#mend();
		if (!this.#nodes.some(({ isDraining }) => !isDraining)) this.#start();
		for (const client of this.#clients) client.writeLast();
		for (let waited = 0; waited < HEAL_MAX_MS && this.#isSound; waited += STEP_MS) {
			if (this.#clients.every(({ isContent }) => isContent)) break;
			await this.clock.advance(STEP_MS);
			if (waited % 2_000 === 0) for (const client of this.#clients) client.wake();
			this.#checkOwners();
		}
		for (const client of this.#clients) {
			if (!client.isContent) this.truth.complain(`never content: ${client.plight}`);
		}
	}

	#mend(): void {
		this.faults = NO_CLUSTER_FAULTS;
		this.#isHealing = true;
		this.#directoryStore.isAway = false;
		this.#relayWays.heal();
		for (const { process, relay, directory } of this.#nodes) {
			process.resume();
			process.wallOffMs = 0;
			relay.setConnected(true);
			directory.isAway = false;
		}
	}

	/** Nobody asks for anything any more: what is left is done all the same, and once. */
	async #alone(): Promise<void> {
		for (const client of this.#clients) client.leave();
		for (const node of [...this.#nodes]) this.kill(node);
		this.#start();
		for (let waited = 0; waited < ALONE_MAX_MS && this.#workLeft().length > 0; waited += 1_000) {
			await this.clock.advance(1_000);
		}
		await this.clock.advance(AFTERMATH_MS);
		for (const left of this.#workLeft()) this.truth.complain(left);
	}

	#workLeft(): readonly string[] {
		const { script, truth } = this;
		return [...truth.actors].flatMap((actor) =>
			script.workLeft(actor, truth).map((left) => `${actor.key}: ${left}`),
		);
	}
}
