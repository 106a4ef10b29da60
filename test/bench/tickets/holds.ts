import { randomUUID } from 'node:crypto';
import type { TicketMe } from '../../../src/protocol/ticket-event.ts';
import { watch, watched, watchWork } from '../harness/loop-watch.ts';
import { percentile, seeded } from '../harness/statistics.ts';
import { userId } from './enter.ts';
import { Sale } from './sale.ts';

export interface HoldsOptions {
	readonly users: number;
	readonly seats: number;
	/** Buyers who ask again as soon as they are answered. */
	readonly lanes: number;
	readonly warmSeconds: number;
	readonly seconds: number;
	readonly perSecond: number;
}

const SEED = 42;
const LOOK_USERS = 5_000;
const PER_USER_MAX = 4;

const seatId = (n: number) => `S${n}`;

interface Buyer {
	readonly userId: string;
	readonly admission: string;
	held: readonly string[];
}

/** Lets everybody in; answers with their admissions. */
async function letIn(sale: Sale, { users, seats }: HoldsOptions): Promise<Buyer[]> {
	await sale.create({
		seats: Array.from({ length: seats }, (_, n) => ({ id: seatId(n), grade: 'A', price: 1_000 })),
		admission: { mode: 'desk', maxActive: users },
		maxPerUser: PER_USER_MAX,
		pickSeconds: 1_200,
	});
	const ids = Array.from({ length: users }, (_, n) => userId(n));
	const entered = Promise.withResolvers<void>();
	let turned = 0;
	await sale.listen((type, data) => {
		if (type !== 'turn') return;
		turned += (data as { users: string[] }).users.length;
		if (turned === users) entered.resolve();
	});
	await arriveAll(sale, ids);
	await entered.promise;
	const buyers: Buyer[] = [];
	for (let first = 0; first < users; first += LOOK_USERS) {
		const some = ids.slice(first, first + LOOK_USERS);
		await sale.ask('claim', { users: some });
		for (const [n, { admission = '' }] of (await sale.standing(some)).entries()) {
			buyers.push({ userId: some[n] ?? '', admission, held: [] });
		}
	}
	return buyers;
}

async function arriveAll(sale: Sale, ids: readonly string[]): Promise<void> {
	for (let first = 0; first < ids.length; first += LOOK_USERS) {
		await sale.ask('arrive', { users: ids.slice(first, first + LOOK_USERS) });
	}
}

class Picking {
	readonly #sale: Sale;
	readonly #seats: number;
	readonly #random = seeded(SEED);
	/** Who is not waiting for an answer. */
	readonly #idle: Buyer[];
	latenciesMs: number[] = [];
	taken = 0;
	/** Answers that are none. */
	missed = 0;

	constructor(sale: Sale, seats: number, buyers: readonly Buyer[]) {
		this.#sale = sale;
		this.#seats = seats;
		this.#idle = [...buyers];
	}

	/** Somebody picks a seat, or two; who has some lets go of them first, which is not counted. */
	async pick(): Promise<void> {
		const buyer = this.#takeAny();
		if (buyer === undefined) return;
		if (buyer.held.length > 0) await this.#ask(buyer, 'release', {});
		const count = this.#random() < 0.5 ? 1 : 2;
		const seats = Array.from({ length: count }, () => seatId(this.#anySeat()));
		const askedAt = performance.now();
		await this.#ask(buyer, 'hold', { seats: [...new Set(seats)] });
		this.latenciesMs.push(performance.now() - askedAt);
		this.#idle.push(buyer);
	}

	#takeAny(): Buyer | undefined {
		const at = Math.floor(this.#random() * this.#idle.length);
		const buyer = this.#idle[at];
		const last = this.#idle.pop();
		if (last !== undefined && at < this.#idle.length) this.#idle[at] = last;
		return buyer;
	}

	#anySeat(): number {
		return Math.floor(this.#random() * this.#seats);
	}

	async #ask(buyer: Buyer, name: 'hold' | 'release', what: { seats?: string[] }): Promise<void> {
		const args = { admission: buyer.admission, ...what } as never;
		const caller = { userId: buyer.userId, roles: ['user'] };
		const answer = await this.#sale.attempt(name, args, { caller, requestId: randomUUID() });
		if (answer.ok) buyer.held = (answer.reply as TicketMe).held.seats;
		else if (answer.code === 'SEAT_TAKEN') this.taken++;
		else this.missed++;
	}
}

/** As fast as the lanes are answered; holds decided in a second. */
async function closed(picking: Picking, lanes: number, seconds: number): Promise<number> {
	picking.latenciesMs = [];
	const start = performance.now();
	const end = start + seconds * 1_000;
	const lane = async () => {
		while (performance.now() < end) await picking.pick();
	};
	await Promise.all(Array.from({ length: lanes }, lane));
	return (picking.latenciesMs.length / (performance.now() - start)) * 1_000;
}

/** At a fixed rate, whatever the answers do. */
async function open(picking: Picking, perSecond: number, seconds: number): Promise<void> {
	picking.latenciesMs = [];
	const answers: Promise<void>[] = [];
	const start = performance.now();
	while (answers.length < perSecond * seconds) {
		const due = ((performance.now() - start) * perSecond) / 1_000;
		while (answers.length < due) answers.push(picking.pick());
		await new Promise((resolve) => setTimeout(resolve, 1));
	}
	await Promise.all(answers);
}

/** Seats that the map and the buyers do not agree on, or that two have. */
async function disputed(sale: Sale, buyers: readonly Buyer[]): Promise<number> {
	const owners = new Map<string, number>();
	for (let first = 0; first < buyers.length; first += LOOK_USERS) {
		const some = buyers.slice(first, first + LOOK_USERS).map((buyer) => buyer.userId);
		for (const { held } of await sale.standing(some)) {
			for (const seat of held.seats) owners.set(seat, (owners.get(seat) ?? 0) + 1);
		}
	}
	const { seats, states } = await sale.ask('seatMap', {});
	return seats.filter(({ id }, n) => (owners.get(id) ?? 0) !== (states[n] === 'H' ? 1 : 0)).length;
}

/** Buyers inside pick random seats, each answered when it is on the disk. */
export async function holds(options: HoldsOptions) {
	await using sale = await Sale.open();
	const buyers = await letIn(sale, options);
	const picking = new Picking(sale, options.seats, buyers);
	await closed(picking, options.lanes, options.warmSeconds);
	watch();
	const work = watchWork();
	const cpu = process.cpuUsage();
	const perSecond = await closed(picking, options.lanes, options.seconds);
	const { user, system } = process.cpuUsage(cpu);
	const microsPerHold = (user + system) / picking.latenciesMs.length;
	const loop = { ...watched(), workMs: work() };
	await open(picking, options.perSecond, options.seconds);
	const openP99Ms = percentile(picking.latenciesMs, 0.99);
	const missed = picking.missed + (await disputed(sale, buyers));
	return { perSecond, microsPerHold, openP99Ms, loop, taken: picking.taken, missed };
}
