import type { BenchRow } from '../harness/row.ts';
import { runTask } from '../tickets/run-task.ts';

const FULL = { batch: 100, intervalMs: 1_000, intervals: 30, users: 100_000 };
const QUICK = { batch: 20, intervalMs: 200, intervals: 10, users: 1_000 };

export const ticketPace: BenchRow = {
	id: 'pace',
	about: 'a turnstile with 100,000 waiting lets 100 in each second, for half a minute',
	async run(bench) {
		const options = bench.quick ? QUICK : FULL;
		const { offMs, turned, missed } = await runTask(bench, 'pace', options);
		bench.progress(`${turned} turns in ${options.intervals} intervals, ${offMs} ms late at most`);
		return [
			{
				name: `turnstile: turns in ${options.intervals} intervals of ${options.batch}`,
				unit: 'turns',
				value: turned,
				atLeast: options.intervals * options.batch,
				missed,
			},
			{
				name: 'turnstile: a batch behind its time, at most',
				unit: 'ms',
				value: offMs,
				atMost: 50,
				missed,
			},
		];
	},
};
