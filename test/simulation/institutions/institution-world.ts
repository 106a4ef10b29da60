import { circuitOf } from '../../../actors/institution/standing.ts';
import { SILENT } from '../../../src/core/log.ts';
import {
	type InstitutionWatch,
	openInstitutionWatch,
	type WatchedInstitution,
} from '../../../src/institutions/institution-watch.ts';
import type { CallClass } from '../../../src/institutions/ports.ts';
import { actorKey } from '../../../src/protocol/ids.ts';
import type { Gate } from '../../../src/protocol/institution-nodes.ts';
import { Coordinators } from './coordinators.ts';
import { MachineTime, SimulatedTime } from './simulated-time.ts';

/** How one institution behaves, and is called. */
export interface Bank {
	readonly id: string;
	readonly ratePerSecond: number;
	/** Operators set another one at this second. */
	readonly later?: { readonly second: number; readonly ratePerSecond: number };
	/** Calls a second of each node, and of the node that is bad. */
	readonly callsPerSecond: number;
	readonly badNodeCallsPerSecond?: number;
	/** Share of calls that fail anyway. */
	readonly failing: number;
	/** From when to when nothing works, in seconds. */
	readonly outage?: readonly [number, number];
}

/** One call as it went out. */
export interface SimulatedCall {
	readonly at: number;
	readonly node: string;
}

interface SimulatedNode {
	readonly name: string;
	readonly runtime: MachineTime;
	readonly watch: InstitutionWatch;
	isAlive: boolean;
}

const CALL_MS = 200;
const WAIT_MS = 2_000;
/** Calls fail from this node only, at banks that have it so. */
export const BAD_NODE = '3';

/** Nodes that call institutions, while owners, nodes, clocks and messages fail. */
export class InstitutionWorld {
	readonly time: SimulatedTime;
	readonly coordinators: Coordinators;
	readonly nodes = new Map<string, SimulatedNode>();
	readonly calls = new Map<string, SimulatedCall[]>();
	/** What each node was told of each circuit, with the time. */
	readonly #banks: readonly Bank[];
	#numbers = 0;
	/** Wakes nobody up any more. */
	#isOver = false;

	constructor(seed: number, banks: readonly Bank[]) {
		this.time = new SimulatedTime(seed);
		this.coordinators = new Coordinators(this.time);
		this.#banks = banks;
		for (const { id } of banks) this.calls.set(id, []);
	}

	get banks(): readonly Bank[] {
		return this.#banks;
	}

	/** A node joins, with the next number. */
	join(): void {
		const name = String(++this.#numbers);
		const runtime = new MachineTime(this.time);
		const institutions = { all: this.#banks.map(settingsOf) };
		const node: { -readonly [K in keyof SimulatedNode]?: SimulatedNode[K] } = {
			...{ name, runtime, isAlive: true },
		};
		const isAlive = () => node.isAlive === true;
		const actors = this.coordinators.port(isAlive);
		node.watch = openInstitutionWatch({
			...{ actors, runtime, log: SILENT, node: name, institutions },
		});
		this.nodes.set(name, node as SimulatedNode);
		for (const bank of this.#banks) this.#callOn(node as SimulatedNode, bank);
	}

	/** An operator sets the rate, again and again until it is set. */
	setRate(bank: string, perSecond: number): void {
		const caller = { userId: 'root', roles: ['ops'] };
		const request = { caller, name: 'rate', args: { perSecond } };
		this.coordinators.system.command(actorKey('institution', bank), request, (answer) => {
			if (!answer.ok) this.time.after(100, () => this.setRate(bank, perSecond));
		});
	}

	/** A node dies at once, or ends as it should. */
	leave(name: string, isOrderly: boolean): void {
		const node = this.nodes.get(name);
		if (node === undefined) return;
		this.nodes.delete(name);
		node.watch.close();
		if (isOrderly) this.time.after(1_000, () => this.#end(node));
		else this.#end(node);
	}

	/** How a node lets calls through to a bank. */
	gateAt(name: string, bank: string): Gate | undefined {
		const circuits = this.nodes.get(name)?.watch.circuit as
			| { of(institution: string): { gate: Gate } | undefined }
			| undefined;
		return circuits?.of(bank)?.gate;
	}

	/** What stands at the owner; wakes the actor. */
	async standing(bank: string) {
		const view = this.coordinators.system.inspect(
			actorKey('institution', bank),
			(_, { state }) =>
				(state as { standing: Parameters<typeof circuitOf>[0] & { version: number } }).standing,
		);
		await this.time.advance(100);
		return await view;
	}

	/** Each turn of a bank's circuit: [circuit, reason]. */
	async turns(bank: string): Promise<(readonly [circuit: string, generation: number])[]> {
		const key = actorKey('institution', bank);
		const { records } = await this.coordinators.journal.read(
			key,
			{ commit: 0 },
			{ bytesMax: Number.POSITIVE_INFINITY },
		);
		return records
			.flatMap(({ events }) => events)
			.filter(({ type }) => type === 'turned')
			.map(({ data }) => (data as { standing: Parameters<typeof circuitOf>[0] }).standing)
			.map((standing) => [circuitOf(standing), standing.generation] as const);
	}

	over(): void {
		this.#isOver = true;
		for (const node of this.nodes.values()) {
			node.watch.close();
			this.#end(node);
		}
		this.coordinators.system.kill();
	}

	#end(node: SimulatedNode): void {
		node.isAlive = false;
	}

	#callOn(node: SimulatedNode, bank: Bank): void {
		const { badNodeCallsPerSecond, callsPerSecond } = bank;
		const isBad = node.name === BAD_NODE && badNodeCallsPerSecond !== undefined;
		const perSecond = isBad ? badNodeCallsPerSecond : callsPerSecond;
		const waitMs = (1_000 / perSecond) * (0.5 + this.time.random());
		this.time.after(waitMs, () => {
			if (this.#isOver || this.nodes.get(node.name) !== node) return;
			void this.#call(node, bank);
			this.#callOn(node, bank);
		});
	}

	async #call(node: SimulatedNode, bank: Bank): Promise<void> {
		const { circuit, permits } = node.watch;
		if (!circuit.admit(bank.id).ok) return;
		const permit = await permits.take(bank.id, 'online', WAIT_MS);
		if (!permit.ok || !node.isAlive) return;
		const at = this.time.now;
		this.calls.get(bank.id)?.push({ at, node: node.name });
		const kind = this.#outcome(node, bank);
		const ms = 1 + this.time.below(CALL_MS);
		this.time.after(ms, () => {
			if (node.isAlive) circuit.report(bank.id, { class: kind, ageMs: ms });
		});
	}

	#outcome({ name }: SimulatedNode, bank: Bank): CallClass {
		const second = this.time.now / 1_000;
		const [from = Number.POSITIVE_INFINITY, to = 0] = bank.outage ?? [];
		if (second >= from && second < to) return this.time.random() < 0.5 ? 'failed' : 'slow';
		if (name === BAD_NODE && bank.badNodeCallsPerSecond !== undefined) return 'failed';
		return this.time.random() < bank.failing ? 'failed' : 'ok';
	}
}

const settingsOf = ({ id, ratePerSecond }: Bank): WatchedInstitution => ({
	...{ id, name: id, industry: 'bank', ratePerSecond, baseUrls: ['http://127.0.0.1'] },
	breaker: {
		...{ failureRate: 0.5, callsMin: 20 },
		...{ goodMs: 20_000, stepMs: 5_000, expectedMs: 60_000 },
	},
});
