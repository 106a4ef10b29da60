import {
	type MemoryDirectory,
	MemoryDirectoryStore,
} from '../../../src/adapters/memory/memory-directory.ts';
import { MemoryBus } from '../../../src/adapters/memory/memory-relay.ts';
import { pack } from '../../../src/protocol/codec.ts';
import type { ActorKey } from '../../../src/protocol/ids.ts';
import { VirtualRuntime } from '../../support/virtual-runtime.ts';
import type { Script } from '../script.ts';
import { type Backup, SimulatedDisk } from '../simulated-disk.ts';
import { type SimulatedNode, SOURCES } from '../simulated-node.ts';
import { Truth } from '../truth.ts';
import { ClusterClient } from './cluster-client.ts';
import { type ClusterFaults, drawClusterFaults, NO_CLUSTER_FAULTS } from './cluster-faults.ts';
import { ClusterNode } from './cluster-node.ts';
import { type ClusterSabotage, NO_CLUSTER_SABOTAGE } from './cluster-sabotages.ts';
import { RelayWays } from './relay-ways.ts';

const STEP_MS = 250;
/** Chance of a snapshot per step and node. */
const SNAPSHOT = 0.02;
/** How often a user looks at a device, per second. */
const WAKE = 0.1;
const ACT_EVERY_MS_MAX = 1_200;
/** A new directory lets nobody claim for the time of a lease. */
const QUIET_MS = 4_500;
const TROUBLE_MS = 28_000;
const HEAL_MAX_MS = 60_000;
/** Longer than any timer of a script, with the time that a sweep may take. */
const ALONE_MAX_MS = 130_000;
/** What comes twice comes within this time. */
const AFTERMATH_MS = 6_000;
/** A write without an answer is given up after this time. */
const STRAYED_MS = 800;
/** A node that does not end in this time is killed. */
const DRAIN_MAX_MS = 15_000;

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
	isDirectoryAway = false;
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

	/**
	 * A commit or wake row leaves a node: the moment at which trouble does most. Struck, it may stray,
	 * and meet whatever is there when it arrives.
	 */
	writes<T>(node: ClusterNode, run: () => Promise<T>): Promise<T> {
		const { clock, faults } = this;
		if (clock.random() >= faults.struck) return run();
		const strikes = [
			() => this.#pause(node.process),
			() => this.#pause(node.process),
			() => this.kill(node),
			() => this.#drain(node),
			() => this.#relayWays.cutOff(node.id),
			() => this.#takeDirectoryFrom(node),
		];
		clock.after(clock.random() * 8, strikes[this.draw(strikes.length)] ?? (() => {}));
		if (clock.random() < 0.4) return run();
		clock.after(clock.random() * faults.lateMaxMs, () => void run().catch(() => {}));
		const { process } = node;
		return new Promise((_, reject) => {
			clock.after(STRAYED_MS, () => process.enter(() => reject(new Error('it strayed'))));
		});
	}

	/** A service outside: takes its time, fails sometimes. */
	outside(process: SimulatedNode, id: string): Promise<unknown> {
		return new Promise((resolve, reject) => {
			const isLost = this.clock.random() < this.faults.lost;
			const done = () => (isLost ? reject(new Error('away')) : resolve({ ok: true, id }));
			this.clock.after(this.clock.random() * 1_000, () => process.enter(done));
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
			this.#breakAll();
			for (const node of [...this.#nodes]) this.#break(node);
			this.#checkOwners();
		}
	}

	#happens(perSecond: number): boolean {
		return this.clock.random() < perSecond * (STEP_MS / 1_000);
	}

	/** Short for the most part, but sometimes longer than any lease. */
	#after(run: () => void): void {
		const { clock } = this;
		const chance = clock.random();
		clock.after(clock.random() < 0.5 ? chance ** 2 * 6_000 : 4_000 + chance * 8_000, run);
	}

	/** What breaks for all, or for clients. */
	#breakAll(): void {
		for (const client of this.#clients) {
			if (this.#happens(this.faults.cut)) client.cut(this.clock.random() < 0.7);
			if (this.#happens(WAKE)) client.wake();
		}
		const { directoryAwayPerSecond, directoryFlushedPerSecond, linkCutPerSecond } = this.faults;
		if (this.#happens(directoryAwayPerSecond)) {
			this.isDirectoryAway = true;
			this.#after(() => {
				this.isDirectoryAway = false;
			});
		}
		if (this.#happens(directoryFlushedPerSecond)) this.#directoryStore.flush();
		const [one, other] = this.#nodes;
		if (one && other && this.#happens(linkCutPerSecond)) this.#relayWays.cutLink(one.id, other.id);
	}

	/** What breaks for one node. */
	#break(node: ClusterNode): void {
		const { faults } = this;
		const { process, relay } = node;
		if (this.#happens(faults.pause)) this.#pause(process);
		if (this.#happens(faults.cutOffPerSecond)) this.#relayWays.cutOff(node.id);
		if (this.#happens(faults.unpluggedPerSecond)) {
			relay.setConnected(false);
			this.#after(() => relay.setConnected(true));
		}
		if (this.#happens(faults.directoryAwayForOnePerSecond)) this.#takeDirectoryFrom(node);
		if (this.#happens(faults.close)) this.#drain(node);
		if (this.clock.random() < SNAPSHOT) this.#snapshot(node);
		if (this.#happens(faults.crash)) this.kill(node);
	}

	#pause(process: SimulatedNode): void {
		const { asleep, frozen } = this.faults;
		const chance = this.clock.random();
		const isFrozen = chance < frozen;
		process.pause(isFrozen ? 'frozen' : chance < frozen + asleep ? 'asleep' : 'paused');
		const order = [...SOURCES].sort(() => this.clock.random() - 0.5);
		const isAsItCame = this.clock.random() < 0.3;
		this.#after(() => process.resume(isAsItCame ? undefined : order, this.draw(6)));
		if (!isFrozen) return;
		// Some time later somebody sets the clock.
		this.#after(() => {
			if (!process.isPaused) process.wallOffMs = 0;
		});
	}

	#takeDirectoryFrom({ directory }: ClusterNode): void {
		directory.isAway = true;
		this.#after(() => {
			directory.isAway = false;
		});
	}

	#drain(node: ClusterNode): void {
		if (node.process.isPaused || !node.isReady) return;
		void node.drain();
		this.clock.after(DRAIN_MAX_MS, () => this.kill(node));
	}

	/** Snapshots an actor of a node, which would do so only behind many more events. */
	#snapshot({ process, actors }: ClusterNode): void {
		const key = [...(actors?.hosts.keys() ?? [])][0];
		if (key === undefined || process.isPaused) return;
		const { kind } = this.script;
		void actors
			?.inspect(key, (_, actor) => {
				const { commit, position, at, history } = actor;
				const envelope = { version: 1, commit, position, at, boundaries: history.boundaries };
				return { commit, position, parts: [envelope, ...kind.cut(actor.state)].map(pack) };
			})
			.then((cut) => cut && this.disk.putSnapshot(key, cut));
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
				({ placement, membership }) => placement.owns(key) && membership.mayServe(),
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
		this.isDirectoryAway = false;
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
