import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchRow } from '../harness/row.ts';
import { median } from '../harness/statistics.ts';
import { runTask } from '../tickets/run-task.ts';

const BATCH = 5_000;
const PER_SECOND = 50_000;
const FULL = { users: 1_000_000, paced: 500_000 };
const QUICK = { users: 60_000, paced: 20_000 };

/** One run: the room fills up, its process is killed, another one finds everybody in place. */
async function rush(bench: Bench) {
	const directory = mkdtempSync(join(tmpdir(), 'naru-bench-'));
	try {
		const { users, paced } = bench.quick ? QUICK : FULL;
		const filling = { directory, users, paced, batch: BATCH, perSecond: PER_SECOND };
		const entered = await runTask(bench, 'enter', filling);
		const restored = await runTask(bench, 'restore', { directory, users });
		return { entered, restored };
	} finally {
		rmSync(directory, { recursive: true, force: true });
	}
}

export const ticketEnter: BenchRow = {
	id: 'enter',
	about: 'a million users enter one event in batches of 5,000; a kill, and all are there again',
	async run(bench) {
		const runs: Awaited<ReturnType<typeof rush>>[] = [];
		for (let run = 1; run <= bench.runs; run++) {
			const { entered, restored } = await rush(bench);
			runs.push({ entered, restored });
			bench.progress(
				`run ${run}/${bench.runs}: ${Math.round(entered.perSecond)} users/s ` +
					`(loop max ${entered.rushedLoop.maxMs.toFixed(1)} ms), ` +
					`at 50,000/s p99 ${entered.pacedP99Ms.toFixed(1)} ms ` +
					`(loop max ${entered.pacedLoop.maxMs.toFixed(1)} ms); ` +
					`restored in ${restored.ms.toFixed(0)} ms ` +
					`(loop max ${restored.loop.maxMs.toFixed(1)} ms), ` +
					`${restored.heldMegabytes.toFixed(0)} MB, missed ${entered.missed + restored.missed}`,
			);
		}
		const of = (figure: (run: (typeof runs)[number]) => number) => median(runs.map(figure));
		const sum = (figure: (run: (typeof runs)[number]) => number) =>
			runs.reduce((total, run) => total + figure(run), 0);
		const entering = sum(({ entered }) => entered.missed);
		const restoring = sum(({ restored }) => restored.missed);
		return [
			{
				name: 'enter: batched arrivals into one actor, journal on',
				unit: 'users/s',
				value: of(({ entered }) => entered.perSecond),
				atLeast: PER_SECOND,
				missed: entering,
			},
			{
				name: 'enter: answer to a batch at 50,000 users/s, p99',
				unit: 'ms',
				value: of(({ entered }) => entered.pacedP99Ms),
				missed: entering,
			},
			{
				name: 'enter: loop delay at 50,000 users/s, snapshots included, max',
				unit: 'ms',
				value: of(({ entered }) => entered.pacedLoop.maxMs),
				atMost: 20,
				missed: entering,
			},
			{
				name: '1,000,000 waiting restored behind a kill',
				unit: 's',
				value: of(({ restored }) => restored.ms) / 1_000,
				atMost: 10,
				missed: restoring,
			},
			{
				name: 'restore: loop delay, max',
				unit: 'ms',
				value: of(({ restored }) => restored.loop.maxMs),
				atMost: 20,
				missed: restoring,
			},
			{
				name: 'restore: memory of the process, 1,000,000 waiting',
				unit: 'MB',
				value: of(({ restored }) => restored.heldMegabytes),
				missed: restoring,
			},
		];
	},
};
