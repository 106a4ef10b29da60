import { colyseus } from '../clients/colyseus-member.ts';
import type { System } from '../clients/member.ts';
import { naru } from '../clients/naru-member.ts';
import { naruTypist } from '../clients/naru-typist.ts';
import { Speaker } from '../clients/speaker.ts';
import { alternate } from '../harness/alternate.ts';
import { Cluster } from '../harness/cluster.ts';
import { Crowd } from '../harness/crowd.ts';
import { deliver, type Load } from '../harness/delivery.ts';
import type { Bench, BenchRow, Finding } from '../harness/row.ts';
import { regular, Script } from '../harness/schedule.ts';
import { closedLoop } from '../harness/sending.ts';
import type { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { Stores } from '../harness/stores.ts';

const FULL = { members: 1_000, hotSeconds: 8, warmSeconds: 2, seconds: 8 };
const QUICK = { members: 100, hotSeconds: 0.5, warmSeconds: 0.5, seconds: 1 };
const PER_SECOND = 20;
const CHANNEL = 'c0';
/** Used to get the nodes' code hot: a path that runs 20 times a second would stay cold for minutes. */
const OTHER_CHANNEL = 'hot';
const SPEAKERS = 4;
const NODES = 3;
const SHARE = 0.15;

/** Messages in salvos of `burst`, as many a second whatever their size. */
interface Kind {
	readonly name: string;
	readonly burst: number;
	/** Stored before it is told; Colyseus stores nothing. */
	readonly isDurable: boolean;
}

const KINDS: readonly Kind[] = [
	{ name: 'one by one', burst: 1, isDurable: true },
	{ name: 'bursts of 5', burst: 5, isDurable: true },
	{ name: 'one by one, stored nowhere', burst: 1, isDurable: false },
];

interface Spent {
	/** Of the node that owns the room; of the only one where there are no others. */
	readonly owner: number;
	readonly edges: number;
	readonly missed: number;
}

function load(bench: Bench, { burst }: Kind): Load {
	const { members, warmSeconds, seconds } = bench.quick ? QUICK : FULL;
	const lines = Array.from({ length: burst }, () => 0);
	return {
		members,
		channels: [CHANNEL],
		warm: regular(PER_SECOND / burst, warmSeconds, lines),
		measured: regular(PER_SECOND / burst, seconds, lines),
	};
}

/** Members by turns at each of the nodes. */
const spread = (system: System, nodes: readonly ServerProcess[]): System => ({
	...system,
	connect(seat, hear) {
		const member = Number(seat.userId.slice(1));
		return system.connect({ ...seat, url: nodes[member % nodes.length]?.url ?? '' }, hear);
	},
});

const cpuOf = async (nodes: readonly ServerProcess[]) => {
	const spent = await Promise.all(nodes.map((node) => node.ask('read')));
	return spent.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0);
};

/** Messages in another channel of the same owner, from and to the same edges. */
async function getHot(edges: readonly ServerProcess[], seconds: number): Promise<void> {
	const speakers: Speaker[] = [];
	for (let n = 0; n < SPEAKERS; n++) {
		const { url = '' } = edges[n % edges.length] ?? {};
		speakers.push(await Speaker.enter(url, `hot${n}`, OTHER_CHANNEL));
	}
	await closedLoop(speakers, seconds);
	for (const speaker of speakers) speaker.leave();
}

/** One run: the owner has no members of its own. */
async function acrossNodes(bench: Bench, kind: Kind): Promise<Spent> {
	const { members, channels, warm, measured } = load(bench, kind);
	await using stores = new Stores();
	await using cluster = await Cluster.start({ bench, stores, nodes: NODES });
	await cluster.found(cluster.at(0), [...channels, OTHER_CHANNEL]);
	const owner = await cluster.ownerOf(`channel/${CHANNEL}`);
	const edges = cluster.nodes.filter((node) => node !== owner);
	await getHot(edges, (bench.quick ? QUICK : FULL).hotSeconds);
	const system = spread(kind.isDurable ? naru : naruTypist, edges);
	using crowd = new Crowd(system, { url: owner.url, channels }, members);
	await crowd.grow(members);
	const say = kind.isDurable ? crowd.say : crowd.sayInTurn;
	const script = new Script(channels.length);
	await script.play(warm, say);
	await crowd.settle(script.said);
	await Promise.all(cluster.nodes.map((node) => node.ask('mark')));
	const lines = await script.play(measured, say);
	const missed = await crowd.settle(script.said);
	const deliveries = lines * members;
	return {
		owner: (await cpuOf([owner])) / deliveries,
		edges: (await cpuOf(edges)) / deliveries,
		missed,
	};
}

async function onOneNode(bench: Bench, kind: Kind): Promise<Spent> {
	const { microsPerDelivery, missed } = await deliver(bench, colyseus, load(bench, kind));
	return { owner: microsPerDelivery, edges: Number.NaN, missed };
}

async function compare(bench: Bench, kind: Kind): Promise<readonly Finding[]> {
	const { name } = kind;
	const systems = [acrossNodes, onOneNode];
	const runs = await alternate(bench, systems, async (measure, label) => {
		const found = await measure(bench, kind);
		bench.progress(
			`${label} ${name}: ${measure === acrossNodes ? 'owner' : colyseus.name} ` +
				`${found.owner.toFixed(2)} µs, edges ${found.edges.toFixed(2)} µs, missed ${found.missed}`,
		);
		return found;
	});
	const missed = runs.flat().reduce((sum, run) => sum + run.missed, 0);
	const [own = [], stock = []] = runs;
	const perDelivery = median(stock.map(({ owner }) => owner));
	const common = { unit: 'µs CPU per delivery', missed, peers: { [colyseus.name]: perDelivery } };
	return [
		{
			...common,
			name: `1,000 members at two edges, ${name}: the owner`,
			value: median(own.map(({ owner }) => owner)),
			atMost: SHARE * perDelivery,
		},
		{
			...common,
			name: `1,000 members at two edges, ${name}: both edges`,
			value: median(own.map(({ edges }) => edges)),
		},
	];
}

export const twoEdges: BenchRow = {
	id: 'edges',
	about: '1,000 members at two nodes hear a room that a third one owns, 20 messages a second',
	async run(bench) {
		const findings: Finding[] = [];
		for (const kind of KINDS) findings.push(...(await compare(bench, kind)));
		return findings;
	},
};
