import { Buyer } from '../clients/buyer.ts';
import { Cluster } from '../harness/cluster.ts';
import { eachOf } from '../harness/crowd.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { median } from '../harness/statistics.ts';
import { Stores } from '../harness/stores.ts';
import { runningServices } from '../tickets/locked-seat.ts';
import { makeEvent } from '../tickets/make-event.ts';
import { SeatMap, Shopper } from '../tickets/on-sale.ts';
import { SimulatedPayments } from '../tickets/simulated-payments.ts';

const FULL = { buyers: 5_000, seats: 1_000, maxActive: 300 };
const QUICK = { buyers: 150, seats: 30, maxActive: 20 };
const NODES = 2;
const PRICE = 50_000;
const EVENT = 'on-sale';
/** A sale that is not over by then is broken. */
const SALE_MAX_MS = 300_000;

interface OnSale {
	readonly soldOutSeconds: number;
	readonly toldSeconds: number;
	readonly missed: number;
}

/** What does not fit: seats sold twice or never, money without tickets, users who were not told. */
function faults(
	shoppers: readonly Shopper[],
	captured: ReadonlyMap<string, number>,
	seats: number,
): number {
	const orders = shoppers.flatMap(({ order }) => (order === undefined ? [] : [order]));
	const sold = orders.flatMap((order) => order.seats);
	const twice = sold.length - new Set(sold).size;
	const unpaid = orders.filter(({ id, amount }) => captured.get(id) !== amount).length;
	const ids = new Set(orders.map(({ id }) => id));
	const lost = [...captured.keys()].filter((id) => !ids.has(id)).length;
	const untold = shoppers.filter(({ order, toldAt }) => order === undefined && !toldAt).length;
	const failed = shoppers.filter(({ failure }) => failure !== undefined).length;
	return Math.abs(sold.length - seats) + twice + unpaid + lost + untold + failed;
}

async function comeAll(cluster: Cluster, count: number): Promise<readonly Buyer[]> {
	const buyers: Buyer[] = [];
	await eachOf(count, async (n) => {
		buyers[n] = await Buyer.come(cluster.at(n % NODES).url, `u${n}`, EVENT);
	});
	return buyers;
}

/** One sale, from the rush to the last ticket. */
async function onSale(bench: Bench): Promise<OnSale> {
	const { buyers: count, seats, maxActive } = bench.quick ? QUICK : FULL;
	const ids = Array.from({ length: seats }, (_, n) => `S${n}`);
	using payments = await SimulatedPayments.start();
	await using stores = new Stores();
	const env = { PAYMENT_URL: payments.url };
	await using cluster = await Cluster.start({ bench, stores, nodes: NODES, env });
	await makeEvent(cluster.at(0).url, {
		id: EVENT,
		seats: ids.map((id) => ({ id, grade: 'A', price: PRICE })),
		admission: { mode: 'desk', maxActive },
		maxPerUser: 1,
	});
	const buyers = await comeAll(cluster, count);
	const map = new SeatMap(ids);
	const shoppers = buyers.map((buyer) => new Shopper(buyer, map));
	const start = performance.now();
	const tooLate = new Promise<void>((resolve) => setTimeout(resolve, SALE_MAX_MS).unref());
	await Promise.race([tooLate, Promise.all(shoppers.map((shopper) => shopper.go()))]);
	const told = shoppers.flatMap(({ toldAt }) => toldAt ?? []);
	const soldOutAt = Math.min(...told);
	for (const [n, { failure }] of shoppers.entries()) {
		if (failure !== undefined) bench.progress(`u${n}: ${String(failure)}`);
	}
	const missed = faults(shoppers, await payments.captured(), seats);
	for (const buyer of buyers) buyer.leave();
	return {
		soldOutSeconds: (soldOutAt - start) / 1_000,
		toldSeconds: (Math.max(...told) - soldOutAt) / 1_000,
		missed,
	};
}

export const ticketSale: BenchRow = {
	id: 'sale',
	about: '5,000 buyers over sockets at two nodes, 1,000 seats, two payment providers',
	async run(bench) {
		if ((await runningServices()) === undefined) {
			bench.progress('no services run: left out');
			return [];
		}
		const runs: OnSale[] = [];
		for (let run = 1; run <= bench.runs; run++) {
			const found = await onSale(bench);
			runs.push(found);
			bench.progress(
				`run ${run}/${bench.runs}: sold out in ${found.soldOutSeconds.toFixed(1)} s, ` +
					`all told ${found.toldSeconds.toFixed(2)} s later, missed ${found.missed}`,
			);
		}
		const missed = runs.reduce((sum, run) => sum + run.missed, 0);
		return [
			{
				name: 'on-sale at two nodes: from sold-out until everybody else is told',
				unit: 's',
				value: median(runs.map(({ toldSeconds }) => toldSeconds)),
				atMost: 2,
				missed,
			},
			{
				name: 'on-sale at two nodes: from the rush to sold-out',
				unit: 's',
				value: median(runs.map(({ soldOutSeconds }) => soldOutSeconds)),
				missed,
			},
		];
	},
};
