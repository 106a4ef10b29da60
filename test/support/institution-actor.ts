import { expect } from 'vitest';
import { institutionKind } from '../../actors/institution/institution-kind.ts';
import { circuitOf } from '../../actors/institution/standing.ts';
import type { InstitutionRules } from '../../src/protocol/institution.ts';
import {
	type Gate,
	type PermitRequest,
	type Permits,
	type ReportedCell,
	SLICE_MS,
} from '../../src/protocol/institution-nodes.ts';
import { PureActor, person } from './pure-actor.ts';

export const RULES: InstitutionRules = {
	name: 'Bank A',
	industry: 'bank',
	ratePerSecond: 100,
	routes: 2,
	breaker: {
		failureRate: 0.5,
		callsMin: 20,
		goodMs: 60_000,
		stepMs: 15_000,
		expectedMs: 300_000,
	},
};

export const OPS = person('root', { roles: ['ops'] });
const nodeCaller = (node: string) => person(node, { roles: ['system'] });

type Kind = 'ok' | 'failed' | 'slow' | 'throttled';
const KINDS: readonly Kind[] = ['ok', 'failed', 'slow', 'throttled'];

export const TEN = Array.from({ length: 10 }, (_, index) => String(index + 1));

/** The same calls of each of the nodes. */
export const each = (nodes: readonly string[], calls: object) =>
	Object.fromEntries(nodes.map((node) => [node, calls]));

/** An open circuit whose nodes go on reporting. */
export async function openedBank(nodes = TEN): Promise<BankWorld> {
	const world = await new BankWorld().begin();
	await world.run(3, each(nodes, {}));
	await world.run(1, each(nodes, { failed: 30 / nodes.length }));
	expect(world.circuit).toBe('open');
	return world;
}

/** The actor of a bank, and nodes whose clock is the test's. */
export class BankWorld {
	readonly actor = new PureActor(institutionKind, 'bank-a');
	/** Milliseconds since the beginning. */
	time = 0;
	/** As the nodes know it: since the beginning of the second. */
	generation = 1;
	readonly nodes = new Map<string, FakeNode>();

	async begin(rules: InstitutionRules = RULES): Promise<this> {
		await this.actor.command(nodeCaller('1'), 'ensure', { settings: rules });
		return this;
	}

	node(name: string): FakeNode {
		const known = this.nodes.get(name);
		if (known !== undefined) return known;
		const node = new FakeNode(this, name);
		this.nodes.set(name, node);
		return node;
	}

	get standing() {
		return this.actor.state.standing;
	}

	get circuit() {
		return circuitOf(this.standing);
	}

	/** Each second for so long: calls of each node, then its report. */
	async run(seconds: number, calls: Readonly<Record<string, Partial<Record<Kind, number>>>>) {
		for (let second = 0; second < seconds; second++) {
			this.pass(1_000);
			this.generation = this.standing.generation;
			for (const [name, kinds] of Object.entries(calls)) {
				const node = this.node(name);
				for (const kind of KINDS) node.call(kind, kinds[kind] ?? 0);
				await node.report();
			}
		}
	}

	pass(ms: number): void {
		this.time += ms;
		this.actor.now += ms;
	}

	order(mode: 'auto' | 'forced-open' | 'forced-closed') {
		return this.actor.command(OPS, 'circuit', { mode });
	}

	/** All gates that were told, the newest last. */
	gates(): Gate[] {
		return this.actor.heard
			.filter(({ type }) => type === 'circuit')
			.map(({ data }) => data as Gate);
	}
}

/** One process of a node: counts its calls, and reports when it is told to. */
export class FakeNode {
	readonly name: string;
	readonly #world: BankWorld;
	#incarnation: string;
	#cells = new Map<string, ReportedCell>();
	#requests = 0;

	constructor(world: BankWorld, name: string) {
		this.#world = world;
		this.name = name;
		this.#incarnation = `${name}-1`;
	}

	/** Another process with the same number. */
	restart(): void {
		this.#incarnation += 'x';
		this.#cells = new Map();
		this.#requests = 0;
	}

	call(kind: Kind, count = 1): void {
		const { generation } = this.#world;
		const slice = Math.floor(this.#world.time / SLICE_MS);
		const key = `${generation}:${slice}`;
		const [, , , ...counts] = this.#cells.get(key) ?? [0, 0, 0, 0, 0, 0, 0];
		counts[KINDS.indexOf(kind)] = (counts[KINDS.indexOf(kind)] ?? 0) + count;
		this.#cells.set(key, [generation, slice, 0, ...counts] as unknown as ReportedCell);
	}

	/** What would be reported now. */
	letter() {
		const { time } = this.#world;
		const cells = [...this.#cells.values()]
			.filter(([, slice]) => time - slice * SLICE_MS < 120_000)
			.map(([generation, slice, , ...counts]) => [
				generation,
				slice,
				time - slice * SLICE_MS,
				...counts,
			]);
		return { incarnation: this.#incarnation, version: 0, time, cells };
	}

	report(letter: object = this.letter()) {
		return this.#world.actor.command(nodeCaller(this.name), 'report', letter);
	}

	async permits(request: Partial<PermitRequest>): Promise<Permits> {
		const answer = await this.#world.actor.command(nodeCaller(this.name), 'permits', {
			...{ incarnation: this.#incarnation, n: ++this.#requests, holds: 0, want: 0, past: 0 },
			...request,
		});
		if (!answer.ok) throw new Error(answer.code);
		return answer.reply as Permits;
	}
}
