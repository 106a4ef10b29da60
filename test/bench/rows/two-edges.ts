import { colyseus } from '../clients/colyseus-member.ts';
import type { System } from '../clients/member.ts';
import { naru } from '../clients/naru-member.ts';
import { alternate } from '../harness/alternate.ts';
import { Cluster } from '../harness/cluster.ts';
import { Crowd } from '../harness/crowd.ts';
import { deliver, type Load } from '../harness/delivery.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { regular, Script } from '../harness/schedule.ts';
import type { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { Stores } from '../harness/stores.ts';

const FULL = { members: 1_000, warmSeconds: 2, seconds: 8 };
const QUICK = { members: 100, warmSeconds: 0.5, seconds: 1 };
const PER_SECOND = 20;
const CHANNEL = 'c0';
const NODES = 3;
const SHARE = 0.15;

interface Spent {
	/** Of the node that owns the room; of the only one where there are no others. */
	readonly owner: number;
	readonly edges: number;
	readonly missed: number;
}

function load(bench: Bench): Load {
	const { members, warmSeconds, seconds } = bench.quick ? QUICK : FULL;
	return {
		members,
		channels: [CHANNEL],
		warm: regular(PER_SECOND, warmSeconds, [0]),
		measured: regular(PER_SECOND, seconds, [0]),
	};
}

/** Members by turns at each of the nodes. */
const spread = (nodes: readonly ServerProcess[]): System => ({
	...naru,
	connect(seat, hear) {
		const member = Number(seat.userId.slice(1));
		return naru.connect({ ...seat, url: nodes[member % nodes.length]?.url ?? '' }, hear);
	},
});

const cpuOf = async (nodes: readonly ServerProcess[]) => {
	const spent = await Promise.all(nodes.map((node) => node.ask('read')));
	return spent.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0);
};

/** One run: the owner has no members of its own. */
async function acrossNodes(bench: Bench): Promise<Spent> {
	const { members, channels, warm, measured } = load(bench);
	await using stores = new Stores();
	await using cluster = await Cluster.start({ bench, stores, nodes: NODES });
	await cluster.found(cluster.at(0), channels);
	const owner = await cluster.ownerOf(`channel/${CHANNEL}`);
	const edges = cluster.nodes.filter((node) => node !== owner);
	using crowd = new Crowd(spread(edges), { url: owner.url, channels }, members);
	await crowd.grow(members);
	const script = new Script(channels.length);
	await script.play(warm, crowd.say);
	await crowd.settle(script.said);
	await Promise.all(cluster.nodes.map((node) => node.ask('mark')));
	const lines = await script.play(measured, crowd.say);
	const missed = await crowd.settle(script.said);
	const deliveries = lines * members;
	return {
		owner: (await cpuOf([owner])) / deliveries,
		edges: (await cpuOf(edges)) / deliveries,
		missed,
	};
}

async function onOneNode(bench: Bench): Promise<Spent> {
	const { microsPerDelivery, missed } = await deliver(bench, colyseus, load(bench));
	return { owner: microsPerDelivery, edges: Number.NaN, missed };
}

export const twoEdges: BenchRow = {
	id: 'edges',
	about: '1,000 members at two nodes hear a room that a third one owns, 20 messages a second',
	async run(bench) {
		const systems = [acrossNodes, onOneNode];
		const runs = await alternate(bench, systems, async (measure, label) => {
			const found = await measure(bench);
			bench.progress(
				`${label}: ${measure === acrossNodes ? 'owner' : colyseus.name} ` +
					`${found.owner.toFixed(2)} µs, edges ${found.edges.toFixed(2)} µs, missed ${found.missed}`,
			);
			return found;
		});
		const missed = runs.flat().reduce((sum, run) => sum + run.missed, 0);
		const [own = [], stock = []] = runs;
		const perDelivery = median(stock.map(({ owner }) => owner));
		return [
			{
				name: "1,000 members at two edges: the owner's share",
				unit: 'µs CPU per delivery',
				value: median(own.map(({ owner }) => owner)),
				atMost: SHARE * perDelivery,
				missed,
				peers: { [colyseus.name]: perDelivery },
			},
			{
				name: '1,000 members at two edges: both edges together',
				unit: 'µs CPU per delivery',
				value: median(own.map(({ edges }) => edges)),
				missed,
				peers: { [colyseus.name]: perDelivery },
			},
		];
	},
};
