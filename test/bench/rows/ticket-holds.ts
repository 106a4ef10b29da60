import type { BenchRow } from '../harness/row.ts';
import { median } from '../harness/statistics.ts';
import { runTask } from '../tickets/run-task.ts';

const FULL = {
	users: 10_000,
	seats: 50_000,
	lanes: 400,
	warmSeconds: 3,
	seconds: 5,
	perSecond: 2_000,
};
const QUICK = { users: 500, seats: 2_000, lanes: 50, warmSeconds: 0, seconds: 1, perSecond: 200 };

export const ticketHolds: BenchRow = {
	id: 'holds',
	about: '10,000 users inside pick random ones of 50,000 seats',
	async run(bench) {
		const runs = [];
		for (let run = 1; run <= bench.runs; run++) {
			const found = await runTask(bench, 'holds', bench.quick ? QUICK : FULL);
			runs.push(found);
			bench.progress(
				`run ${run}/${bench.runs}: ${Math.round(found.perSecond)} holds/s ` +
					`(${found.microsPerHold.toFixed(1)} µs CPU, loop p99 ${found.loop.p99Ms.toFixed(1)} ms), open p99 ${found.openP99Ms.toFixed(1)} ms, ` +
					`${found.taken} were taken, missed ${found.missed}`,
			);
		}
		const missed = runs.reduce((sum, run) => sum + run.missed, 0);
		return [
			{
				name: 'holds on random seats, closed loop',
				unit: 'decided/s',
				value: median(runs.map(({ perSecond }) => perSecond)),
				atLeast: 10_000,
				missed,
				peers: { 'µs CPU each': median(runs.map(({ microsPerHold }) => microsPerHold)) },
			},
			{
				name: 'holds: answer p99 at 2,000 a second',
				unit: 'ms',
				value: median(runs.map(({ openP99Ms }) => openP99Ms)),
				atMost: 25,
				missed,
			},
		];
	},
};
