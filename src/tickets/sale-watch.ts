/**
 * Looks after the sales that this node owns: holds their stock against its history now and then (T11),
 * and counts the payments that need a person (T9), for metrics and those who are alerted by them.
 */
import type { ActorPort, CommandAnswer } from '../core/actor-port.ts';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import { type ActorKey, splitKey } from '../protocol/ids.ts';
import type { ReplyOf } from '../protocol/kind.ts';
import { ticketEventContract } from '../protocol/ticket-event.ts';

/** Twice at least before a sale in which nothing moves falls asleep. */
const EVERY_MS = 120_000;
/** Units of a difference that the log names. */
const NAMED_MAX = 10;

/** An actor that is awake on this node. */
export interface AwakeActor {
	readonly position: number;
	/** Empty while a commit is in flight. */
	figures(): Readonly<Record<string, unknown>>;
}

export interface SaleWatchOptions {
	readonly actors: Pick<ActorPort, 'command'>;
	readonly awake: ReadonlyMap<ActorKey, AwakeActor>;
	readonly runtime: Pick<Runtime, 'after'>;
	readonly log: Log;
	/** Name of this node. */
	readonly node: string;
}

type Found = ReplyOf<typeof ticketEventContract, 'reconcile'>;

export class SaleWatch {
	readonly #options: SaleWatchOptions;
	/** Where each sale stood when it was looked at: one that rests is left asleep. */
	#looked = new Map<ActorKey, number>();
	#stuck = new Map<ActorKey, number>();
	readonly #differing = new Set<ActorKey>();
	#cancel = () => {};
	#isStopped = false;

	constructor(options: SaleWatchOptions) {
		this.#options = options;
		this.#later();
	}

	/** Sales whose history said something else when it was looked at last. */
	get differing(): number {
		return this.#differing.size;
	}

	/** Orders with a payment that needs a person, in the sales that are awake here. */
	get stuck(): number {
		const known = this.#stuck;
		this.#stuck = new Map();
		let sum = 0;
		for (const [key, sale] of this.#sales()) {
			const { stuck = known.get(key) } = sale.figures();
			if (typeof stuck !== 'number') continue;
			this.#stuck.set(key, stuck);
			sum += stuck;
		}
		return sum;
	}

	stop(): void {
		this.#isStopped = true;
		this.#cancel();
	}

	*#sales(): Generator<readonly [ActorKey, AwakeActor]> {
		for (const entry of this.#options.awake) {
			if (splitKey(entry[0]).kind === ticketEventContract.kind) yield entry;
		}
	}

	#later(): void {
		if (this.#isStopped) return;
		this.#cancel = this.#options.runtime.after(EVERY_MS, () => {
			void this.#round().finally(() => this.#later());
		});
	}

	/** One sale after the other. */
	async #round(): Promise<void> {
		const sales = [...this.#sales()];
		const awake = new Set(sales.map(([key]) => key));
		for (const key of this.#looked.keys()) if (!awake.has(key)) this.#looked.delete(key);
		for (const [key, { position }] of sales) {
			if (this.#isStopped) return;
			if (this.#looked.get(key) !== position) await this.#look(key, position);
		}
	}

	async #look(key: ActorKey, position: number): Promise<void> {
		const { actors, node } = this.#options;
		const request = { caller: { userId: node, roles: ['system'] }, name: 'reconcile', args: {} };
		const answer = await new Promise<CommandAnswer>((resolve) => {
			actors.command(key, request, resolve);
		});
		// Moved, or the store is away: the next round is soon enough.
		if (!answer.ok) return;
		this.#looked.set(key, position);
		this.#judge(key, answer.reply as Found);
	}

	#judge(key: ActorKey, { units, missing, extra }: Found): void {
		if (missing.length + extra.length === 0) {
			this.#differing.delete(key);
			return;
		}
		this.#differing.add(key);
		const named = { missing: missing.slice(0, NAMED_MAX), extra: extra.slice(0, NAMED_MAX) };
		this.#options.log.error(
			{ actor: key, units, ...named },
			'what is sold and its history differ: look at the journal of the sale',
		);
	}
}
