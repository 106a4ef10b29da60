import { ticketEventKind } from '../../../actors/ticket-event/ticket-event-kind.ts';
import type { ActorEvent, ActorKind, Caller } from '../../../src/core/actor-kind.ts';
import { SYSTEM } from '../../../src/core/actor-kind.ts';
import { ticketEventContract } from '../../../src/protocol/ticket-event.ts';
import { median } from '../harness/statistics.ts';
import { userId } from './enter.ts';

export interface TicksOptions {
	readonly few: number;
	readonly many: number;
	readonly ticks: number;
}

const kind = ticketEventKind as unknown as ActorKind;
const KEY = 'ticket-event/sale';
const BATCH = 5_000;
const ROUND = 50;
const MICROSECOND_MS = 1e-3;

/** The bare actor, without host, journal and mailbox: what it does by itself. */
class Bare {
	#state = kind.initial('sale');
	#now = 1_000_000;
	#position = 0;
	#ids = 0;
	#came = 0;

	constructor(waiting: number) {
		const draft = {
			title: 'Bench',
			currency: 'KRW',
			opensAt: 0,
			secret: 'x'.repeat(32),
			stock: { total: 100_000, price: 1_000 },
			admission: { maxActive: 1, batch: 1, intervalMs: 3_600_000 },
		};
		this.#take('create', ticketEventContract.commands.create.args.parse(draft), {
			userId: 'operator',
			roles: ['ops'],
		});
		this.#take('wake', {});
		while (this.#came <= waiting) this.#arrive(Math.min(BATCH, waiting + 1 - this.#came));
	}

	/** One more comes; a second later a tick is due. Answers what the tick took, in microseconds. */
	tick(): number {
		this.#arrive(1);
		this.#now += 1_000;
		const start = performance.now();
		const events = this.#take('wake', {});
		kind.nextWakeAt?.(this.#state);
		kind.intents?.(this.#state);
		const micros = (performance.now() - start) / MICROSECOND_MS;
		if (!events.some(({ type }) => type === 'ticked')) throw new Error('there was no tick');
		return micros;
	}

	#arrive(count: number): void {
		const users = Array.from({ length: count }, () => userId(this.#came++));
		this.#take('arrive', { users });
	}

	#take(name: string, args: unknown, caller: Caller = SYSTEM): readonly ActorEvent[] {
		const decision = kind.decide(
			this.#state,
			{ name, args, caller },
			{
				key: KEY,
				id: 'sale',
				now: this.#now,
				exists: this.#position > 0,
				newId: () => `id-${++this.#ids}`,
				loaded: [],
			},
		);
		if (!decision.ok) throw new Error(`${name}: ${decision.code} ${decision.message ?? ''}`);
		for (const event of decision.events) {
			const meta = { key: KEY, id: 'sale', position: ++this.#position, at: this.#now } as const;
			this.#state = kind.evolve(this.#state, event, meta);
			kind.project?.(this.#state, event, meta);
			kind.show(event, meta);
		}
		return decision.events;
	}
}

/** The work of one tick with few and with many who wait, in turn; medians in microseconds. */
export async function ticks({ few, many, ticks: count }: TicksOptions) {
	const bare = { few: new Bare(few), many: new Bare(many) };
	const found: { few: number[]; many: number[] } = { few: [], many: [] };
	for (let round = 0; round < count / ROUND; round++) {
		const order = round % 2 === 0 ? (['few', 'many'] as const) : (['many', 'few'] as const);
		for (const size of order) {
			for (let n = 0; n < ROUND; n++) found[size].push(bare[size].tick());
		}
	}
	// While code and caches get hot nothing is learnt.
	const half = (micros: readonly number[]) => median(micros.slice(micros.length / 2));
	return { fewMicros: half(found.few), manyMicros: half(found.many) };
}
