import { NaruLink } from '../clients/naru-link.ts';
import { Cluster } from '../harness/cluster.ts';
import type { Memory } from '../harness/control.ts';
import { readCounters } from '../harness/counters.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { median, percentile } from '../harness/statistics.ts';
import { Stores } from '../harness/stores.ts';
import { tokenFor } from '../harness/token.ts';

/** Events enough for a snapshot; the last of them, behind it, is an activation. */
const CHANNEL = { members: 20, messages: 40 };
/** A stream without handles stays for a minute; then only the actor itself is left. */
const FULL = { channels: 10_000, warm: 500, perSecond: 100, lingerMs: 65_000 };
const QUICK = { channels: 150, warm: 10, perSecond: 50, lingerMs: 0 };
/** Each opens its share of the channels: a socket has at most 1,000 handles. */
const LINKS = 20;
const KILOBYTE = 1_024;

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

interface Activations {
	/** From when an opening was due to its answer. */
	readonly latenciesMs: readonly number[];
	readonly rssKilobytes: number;
	readonly heapKilobytes: number;
	/** Openings that were refused, and actors that are not awake at the end. */
	readonly missed: number;
}

/** Opens channels at a fixed rate, whatever the answers do. */
async function openAll(links: readonly NaruLink[], ids: readonly string[], perSecond: number) {
	const latenciesMs: number[] = [];
	const answers: Promise<void>[] = [];
	let refused = 0;
	const start = performance.now();
	for (let next = 0; next < ids.length; ) {
		const due = Math.min(ids.length, ((performance.now() - start) * perSecond) / 1_000);
		for (; next < due; next++) {
			const dueAt = start + (next * 1_000) / perSecond;
			const request = { kind: 'channel', id: ids[next] ?? '', args: { last: 0 } };
			const opening = links[next % links.length]?.open(request, () => {});
			const answered = () => void latenciesMs.push(performance.now() - dueAt);
			const failed = () => void refused++;
			answers.push((opening ?? Promise.reject()).then(answered, failed));
		}
		await sleep(1);
	}
	await Promise.all(answers);
	return { latenciesMs, refused };
}

/** One run: a node on stores in which all the channels rest. */
async function activations(bench: Bench, stores: Stores): Promise<Activations> {
	const { channels, warm, perSecond, lingerMs } = bench.quick ? QUICK : FULL;
	await using cluster = await Cluster.start({ bench, stores, nodes: 1 });
	const node = cluster.at(0);
	const links = await Promise.all(
		Array.from({ length: LINKS }, async (_, n) =>
			NaruLink.connect(node.url, await tokenFor(`u${n}`)),
		),
	);
	const ids = Array.from({ length: channels }, (_, n) => `c${n}`);
	const first = await openAll(links, ids.slice(0, warm), perSecond);
	const before = await node.ask('live');
	const { latenciesMs, refused } = await openAll(links, ids.slice(warm), perSecond);
	for (const link of links) link.cut();
	await sleep(lingerMs);
	const after = await node.ask('live');
	const asleep = channels - (await readCounters(node.url))('actors');
	const perActor = (of: keyof Memory) => (after[of] - before[of]) / (channels - warm) / KILOBYTE;
	return {
		latenciesMs,
		rssKilobytes: perActor('rssBytes'),
		heapKilobytes: perActor('heapBytes'),
		missed: first.refused + refused + Math.max(0, asleep),
	};
}

export const activationRate: BenchRow = {
	id: 'activations',
	about: 'waking 10,000 channels from snapshots, 100 a second',
	async run(bench) {
		const { channels, perSecond } = bench.quick ? QUICK : FULL;
		await using stores = new Stores();
		const start = performance.now();
		await stores.fill({ ...CHANNEL, channels });
		const seconds = (performance.now() - start) / 1_000;
		bench.progress(`filled ${channels} channels in ${seconds.toFixed(0)} s`);
		const runs: Activations[] = [];
		for (let run = 1; run <= bench.runs; run++) {
			const found = await activations(bench, stores);
			runs.push(found);
			bench.progress(
				`run ${run}/${bench.runs}: p50 ${percentile(found.latenciesMs, 0.5).toFixed(1)} ms, ` +
					`p99 ${percentile(found.latenciesMs, 0.99).toFixed(1)} ms, ` +
					`${found.rssKilobytes.toFixed(1)} KB RSS (heap ${found.heapKilobytes.toFixed(1)} KB) ` +
					`an actor, missed ${found.missed}`,
			);
		}
		const missed = runs.reduce((sum, run) => sum + run.missed, 0);
		const of = (p: number) => median(runs.map((run) => percentile(run.latenciesMs, p)));
		const name = `activation from a snapshot, ${perSecond} a second`;
		return [
			{ name: `${name}: median`, unit: 'ms', value: of(0.5), atMost: 20, missed },
			{ name: `${name}: p99`, unit: 'ms', value: of(0.99), atMost: 100, missed },
			{
				name: `an idle actor of ${channels.toLocaleString('en-US')}`,
				unit: 'KB RSS',
				value: median(runs.map(({ rssKilobytes }) => rssKilobytes)),
				missed,
				peers: { heap: median(runs.map(({ heapKilobytes }) => heapKilobytes)) },
			},
		];
	},
};
