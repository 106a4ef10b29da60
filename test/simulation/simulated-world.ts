import { ActorSystem } from '../../src/core/actor-system.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';
import { drawFaults, type Faults, FaultyWay, NO_FAULTS } from './faults.ts';
import { NO_SABOTAGE, type Sabotage } from './sabotages.ts';
import type { Script } from './script.ts';
import { SimulatedClient } from './simulated-client.ts';
import { type Backup, SimulatedDisk } from './simulated-disk.ts';
import { SimulatedNode } from './simulated-node.ts';
import { Truth } from './truth.ts';

interface Node {
	readonly process: SimulatedNode;
	readonly system: ActorSystem;
	isClosing: boolean;
}

const STEP_MS = 250;
/** Chance of a snapshot per step and node. */
const SNAPSHOT = 0.02;
const ACTS_MAX = 12;
const TROUBLE_MS = 12_000;
const HEAL_MAX_MS = 90_000;
/** Longer than any timer of a script, with the time that a sweep may take. */
const ALONE_MS = 125_000;

/**
 * One run: nodes with the actor system of production on shared data, clients that do what a script
 * draws, and trouble; then everything heals and everybody has to be content; then all nodes die, and
 * one that nobody visits has to do the work that is left.
 */
export class SimulatedWorld {
	readonly clock: VirtualRuntime;
	readonly script: Script;
	readonly sabotage: Sabotage;
	readonly truth: Truth;
	#faults: Faults;
	#disk: SimulatedDisk;
	#nodes: Node[] = [];
	#clients: SimulatedClient[] = [];
	#backup: Backup | undefined;
	#born = 0;
	/** Nothing breaks any more, and no node is started in another's place. */
	#isHealing = false;

	constructor(seed: number, script: Script, sabotage: Sabotage = NO_SABOTAGE) {
		this.clock = new VirtualRuntime({ seed });
		this.script = script;
		this.sabotage = sabotage;
		this.truth = new Truth([script.kind]);
		this.#faults = drawFaults(this.clock);
		this.#disk = this.#makeDisk();
	}

	/** A whole number below `below`. */
	draw(below: number): number {
		return Math.floor(this.clock.random() * below);
	}

	/** Any living node: nothing keeps two from owning one actor but the journal. */
	pickNode(): Node | undefined {
		const living = this.#nodes.filter(({ process }) => !process.isDead);
		return living[this.draw(living.length)];
	}

	/** Runs to the end, or to what should not be; answers with that. */
	async run(): Promise<readonly string[]> {
		for (let n = 0; n < 2 + this.draw(2); n++) this.#nodes.push(this.#start());
		for (let n = 0; n < 3 + this.draw(3); n++) this.#clients.push(this.#client(n));
		await this.#trouble();
		if (this.#isSound && this.clock.random() < 0.7) await this.#heal();
		if (this.#isSound) await this.#alone();
		return this.truth.violations;
	}

	get #isSound(): boolean {
		return this.truth.violations.length === 0;
	}

	#makeDisk(backup?: Backup): SimulatedDisk {
		const disk = new SimulatedDisk(this.script.kind, {
			backup,
			landed: (record) => {
				if (disk === this.#disk) this.truth.of(record.actor).landed(record);
			},
		});
		return disk;
	}

	#start(): Node {
		const { clock, sabotage } = this;
		const process = new SimulatedNode(`node ${++this.#born}`, clock);
		const way = new FaultyWay(clock, process, () => this.#faults);
		const disk = sabotage.disk?.(this.#disk.journal) ?? this.#disk.journal;
		const journal = way.journal(disk);
		const store = way.store(this.#disk.store);
		const system = new ActorSystem({
			kinds: [this.script.kind],
			journal: sabotage.journal?.(journal) ?? journal,
			store: sabotage.store?.(store) ?? store,
			runtime: process,
			intents: { outside: (id) => way.outside(id) },
			idleMs: this.draw(2) === 0 ? 2_000 : 300_000,
		});
		return { process, system, isClosing: false };
	}

	#client(n: number): SimulatedClient {
		const { keys } = this.script;
		const key = keys[n % keys.length] as ActorKey;
		return new SimulatedClient(this, { userId: `u${n}`, key, acts: 2 + this.draw(ACTS_MAX) });
	}

	async #trouble(): Promise<void> {
		const steps = TROUBLE_MS / STEP_MS;
		const backupAt = this.draw(steps / 2);
		const restoreAt = backupAt + 4 + this.draw(steps / 2 - 4);
		for (let step = 0; step < steps && this.#isSound; step++) {
			await this.clock.advance(STEP_MS);
			if (this.#faults.restore && step === backupAt) this.#backup = this.#disk.backup();
			if (this.#faults.restore && step === restoreAt) this.#restore();
			for (const node of [...this.#nodes]) this.#trouble1(node);
			for (const client of this.#clients) if (this.#happens('cut')) client.cut();
		}
	}

	#happens(fault: 'cut' | 'pause' | 'crash' | 'close'): boolean {
		return this.clock.random() < this.#faults[fault] * (STEP_MS / 1_000);
	}

	#trouble1(node: Node): void {
		const { process, system } = node;
		if (process.isDead) return;
		if (this.#happens('pause')) {
			process.pause();
			this.clock.after(this.clock.random() ** 2 * 12_000, () => process.resume());
		}
		if (this.#happens('close') && !process.isPaused) {
			node.isClosing = true;
			void system.close();
			this.clock.after(1_000 + this.clock.random() * 2_000, () => this.#kill(process));
		}
		if (this.clock.random() < SNAPSHOT && !process.isPaused) void this.#disk.snapshotOne(system);
		if (this.#happens('crash')) this.#kill(process);
	}

	/** As by `kill -9`: not another step; what is on its way to the data may arrive. */
	#kill(process: SimulatedNode): void {
		if (process.isDead) return;
		process.kill();
		this.clock.after(this.clock.random() * 2_000, () => {
			if (this.#isHealing) return;
			this.#nodes = this.#nodes.filter((node) => node.process !== process);
			this.#nodes.push(this.#start());
		});
	}

	/** The journal of an earlier time, on which new nodes go on. */
	#restore(): void {
		for (const client of this.#clients) client.cut();
		for (const { process } of this.#nodes) this.#kill(process);
		this.#disk = this.#makeDisk(this.#backup);
		this.truth.restart(this.#disk.records());
	}

	/** One node is left; every client comes to it and writes once more, so that no stale owner stays. */
	async #heal(): Promise<void> {
		this.#faults = NO_FAULTS;
		this.#isHealing = true;
		const left =
			this.#nodes.find((node) => !node.process.isDead && !node.isClosing) ?? this.#start();
		for (const { process } of this.#nodes) if (process !== left.process) process.kill();
		this.#nodes = [left];
		left.process.resume();
		for (const client of this.#clients) client.writeLast();
		for (let waited = 0; waited < HEAL_MAX_MS && this.#isSound; waited += STEP_MS) {
			if (this.#clients.every(({ isContent }) => isContent)) break;
			await this.clock.advance(STEP_MS);
		}
		for (const client of this.#clients) {
			if (!client.isContent) this.truth.complain(`never content: ${client.plight}`);
			else client.check();
		}
	}

	/** Nobody asks for anything any more: what is left is done all the same, and once. */
	async #alone(): Promise<void> {
		this.#faults = NO_FAULTS;
		this.#isHealing = true;
		for (const client of this.#clients) client.leave();
		for (const { process } of this.#nodes) process.kill();
		this.#nodes = [this.#start()];
		await this.clock.advance(ALONE_MS);
		for (const actor of this.truth.actors) {
			for (const left of this.script.workLeft(actor, this.truth)) {
				this.truth.complain(`${actor.key}: ${left}`);
			}
		}
	}
}
