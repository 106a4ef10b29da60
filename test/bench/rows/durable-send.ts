import { naru } from '../clients/naru-member.ts';
import { Speaker } from '../clients/speaker.ts';
import { alternate } from '../harness/alternate.ts';
import { eachOf } from '../harness/crowd.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { closedLoop, heardAll, openLoop } from '../harness/sending.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median, percentile } from '../harness/statistics.ts';

const FULL = { channels: 200, warmSeconds: 3, seconds: 5, openPerSecond: 2_000 };
const QUICK = { channels: 20, warmSeconds: 0.3, seconds: 1, openPerSecond: 200 };
/** Answers kept from the beginning of an open loop would measure the end of the loop before. */
const PAUSE_MS = 300;

interface Sending {
	readonly perSecond: number;
	readonly closedP99Ms: number;
	readonly loopP99Ms: number;
	/** Of the answers at the open rate. */
	readonly openP99Ms: number;
	readonly microsPerMessage: number;
	readonly missed: number;
}

/** One run: a channel per client; first as fast as it goes, then at a fixed rate. */
async function sending(bench: Bench, serverOptions: object): Promise<Sending> {
	const { channels, warmSeconds, seconds, openPerSecond } = bench.quick ? QUICK : FULL;
	await using server = await ServerProcess.start({
		file: naru.file,
		profileDir: bench.profileDir,
		options: serverOptions,
	});
	const speakers: Speaker[] = [];
	await eachOf(channels, async (index) => {
		speakers[index] = await Speaker.enter(server.url, `u${index}`, `c${index}`);
	});
	await closedLoop(speakers, warmSeconds);
	await server.ask('mark');
	await server.ask('watch');
	const closed = await closedLoop(speakers, seconds);
	const { p99Ms: loopP99Ms } = await server.ask('watched');
	const { cpuMicros } = await server.ask('read');
	await new Promise((pause) => setTimeout(pause, PAUSE_MS));
	const open = await openLoop(speakers, { perSecond: openPerSecond, seconds });
	const missed = await heardAll(speakers);
	for (const speaker of speakers) speaker.leave();
	return {
		perSecond: closed.perSecond,
		closedP99Ms: percentile(closed.latenciesMs, 0.99),
		loopP99Ms,
		openP99Ms: percentile(open.latenciesMs, 0.99),
		microsPerMessage: cpuMicros / closed.latenciesMs.length,
		missed,
	};
}

/** Runs each kind of server in turn; medians by kind, and what was missed in all. */
async function compare(bench: Bench, kinds: Readonly<Record<string, object>>) {
	const names = Object.keys(kinds);
	const runs = await alternate(bench, names, async (kind, label) => {
		const found = await sending(bench, kinds[kind] ?? {});
		bench.progress(
			`${label} ${kind}: ${Math.round(found.perSecond)} msg/s ` +
				`(p99 ${found.closedP99Ms.toFixed(1)} ms, ${found.microsPerMessage.toFixed(1)} µs CPU), ` +
				`open p99 ${found.openP99Ms.toFixed(1)} ms, ` +
				`loop p99 ${found.loopP99Ms.toFixed(1)} ms, missed ${found.missed}`,
		);
		return found;
	});
	const of = (kind: string, field: keyof Sending) =>
		median((runs[names.indexOf(kind)] ?? []).map((run) => run[field]));
	return { of, missed: runs.flat().reduce((sum, run) => sum + run.missed, 0) };
}

export const durableSend: BenchRow = {
	id: 'durable-send',
	about: '200 channels with one sender each, each message answered when it is on the disk',
	async run(bench) {
		const kinds = { durable: { storage: 'sqlite' }, memory: { storage: 'memory-journal' } };
		const { of, missed } = await compare(bench, kinds);
		const perSecond = of('durable', 'perSecond');
		const inMemory = of('memory', 'perSecond');
		return [
			{
				name: 'durable send: 200 channels, closed loop',
				unit: 'msg/s',
				value: perSecond,
				atLeast: 20_000,
				missed,
				peers: { 'in-memory journal': inMemory },
			},
			{
				name: 'durable send: share of the in-memory journal',
				unit: '×',
				value: perSecond / inMemory,
				atLeast: 0.6,
				missed,
			},
			{
				name: 'durable send: answer p99 at 2,000 msg/s',
				unit: 'ms',
				value: of('durable', 'openP99Ms'),
				atMost: 10,
				missed,
				peers: { 'in-memory journal': of('memory', 'openP99Ms') },
			},
		];
	},
};

const DELAY_MS = 10;

export const slowCommit: BenchRow = {
	id: 'slow-commit',
	about: 'the same on a disk that takes 10 ms longer for every commit',
	async run(bench) {
		const kinds = { slow: { commitDelayMs: DELAY_MS } };
		const { of, missed } = await compare(bench, kinds);
		return [
			{
				name: 'commits 10 ms slower: closed loop',
				unit: 'msg/s',
				value: of('slow', 'perSecond'),
				atLeast: 5_000,
				missed,
			},
			{
				name: 'commits 10 ms slower: loop delay p99',
				unit: 'ms',
				value: of('slow', 'loopP99Ms'),
				atMost: 10,
				missed,
			},
			{
				name: 'commits 10 ms slower: answer p99 at 2,000 msg/s',
				unit: 'ms',
				value: of('slow', 'openP99Ms'),
				atMost: 40,
				missed,
			},
		];
	},
};
