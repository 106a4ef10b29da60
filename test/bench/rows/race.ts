import { connect, type Naru } from '../../../client-sdk/src/index.ts';
import { Cluster } from '../harness/cluster.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { SlowWay } from '../harness/slow-way.ts';
import { seeded } from '../harness/statistics.ts';
import { Stores } from '../harness/stores.ts';
import { tokenFor } from '../harness/token.ts';
import { writtenTo } from '../harness/writers.ts';
import type { Written } from '../harness/written.ts';

/** Keys of a round race at the same time, then one node is paused while they do. */
const FULL = { rounds: 10, keys: 100 };
const QUICK = { rounds: 2, keys: 10 };
const NODES = 2;
/** A client may have 100 commands that wait. */
const CLIENTS_PER_NODE = 2;
const MESSAGES = 3;
const CHANNEL = { members: NODES * CLIENTS_PER_NODE, messages: 60 };
const ANSWER_MS_MAX = 60;
/** Somewhere between the question who owns the key and the first commit. */
const PAUSE_WITHIN_MS = 400;
/** The lease of a node is 4 s long. */
const PAUSE_MS = 6_000;
const ROUND_MAX_MS = 60_000;

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** By channel: the texts that were acknowledged. */
type Acknowledged = Map<string, string[]>;

interface Racers {
	readonly clients: readonly Naru[];
	readonly acknowledged: Acknowledged;
}

/** Clients that stay at their node, as long as it may be paused. */
function racersAt(cluster: Cluster): Racers {
	const clients = Array.from({ length: CHANNEL.members }, (_, n) => {
		const url = cluster.at(n).url;
		return connect({ url, token: () => tokenFor(`u${n}`), deviceId: 'bench' });
	});
	return { clients, acknowledged: new Map() };
}

/** One client of each node sends to the channel, a message when the one before is acknowledged. */
async function race({ clients, acknowledged }: Racers, id: string, index: number): Promise<void> {
	const texts: string[] = [];
	acknowledged.set(id, texts);
	const pair = clients.slice((index % CLIENTS_PER_NODE) * NODES).slice(0, NODES);
	const send = async (naru: Naru, place: number) => {
		for (let n = 1; n <= MESSAGES; n++) {
			const text = `race ${id} node ${place} message ${n}`;
			await naru.channel(id).send(text);
			texts.push(text);
		}
	};
	await Promise.all(pair.map(send));
}

/** Answers how many keys of the round were not served in time. */
async function round(cluster: Cluster, racers: Racers, { ids, place, pauseAfterMs }: Round) {
	let unserved = ids.length;
	const races = Promise.all(
		ids.map(async (id, index) => {
			await race(racers, id, index);
			unserved--;
		}),
	);
	await sleep(pauseAfterMs);
	cluster.at(place).signal('SIGSTOP');
	await sleep(PAUSE_MS);
	cluster.at(place).signal('SIGCONT');
	await Promise.race([races, sleep(ROUND_MAX_MS)]);
	return unserved;
}

interface Round {
	readonly ids: readonly string[];
	/** Of the node that is paused. */
	readonly place: number;
	readonly pauseAfterMs: number;
}

/** What is wrong with one channel: texts that are not there exactly once, hosts that overlap. */
function faultsOf(written: Written, acknowledged: readonly string[]): number {
	const raced = written.texts.filter((text) => text.startsWith('race '));
	const lost = acknowledged.filter((text) => !raced.includes(text)).length;
	const doubled = raced.length - new Set(raced).size;
	return lost + doubled;
}

interface Raced {
	readonly races: number;
	/** Races in which more than one host wrote at a time. */
	readonly twoWriters: number;
	/** Races in which a host was followed by another. */
	readonly deposed: number;
	readonly fences: number;
	readonly missed: number;
}

async function allRaces(bench: Bench): Promise<Raced> {
	const { rounds, keys } = bench.quick ? QUICK : FULL;
	await using stores = new Stores();
	await stores.fill({ ...CHANNEL, channels: rounds * keys });
	await using way = await SlowWay.start(stores.mongoUrl, ANSWER_MS_MAX);
	const env = { MONGO_URL: way.over(stores.mongoUrl) };
	await using cluster = await Cluster.start({ bench, stores, nodes: NODES, env });
	const racers = racersAt(cluster);
	const random = seeded(rounds);
	let unserved = 0;
	for (let n = 0; n < rounds; n++) {
		const ids = Array.from({ length: keys }, (_, key) => `c${n * keys + key}`);
		const pauseAfterMs = random() * PAUSE_WITHIN_MS;
		unserved += await round(cluster, racers, { ids, place: n % NODES, pauseAfterMs });
		bench.progress(`round ${n + 1}/${rounds}: not served ${unserved}`);
	}
	await Promise.all(racers.clients.map((client) => client.close()));
	const fences = await cluster.count('fences_total');
	const written = await writtenTo(stores, [...racers.acknowledged.keys()]);
	const all = [...written.values()];
	let missed = unserved;
	for (const [id, texts] of racers.acknowledged)
		missed += faultsOf(written.get(id) ?? { writers: 0, wrong: 1, texts: [] }, texts);
	return {
		races: all.length,
		twoWriters: all.filter(({ wrong }) => wrong > 0).length,
		// The first one filled the channel.
		deposed: all.filter(({ writers }) => writers > 2).length,
		fences,
		missed,
	};
}

export const racing: BenchRow = {
	id: 'race',
	about: '1,000 times two nodes race for one channel on a slow store, and one of them is paused',
	async run(bench) {
		const { races, twoWriters, deposed, fences, missed } = await allRaces(bench);
		bench.progress(
			`${races} races: two writers ${twoWriters}, another owner behind the first ${deposed}, ` +
				`writes fenced ${fences}, missed ${missed}`,
		);
		return [
			{
				name: `${races.toLocaleString('en-US')} races for a channel, a node paused: two writers`,
				unit: 'races',
				value: twoWriters,
				atMost: 0,
				missed,
				peers: { 'owner changed': deposed, 'writes fenced': fences },
			},
		];
	},
};
