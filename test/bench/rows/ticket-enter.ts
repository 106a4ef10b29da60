import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchRow, Finding } from '../harness/row.ts';
import { median } from '../harness/statistics.ts';
import { Stores } from '../harness/stores.ts';
import { runningServices } from '../tickets/locked-seat.ts';
import { runTask } from '../tickets/run-task.ts';

const BATCH = 5_000;
const PER_SECOND = 50_000;
const FULL = { users: 1_000_000, paced: 500_000 };
const QUICK = { users: 60_000, paced: 20_000 };

/** The room fills up, its process is killed, and another one finds everybody in place. */
async function rush(bench: Bench, place: string) {
	const { users, paced } = bench.quick ? QUICK : FULL;
	const filling = { place, users, paced, batch: BATCH, perSecond: PER_SECOND };
	const entered = await runTask(bench, 'enter', filling);
	const restored = await runTask(bench, 'restore', { place, users });
	return { entered, restored };
}

type Rush = Awaited<ReturnType<typeof rush>>;

/** Runs it in a new place each time. */
async function rushes(
	bench: Bench,
	inPlace: (use: (place: string) => Promise<Rush>) => Promise<Rush>,
): Promise<readonly Rush[]> {
	const runs: Rush[] = [];
	for (let run = 1; run <= bench.runs; run++) {
		const { entered, restored } = await inPlace((place) => rush(bench, place));
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
	return runs;
}

/** Medians of all runs, under the name of what keeps the data. */
function findings(runs: readonly Rush[], on: string): readonly Finding[] {
	const of = (figure: (run: Rush) => number) => median(runs.map(figure));
	const sum = (figure: (run: Rush) => number) =>
		runs.reduce((total, run) => total + figure(run), 0);
	const entering = sum(({ entered }) => entered.missed);
	const restoring = sum(({ restored }) => restored.missed);
	return [
		{
			name: `enter${on}: batched arrivals into one actor, journal on`,
			unit: 'users/s',
			value: of(({ entered }) => entered.perSecond),
			atLeast: PER_SECOND,
			missed: entering,
		},
		{
			name: `enter${on}: answer to a batch at 50,000 users/s, p99`,
			unit: 'ms',
			value: of(({ entered }) => entered.pacedP99Ms),
			missed: entering,
		},
		{
			name: `enter${on}: loop delay at 50,000 users/s, snapshots included, max`,
			unit: 'ms',
			value: of(({ entered }) => entered.pacedLoop.maxMs),
			atMost: 20,
			missed: entering,
			peers: { 'longest work, CPU': of(({ entered }) => entered.pacedLoop.workMs) },
		},
		{
			name: `restore${on}: 1,000,000 waiting behind a kill`,
			unit: 's',
			value: of(({ restored }) => restored.ms) / 1_000,
			atMost: 10,
			missed: restoring,
		},
		{
			name: `restore${on}: loop delay, max`,
			unit: 'ms',
			value: of(({ restored }) => restored.loop.maxMs),
			atMost: 20,
			missed: restoring,
			peers: { 'longest work, CPU': of(({ restored }) => restored.loop.workMs) },
		},
		{
			name: `restore${on}: memory of the process`,
			unit: 'MB',
			value: of(({ restored }) => restored.heldMegabytes),
			missed: restoring,
		},
	];
}

export const ticketEnter: BenchRow = {
	id: 'enter',
	about: 'a million users enter one event in batches of 5,000; a kill, and all are there again',
	async run(bench) {
		const runs = await rushes(bench, async (use) => {
			const directory = mkdtempSync(join(tmpdir(), 'naru-bench-'));
			try {
				return await use(directory);
			} finally {
				rmSync(directory, { recursive: true, force: true });
			}
		});
		return findings(runs, '');
	},
};

export const ticketEnterStore: BenchRow = {
	id: 'enter-store',
	about: 'the same on the store of a cluster, if services run',
	async run(bench) {
		if ((await runningServices()) === undefined) {
			bench.progress('no services run: left out');
			return [];
		}
		const runs = await rushes(bench, async (use) => {
			await using stores = new Stores();
			return await use(stores.mongoUrl);
		});
		return findings(runs, ' on MongoDB');
	},
};
