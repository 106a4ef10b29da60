import { NaruLink } from '../clients/naru-link.ts';
import { eachMessage, joining } from '../clients/naru-member.ts';
import { Talker } from '../clients/talker.ts';
import { Cluster } from '../harness/cluster.ts';
import { Conversation, type Faults, faultsIn, settled } from '../harness/conversation.ts';
import { eachOf } from '../harness/crowd.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import type { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { Stores } from '../harness/stores.ts';
import { tokenFor } from '../harness/token.ts';

const FULL = { members: 1_000, talkers: 10, perSecond: 20, secondsBefore: 3, secondsAfter: 3 };
const QUICK = { members: 60, talkers: 4, perSecond: 10, secondsBefore: 1, secondsAfter: 1 };
const NODES = 3;
const CHANNEL = 'c0';
const BACK_MAX_MS = 30_000;

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Members of one channel at two nodes: a few talk with the real SDK, the rest listen. */
class Audience {
	readonly conversation: Conversation;
	readonly talkers: Talker[] = [];
	readonly #listeners: NaruLink[] = [];

	private constructor(members: number) {
		this.conversation = new Conversation(members);
	}

	static async gather(edges: readonly ServerProcess[], members: number, talkers: number) {
		const audience = new Audience(members);
		const urlAt = (index: number) => edges[index % edges.length]?.url ?? '';
		await eachOf(members, async (member) => {
			const userId = `u${member}`;
			const { conversation } = audience;
			if (member < talkers) {
				const urls = [urlAt(member), urlAt(member + 1)];
				const options = { urls, userId, channel: CHANNEL, conversation, member };
				audience.talkers.push(await Talker.enter(options));
				return;
			}
			const link = await NaruLink.connect(urlAt(member), await tokenFor(userId));
			await link.open(joining(CHANNEL), (events) =>
				eachMessage(events, (message) => conversation.hear(member, message)),
			);
			audience.#listeners.push(link);
		});
		return audience;
	}

	talk(perSecond: number): void {
		const everyMs = (1_000 * this.talkers.length) / perSecond;
		for (const [n, talker] of this.talkers.entries())
			talker.start(everyMs, (n * everyMs) / this.talkers.length);
	}

	/** The first message that was sent after that time and is acknowledged. */
	acceptedSince(time: number) {
		return this.talkers
			.flatMap(({ sendings }) => sendings.filter(({ sentAt }) => sentAt > time))
			.sort((one, other) => one.acknowledgedAt - other.acknowledgedAt)[0];
	}

	async leave(): Promise<void> {
		for (const link of this.#listeners) link.cut();
		await Promise.all(this.talkers.map((talker) => talker.leave()));
	}
}

interface FailOver {
	readonly acceptMs: number;
	readonly deliverMs: number;
	/** Questions of edges that came back, over the number of edges. */
	readonly reopensPerEdge: number;
	/** Members that had to open for themselves, one by one. */
	readonly openedAlone: number;
	readonly faults: Faults;
}

/** Until a message sent after that time is acknowledged, and until every member has heard it. */
async function untilBack(audience: Audience, killedAt: number) {
	const deadline = killedAt + BACK_MAX_MS;
	while (performance.now() < deadline) {
		const accepted = audience.acceptedSince(killedAt);
		if (accepted !== undefined && audience.conversation.isHeardTo(accepted.seq)) {
			return {
				acceptMs: accepted.acknowledgedAt - killedAt,
				deliverMs: performance.now() - killedAt,
			};
		}
		await sleep(2);
	}
	return { acceptMs: Number.NaN, deliverMs: Number.NaN };
}

const ALONE = ['resumes_total', 'resyncs_total', 'ring_misses_total'];

const countAlone = async (cluster: Cluster) => {
	const counts = await Promise.all(ALONE.map((name) => cluster.count(name)));
	return counts.reduce((sum, count) => sum + count, 0);
};

/** One run: the owner, which has no members of its own, is killed while the others talk. */
async function failOver(bench: Bench): Promise<FailOver> {
	const { members, talkers, perSecond, secondsBefore, secondsAfter } = bench.quick ? QUICK : FULL;
	await using stores = new Stores();
	await using cluster = await Cluster.start({ bench, stores, nodes: NODES });
	await cluster.found(cluster.at(0), [CHANNEL]);
	const owner = await cluster.ownerOf(`channel/${CHANNEL}`);
	const edges = cluster.nodes.filter((node) => node !== owner);
	const audience = await Audience.gather(edges, members, talkers);
	audience.talk(perSecond);
	await sleep(secondsBefore * 1_000);
	cluster.kill(owner);
	const killedAt = performance.now();
	const aloneBefore = await countAlone(cluster);
	const back = await untilBack(audience, killedAt);
	await sleep(secondsAfter * 1_000);
	await Promise.all(audience.talkers.map((talker) => talker.stop()));
	const faults = await settled([audience.conversation]);
	const reopensPerEdge = (await cluster.count('reopens_total')) / edges.length;
	const openedAlone = (await countAlone(cluster)) - aloneBefore;
	await audience.leave();
	return { ...back, reopensPerEdge, openedAlone, faults };
}

export const ownerKilled: BenchRow = {
	id: 'kill',
	about: 'the owner of a channel with 1,000 members on other nodes is killed while they talk',
	async run(bench) {
		const runs: FailOver[] = [];
		for (let run = 1; run <= bench.runs; run++) {
			const found = await failOver(bench);
			runs.push(found);
			const { lost, doubled, missed } = found.faults;
			bench.progress(
				`run ${run}/${bench.runs}: accepts after ${found.acceptMs.toFixed(0)} ms, all have heard ` +
					`after ${found.deliverMs.toFixed(0)} ms, ${found.reopensPerEdge} re-opens per edge, ` +
					`${found.openedAlone} alone, lost ${lost}, doubled ${doubled}, missed ${missed}`,
			);
		}
		const missed = runs.reduce((sum, run) => sum + faultsIn(run.faults), 0);
		return [
			{
				name: 'owner killed: until its channel accepts and delivers again',
				unit: 's',
				value: median(runs.map(({ deliverMs }) => deliverMs)) / 1_000,
				atMost: 10,
				missed,
				peers: { accepts: median(runs.map(({ acceptMs }) => acceptMs)) / 1_000 },
			},
			{
				name: 'owner killed: re-opens',
				unit: 'per edge',
				value: Math.max(...runs.map(({ reopensPerEdge }) => reopensPerEdge)),
				atMost: 1,
				missed,
			},
			{
				name: 'owner killed: members that opened for themselves',
				unit: 'members',
				value: Math.max(...runs.map(({ openedAlone }) => openedAlone)),
				atMost: 0,
				missed,
			},
		];
	},
};
