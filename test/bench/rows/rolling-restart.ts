import { Talker } from '../clients/talker.ts';
import { Cluster } from '../harness/cluster.ts';
import { Conversation, type Faults, faultsIn, settled } from '../harness/conversation.ts';
import { eachOf } from '../harness/crowd.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { median, percentile } from '../harness/statistics.ts';
import { Stores } from '../harness/stores.ts';

const FULL = { channels: 30, everyMs: 900, restMs: 4_000 };
const QUICK = { channels: 6, everyMs: 300, restMs: 1_000 };
/** One member of each channel begins at each of them. */
const NODES = 3;

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

interface Restarts {
	/** Of each channel during each restart: the longest time in which nobody heard anything. */
	readonly pausesMs: readonly number[];
	/** Of each sender: the longest that an acknowledgement took. */
	readonly waitsMs: readonly number[];
	readonly refused: number;
	readonly faults: Faults;
}

interface Channels {
	readonly conversations: readonly Conversation[];
	readonly talkers: readonly Talker[];
}

/** Channels with a member at each node, all of whom talk; owners are where the first came from. */
async function gather(cluster: Cluster, channels: number): Promise<Channels> {
	const conversations = Array.from({ length: channels }, () => new Conversation(NODES));
	const talkers: Talker[] = [];
	await eachOf(channels, async (index) => {
		for (let member = 0; member < NODES; member++) {
			const talker = await Talker.enter({
				urls: cluster.urlsFrom(index + member),
				userId: `u${index}-${member}`,
				channel: `c${index}`,
				conversation: conversations[index] as Conversation,
				member,
			});
			talkers[index * NODES + member] = talker;
		}
	});
	return { conversations, talkers };
}

/** One run: each node is drained and started anew, one after another, while everybody talks. */
async function restarts(bench: Bench): Promise<Restarts> {
	const { channels, everyMs, restMs } = bench.quick ? QUICK : FULL;
	await using stores = new Stores();
	await using cluster = await Cluster.start({ bench, stores, nodes: NODES });
	const { conversations, talkers } = await gather(cluster, channels);
	const start = performance.now();
	// Members of a channel one after another, channels too, so that nobody speaks at the same time.
	for (const [n, talker] of talkers.entries()) {
		const turn = (n % NODES) + Math.floor(n / NODES) / channels;
		talker.start(everyMs, (everyMs * turn) / NODES);
	}
	await sleep(restMs);
	const pausesMs: number[] = [];
	for (let place = 0; place < NODES; place++) {
		const from = performance.now();
		await cluster.restart(place);
		await sleep(restMs);
		const to = performance.now();
		pausesMs.push(...conversations.map((one) => one.longestPauseMs(from, to)));
	}
	await Promise.all(talkers.map((talker) => talker.stop()));
	const faults = await settled(conversations);
	const waitsMs = talkers.map((talker) => talker.longestWaitMs(start));
	const refused = talkers.reduce((sum, talker) => sum + talker.refused, 0);
	await Promise.all(talkers.map((talker) => talker.leave()));
	return { pausesMs, waitsMs, refused, faults };
}

export const rollingRestart: BenchRow = {
	id: 'rolling',
	about: 'each of three nodes is drained and started anew while everybody talks',
	async run(bench) {
		const runs: Restarts[] = [];
		for (let run = 1; run <= bench.runs; run++) {
			const found = await restarts(bench);
			runs.push(found);
			const { lost, doubled, missed } = found.faults;
			bench.progress(
				`run ${run}/${bench.runs}: pause p50 ${percentile(found.pausesMs, 0.5).toFixed(0)} ms, ` +
					`p99 ${percentile(found.pausesMs, 0.99).toFixed(0)} ms; longest wait of a sender p50 ` +
					`${percentile(found.waitsMs, 0.5).toFixed(0)} ms, p99 ` +
					`${percentile(found.waitsMs, 0.99).toFixed(0)} ms; lost ${lost}, doubled ${doubled}, ` +
					`missed ${missed}, refused ${found.refused}`,
			);
		}
		const missed = runs.reduce((sum, run) => sum + faultsIn(run.faults) + run.refused, 0);
		const of = (field: 'pausesMs' | 'waitsMs', p: number) =>
			median(runs.map((run) => percentile(run[field], p))) / 1_000;
		return [
			{
				name: 'rolling restart: messages lost or doubled',
				unit: 'messages',
				value: runs.reduce((sum, { faults }) => sum + faults.lost + faults.doubled, 0),
				atMost: 0,
				missed,
			},
			{
				name: 'rolling restart: longest pause of a channel, p99',
				unit: 's',
				value: of('pausesMs', 0.99),
				atMost: 1,
				missed,
				peers: { median: of('pausesMs', 0.5) },
			},
			{
				name: 'rolling restart: longest wait of a sender whose socket moved, p99',
				unit: 's',
				value: of('waitsMs', 0.99),
				missed,
				peers: { median: of('waitsMs', 0.5) },
			},
		];
	},
};
