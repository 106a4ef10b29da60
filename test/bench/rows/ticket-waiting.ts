import { setTimeout as sleep } from 'node:timers/promises';
import { Buyer } from '../clients/buyer.ts';
import { naru } from '../clients/naru-member.ts';
import { eachOf } from '../harness/crowd.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { makeEvent } from '../tickets/make-event.ts';

const FULL = { from: 1_000, to: 10_000, seconds: 20 };
const QUICK = { from: 50, to: 300, seconds: 6 };
const EVENT = 'waiting';
/** Behind a crowd that came at once. */
const REST_MS = 5_000;
/** Everybody of a node of 10,000 is told a tick at least so often (T4). */
const TICK_MS = 5_000;
const KILOBYTE = 1_024;
const USERS = 1_000_000;

interface Waiting {
	readonly microsPerSecond: number;
	readonly kilobytes: number;
	/** Users who were told fewer ticks than they must be. */
	readonly missed: number;
}

async function waiting(bench: Bench): Promise<Waiting> {
	const { from, to, seconds } = bench.quick ? QUICK : FULL;
	await using server = await ServerProcess.start({
		file: naru.file,
		profileDir: bench.profileDir,
	});
	// One a second goes in, so that every second something has moved.
	const admission = { mode: 'turnstile', maxActive: 1_000, batch: 1, intervalMs: 1_000 };
	await makeEvent(server.url, { id: EVENT, stock: { total: 100_000, price: 1_000 }, admission });
	const buyers: Buyer[] = [];
	const grow = (count: number) =>
		eachOf(count - buyers.length, async () => {
			const n = buyers.push(undefined as unknown as Buyer) - 1;
			buyers[n] = await Buyer.come(server.url, `u${n}`, EVENT);
			await buyers[n].enter();
		});
	await grow(from);
	const before = await server.ask('live');
	await grow(to);
	await sleep(REST_MS);
	const after = await server.ask('live');
	const told = buyers.map((buyer) => buyer.told);
	await server.ask('mark');
	await sleep(seconds * 1_000);
	const { cpuMicros, elapsedMs } = await server.ask('read');
	const due = Math.floor((seconds * 1_000) / TICK_MS) - 1;
	const missed = buyers.filter((buyer, n) => buyer.told - (told[n] ?? 0) < due).length;
	for (const buyer of buyers) buyer.leave();
	return {
		microsPerSecond: (cpuMicros / to / elapsedMs) * 1_000,
		kilobytes: (after.rssBytes - before.rssBytes) / (to - from) / KILOBYTE,
		missed,
	};
}

export const ticketWaiting: BenchRow = {
	id: 'waiting',
	about: '10,000 sockets wait on one node, which also owns the event',
	async run(bench) {
		const runs: Waiting[] = [];
		for (let run = 1; run <= bench.runs; run++) {
			const found = await waiting(bench);
			runs.push(found);
			bench.progress(
				`run ${run}/${bench.runs}: ${found.microsPerSecond.toFixed(1)} µs a second each, ` +
					`${found.kilobytes.toFixed(1)} KB, missed ${found.missed}`,
			);
		}
		const missed = runs.reduce((sum, run) => sum + run.missed, 0);
		const micros = median(runs.map(({ microsPerSecond }) => microsPerSecond));
		return [
			{
				name: 'a waiting socket, per second',
				unit: 'µs CPU',
				value: micros,
				missed,
				peers: { 'cores for 1,000,000': (micros * USERS) / 1e6 },
			},
			{
				name: 'a waiting socket',
				unit: 'KB RSS',
				value: median(runs.map(({ kilobytes }) => kilobytes)),
				missed,
			},
		];
	},
};
