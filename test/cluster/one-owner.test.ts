import { describe, expect, test } from 'vitest';
import type { ActorKey } from '../../src/protocol/ids.ts';
import { seeded } from '../support/seeded.ts';
import { type TestNode, TestNodes } from './test-nodes.ts';

const SEEDS = 40;
const STEPS = 50;
const LOOK_MS = 40;
const HEALED_MS = 15_000;
const KEYS: readonly ActorKey[] = ['channel/a', 'channel/b', 'channel/c'];

/** A run in which everything breaks that may, by one seed. */
class Ordeal {
	readonly #chance: () => number;
	readonly #world: TestNodes;
	readonly #nodes: TestNode[];
	readonly #paused = new Set<TestNode>();
	/** Claims that were answered with this node, over all. */
	claimed = 0;

	constructor(seed: number, world: TestNodes, nodes: TestNode[]) {
		this.#chance = seeded(seed);
		this.#world = world;
		this.#nodes = nodes;
		world.bus.faults = () => [1 + this.#chance() * 500];
	}

	async run(): Promise<void> {
		for (let step = 0; step < STEPS; step++) {
			this.#break();
			for (const node of this.#nodes) this.#use(node);
			await this.#pass(this.#chance() * 2_000);
		}
		this.#heal();
		await this.#pass(HEALED_MS);
	}

	/** How many may answer for the key now. */
	servers(key: ActorKey): string[] {
		return this.#nodes
			.filter(({ membership, placement }) => placement.owns(key) && membership.mayServe())
			.map(({ id }) => id);
	}

	async #pass(ms: number): Promise<void> {
		for (let left = ms; left > 0; left -= LOOK_MS) {
			await this.#world.pass(Math.min(left, LOOK_MS));
			for (const key of KEYS) expect(this.servers(key).length).toBeLessThanOrEqual(1);
		}
	}

	#use({ placement }: TestNode): void {
		const key = this.#one(KEYS);
		if (this.#chance() < 0.2) placement.release(key);
		const options = { handedOver: this.#chance() < 0.5 };
		void placement.claim(key, options).then((owner) => {
			if (owner !== undefined) this.claimed++;
		});
	}

	#break(): void {
		const node = this.#one(this.#nodes);
		const { directory } = this.#world;
		const faults: readonly (() => void)[] = [
			() => {
				directory.isAway = !directory.isAway;
			},
			() => {
				node.directory.isAway = !node.directory.isAway;
			},
			() => {
				directory.delayMs = this.#chance() < 0.7 ? 0 : this.#chance() * 1_500;
			},
			() => directory.flush(),
			() => node.relay.setConnected(!node.relay.connected),
			() => this.#pauseOrResume(node),
			() => this.#heal(),
			() => {},
		];
		this.#one(faults)();
	}

	#pauseOrResume(node: TestNode): void {
		if (this.#paused.delete(node)) node.runtime.resume();
		else {
			this.#paused.add(node);
			node.runtime.pause();
		}
	}

	#heal(): void {
		this.#world.directory.isAway = false;
		this.#world.directory.delayMs = 0;
		for (const node of this.#nodes) {
			node.directory.isAway = false;
			node.relay.setConnected(true);
			if (this.#paused.has(node)) this.#pauseOrResume(node);
		}
	}

	#one<T>(of: readonly T[]): T {
		return of[Math.floor(this.#chance() * of.length)] as T;
	}
}

describe('whatever breaks', () => {
	test('[P22] never do two nodes answer for one actor, and all is well when all is healed', async () => {
		let claimed = 0;
		for (let seed = 1; seed <= SEEDS; seed++) {
			const { world, nodes } = await TestNodes.settled(3);
			const ordeal = new Ordeal(seed, world, nodes);
			try {
				await ordeal.run();
				for (const key of KEYS) {
					const owners = new Set(await world.claims(nodes, key));
					expect([...owners]).toEqual(ordeal.servers(key));
				}
				claimed += ordeal.claimed;
			} catch (cause) {
				throw new Error(`seed ${seed}`, { cause });
			}
		}
		// Much of it went well, so there was something to go wrong.
		expect(claimed / SEEDS).toBeGreaterThan(15);
	}, 60_000);
});
