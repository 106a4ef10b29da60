import { actorKey } from '../../../src/protocol/ids.ts';
import { Asker } from '../clients/asker.ts';
import { Speaker } from '../clients/speaker.ts';
import { Cluster } from '../harness/cluster.ts';
import { eachOf } from '../harness/crowd.ts';
import type { Bench, BenchRow, Finding } from '../harness/row.ts';
import { heardAll, openLoop } from '../harness/sending.ts';
import { median, percentile } from '../harness/statistics.ts';
import { Stores } from '../harness/stores.ts';

const FULL = { channels: 100, warmSeconds: 3, seconds: 10, perSecond: 400 };
const QUICK = { channels: 12, warmSeconds: 0.5, seconds: 1, perSecond: 60 };
const NODES = 2;

interface Places<Client> {
	readonly local: readonly Client[];
	readonly remote: readonly Client[];
}

/** Answers in milliseconds, of both at the same time. */
type Answers = Places<number>;

interface Client {
	send(text: string): Promise<void>;
	leave(): void;
}

/**
 * One client per channel, on either node; each node owns half of the channels that either has, so that
 * both carry the same. Who owns a channel is asked, not assumed.
 */
async function enter<C extends Client>(
	cluster: Cluster,
	channels: readonly string[],
	connect: (url: string, userId: string, channel: string) => Promise<C>,
): Promise<Places<C>> {
	const local: C[] = [];
	const remote: C[] = [];
	await eachOf(channels.length, async (index) => {
		const channel = channels[index] ?? '';
		await cluster.found(cluster.at(index), [channel]);
		const owner = await cluster.ownerOf(actorKey('channel', channel));
		const node = cluster.at(index >> 1);
		const client = await connect(node.url, `u-${channel}`, channel);
		(node === owner ? local : remote).push(client);
	});
	return { local, remote };
}

/** Both kinds at the same rate and the same time, so that whatever else happens meets both. */
async function answers(clients: Places<Client>, load: { perSecond: number; seconds: number }) {
	const half = { ...load, perSecond: load.perSecond / 2 };
	const [local, remote] = await Promise.all([
		openLoop(clients.local, half),
		openLoop(clients.remote, half),
	]);
	return { local: local.latenciesMs, remote: remote.latenciesMs };
}

async function warmed(clients: Places<Client>, bench: Bench): Promise<Answers> {
	const { perSecond, warmSeconds, seconds } = bench.quick ? QUICK : FULL;
	await answers(clients, { perSecond, seconds: warmSeconds });
	const found = await answers(clients, { perSecond, seconds });
	for (const client of [...clients.local, ...clients.remote]) client.leave();
	return found;
}

interface Added {
	readonly queries: Answers;
	readonly messages: Answers;
	readonly missed: number;
}

/** One run: first queries, which the owner answers from memory; then messages, which it stores. */
async function measure(bench: Bench): Promise<Added> {
	const { channels } = bench.quick ? QUICK : FULL;
	await using stores = new Stores();
	await using cluster = await Cluster.start({ bench, stores, nodes: NODES });
	const names = (prefix: string) => Array.from({ length: channels }, (_, n) => `${prefix}${n}`);
	const askers = await enter(cluster, names('q'), Asker.enter);
	const queries = await warmed(askers, bench);
	const speakers = await enter(cluster, names('m'), Speaker.enter);
	const messages = await warmed(speakers, bench);
	const missed = await heardAll([...speakers.local, ...speakers.remote]);
	return { queries, messages, missed };
}

const added = ({ local, remote }: Answers, p: number) =>
	percentile(remote, p) - percentile(local, p);

function finding(runs: readonly Added[], of: 'queries' | 'messages', p: 0.5 | 0.99): Finding {
	const what = of === 'queries' ? 'query' : 'durable message';
	const at = (place: 'local' | 'remote') =>
		median(runs.map((run) => percentile(run[of][place], p)));
	return {
		name: `room on another node: added to a ${what}, ${p === 0.5 ? 'median' : 'p99'}`,
		unit: 'ms',
		value: median(runs.map((run) => added(run[of], p))),
		atMost: p === 0.5 ? 2 : 10,
		missed: runs.reduce((sum, { missed }) => sum + missed, 0),
		peers: { local: at('local'), remote: at('remote') },
	};
}

const shown = (answers: Answers) =>
	[0.5, 0.99]
		.map((p) => `${percentile(answers.local, p).toFixed(2)} + ${added(answers, p).toFixed(2)} ms`)
		.join(' (p99 ')
		.concat(')');

export const remoteRoom: BenchRow = {
	id: 'remote',
	about: 'answers of a room on another node beside those of a room on the same one',
	async run(bench) {
		const runs: Added[] = [];
		for (let run = 1; run <= bench.runs; run++) {
			const found = await measure(bench);
			runs.push(found);
			bench.progress(
				`run ${run}/${bench.runs}: query ${shown(found.queries)}, ` +
					`message ${shown(found.messages)}, missed ${found.missed}`,
			);
		}
		return (['queries', 'messages'] as const).flatMap((of) => [
			finding(runs, of, 0.5),
			finding(runs, of, 0.99),
		]);
	},
};
