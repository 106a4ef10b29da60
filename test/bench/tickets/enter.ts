import type { TicketMe } from '../../../src/protocol/ticket-event.ts';
import { watch, watched, watchWork } from '../harness/loop-watch.ts';
import { percentile } from '../harness/statistics.ts';
import { Sale } from './sale.ts';

export interface EnterOptions {
	/** A directory or a MongoDB: the process ends with `SIGKILL`, another one restores what is left. */
	readonly place: string;
	readonly users: number;
	/** Users in one batch of a node. */
	readonly batch: number;
	/** So many of them come at the fixed rate, the others as fast as they are taken in. */
	readonly paced: number;
	readonly perSecond: number;
}

/** Nodes that send their batches one after another. */
const NODES = 2;

/** Of 16 characters, in no order. */
export const userId = (n: number) => `user-${String((n * 7_919) % 2_000_003).padStart(11, '0')}`;

const users = (from: number, count: number) =>
	Array.from({ length: count }, (_, n) => userId(from + n));

/** Whoever came first has the only turn; before everybody else are those who came before. */
export const isRight = (me: TicketMe | undefined, n: number) =>
	n === 0
		? me?.phase === 'turn'
		: me?.phase === 'waiting' && (me.place ?? 0) + (me.turned ?? 0) === n;

class Arrivals {
	readonly #sale: Sale;
	readonly #options: EnterOptions;
	readonly latenciesMs: number[] = [];
	sent = 0;
	/** Users who were not told their place. */
	missed = 0;

	constructor(sale: Sale, options: EnterOptions) {
		this.#sale = sale;
		this.#options = options;
	}

	async send(): Promise<void> {
		const first = this.sent;
		const count = Math.min(this.#options.batch, this.#options.users - first);
		this.sent += count;
		const sentAt = performance.now();
		const { me } = await this.#sale.ask('arrive', { users: users(first, count) });
		this.latenciesMs.push(performance.now() - sentAt);
		for (let n = 0; n < count; n++) if (!isRight(me[n], first + n)) this.missed++;
	}

	/** At a fixed rate, whatever the answers do. */
	async paced(): Promise<void> {
		const { paced, perSecond, batch } = this.#options;
		const everyMs = (1_000 * batch) / perSecond;
		const answers: Promise<void>[] = [];
		const start = performance.now();
		while (this.sent < paced) {
			const waitMs = start + answers.length * everyMs - performance.now();
			if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
			answers.push(this.send());
		}
		await Promise.all(answers);
	}

	/** Each node sends the next batch when the one before is answered. */
	async rushed(): Promise<void> {
		const node = async () => {
			while (this.sent < this.#options.users) await this.send();
		};
		await Promise.all(Array.from({ length: NODES }, node));
	}
}

/** Lets users into the waiting room of one event, journalled; answers how fast that went. */
export async function enter(options: EnterOptions) {
	const sale = await Sale.open(options.place);
	await sale.create({
		stock: { total: 100_000, price: 1_000 },
		admission: {
			mode: 'turnstile',
			maxActive: 1,
			batch: 1,
			intervalMs: 3_600_000,
			// The only turn lasts until everybody was looked at.
			graceMs: 600_000,
		},
	});
	let ticks = 0;
	for (let node = 0; node < NODES; node++) {
		await sale.listen((type) => {
			if (type === 'tick') ticks++;
		});
	}
	const arrivals = new Arrivals(sale, options);
	watch();
	const work = watchWork();
	await arrivals.paced();
	const paced = { ...watched(), workMs: work() };
	const pacedP99Ms = percentile(arrivals.latenciesMs, 0.99);
	const rushing = options.users - arrivals.sent;
	watch();
	const start = performance.now();
	await arrivals.rushed();
	const seconds = (performance.now() - start) / 1_000;
	const rushed = watched();
	return {
		dies: true,
		perSecond: rushing / seconds,
		pacedP99Ms,
		pacedLoop: paced,
		rushedLoop: rushed,
		ticks,
		missed: arrivals.missed,
	};
}
