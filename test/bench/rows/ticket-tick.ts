import type { BenchRow } from '../harness/row.ts';
import { median } from '../harness/statistics.ts';
import { runTask } from '../tickets/run-task.ts';

const FULL = { few: 1_000, many: 1_000_000, ticks: 6_000 };
const QUICK = { few: 1_000, many: 20_000, ticks: 400 };

export const ticketTick: BenchRow = {
	id: 'tick',
	about: 'the work of one tick with 1,000 and with 1,000,000 waiting',
	async run(bench) {
		const found: { ratio: number; fewMicros: number }[] = [];
		for (let run = 1; run <= bench.runs; run++) {
			const { fewMicros, manyMicros } = await runTask(bench, 'ticks', bench.quick ? QUICK : FULL);
			found.push({ ratio: manyMicros / fewMicros, fewMicros });
			bench.progress(
				`run ${run}/${bench.runs}: ${fewMicros.toFixed(2)} µs and ${manyMicros.toFixed(2)} µs`,
			);
		}
		return [
			{
				name: 'work of a tick, 1,000,000 waiting over 1,000',
				unit: '×',
				value: median(found.map(({ ratio }) => ratio)),
				atMost: 1.2,
				missed: 0,
				peers: { 'µs with 1,000': median(found.map(({ fewMicros }) => fewMicros)) },
			},
		];
	},
};
