import { Buyer } from '../clients/buyer.ts';
import { naru } from '../clients/naru-member.ts';
import { eachOf } from '../harness/crowd.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { LockedSeats, runningServices } from '../tickets/locked-seat.ts';
import { makeEvent } from '../tickets/make-event.ts';

const FULL = { clients: 100, rounds: 20 };
const QUICK = { clients: 20, rounds: 3 };
/** Totals of the article for 100 threads on one seat, in seconds. */
const ARTICLE = {
	'article: optimistic': 2.987,
	'article: Redis lock': 3.189,
	'article: row lock': 3.3,
};
const EVENT = 'one-seat';

interface Race {
	readonly ms: number;
	/** Claims that did not end as they must: one has it, all others are told that it is taken. */
	readonly missed: number;
}

async function letIn(url: string, clients: number): Promise<readonly Buyer[]> {
	const buyers: Buyer[] = [];
	await eachOf(clients, async (n) => {
		const buyer = await Buyer.come(url, `u${n}`, EVENT);
		await buyer.enter();
		await buyer.admitted();
		buyers[n] = buyer;
	});
	return buyers;
}

async function race(buyers: readonly Buyer[], seat: string): Promise<Race> {
	const start = performance.now();
	const claims = await Promise.all(buyers.map((buyer) => buyer.hold(seat)));
	const ms = performance.now() - start;
	const winners = buyers.filter((_, n) => claims[n] === 'held');
	const taken = claims.filter((claim) => claim === 'taken').length;
	await Promise.all(winners.map((buyer) => buyer.release()));
	return { ms, missed: Math.abs(winners.length - 1) + Math.abs(taken - (buyers.length - 1)) };
}

/** One run: seat after seat, each claimed by all at once. */
async function races(bench: Bench): Promise<readonly Race[]> {
	const { clients, rounds } = bench.quick ? QUICK : FULL;
	await using server = await ServerProcess.start({
		file: naru.file,
		profileDir: bench.profileDir,
	});
	const seat = (n: number) => `S${n}`;
	await makeEvent(server.url, {
		id: EVENT,
		seats: Array.from({ length: clients + rounds }, (_, n) => ({
			id: seat(n),
			grade: 'A',
			price: 1_000,
		})),
		admission: { mode: 'desk', maxActive: clients },
		maxPerUser: 2,
		pickSeconds: 1_200,
	});
	const buyers = await letIn(server.url, clients);
	const found: Race[] = [];
	for (let round = 0; round < rounds; round++) found.push(await race(buyers, seat(round)));
	for (const buyer of buyers) buyer.leave();
	return found;
}

/** The same by a lock and a store, if they run; medians in seconds. */
async function locked(bench: Bench): Promise<Readonly<Record<string, number>>> {
	const services = await runningServices();
	if (services === undefined) {
		bench.progress('no services run: the lock is left out');
		return {};
	}
	const { clients, rounds } = bench.quick ? QUICK : FULL;
	await using seats = await LockedSeats.open(services, clients);
	const found: number[] = [];
	for (let round = 0; round < rounds; round++) {
		const { ms, winners } = await seats.race(`S${round}`);
		if (winners !== 1) throw new Error(`${winners} got a seat under the lock`);
		found.push(ms);
	}
	return { 'Redis lock and store here': median(found) / 1_000 };
}

export const ticketOneSeat: BenchRow = {
	id: 'one-seat',
	about: '100 clients claim one seat at once over sockets, seat after seat',
	async run(bench) {
		const found: Race[] = [];
		for (let run = 1; run <= bench.runs; run++) {
			const some = await races(bench);
			found.push(...some);
			const ms = median(some.map((one) => one.ms));
			bench.progress(`run ${run}/${bench.runs}: ${ms.toFixed(1)} ms until the last knows`);
		}
		const { clients } = bench.quick ? QUICK : FULL;
		return [
			{
				name: `${clients} claims on one seat, over sockets: until the last knows`,
				unit: 's',
				value: median(found.map(({ ms }) => ms)) / 1_000,
				atMost: ARTICLE['article: optimistic'],
				missed: found.reduce((sum, { missed }) => sum + missed, 0),
				peers: { ...ARTICLE, ...(await locked(bench)) },
			},
		];
	},
};
