import { connect, NaruError } from '../../../client-sdk/src/index.ts';
import { TcpProxy } from '../../services/tcp-proxy.ts';
import { Talker } from '../clients/talker.ts';
import { Cluster } from '../harness/cluster.ts';
import { Conversation, type Faults, faultsIn, settled } from '../harness/conversation.ts';
import { eachOf } from '../harness/crowd.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { median } from '../harness/statistics.ts';
import { Stores } from '../harness/stores.ts';
import { tokenFor } from '../harness/token.ts';

const FULL = { channels: 20, everyMs: 400, awayMs: 30_000 };
/** Longer than the lease of a node. */
const QUICK = { channels: 5, everyMs: 400, awayMs: 6_000 };
const NODES = 2;
/** Newcomers ask when the nodes have noticed. */
const NOTICED_MS = 2_000;
const AFTER_MS = 6_000;
const AGAIN_MS = 100;
/** A channel with members at one node only, so that the other has to ask the directory for its owner. */
const LONELY = 'lonely';

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

interface Outage {
	readonly longestPauseMs: number;
	/** Users shown offline, and sockets that were lost. */
	readonly flaps: number;
	/** A new client on a channel that is open at its node: until it is open. */
	readonly newcomerMs: number;
	/** From Redis's return until it is served: a channel that nobody owned. */
	readonly newChannelMs: number;
	/** The same for a channel that is open elsewhere only. */
	readonly elsewhereMs: number;
	readonly faults: Faults;
}

/** Enters a channel with a new client, asking again until it is let in; answers when it was. */
async function comeTo(urls: readonly string[], channel: string): Promise<number> {
	const userId = `newcomer-${channel}`;
	const naru = connect({ url: urls, token: () => tokenFor(userId), deviceId: 'bench' });
	for (;;) {
		try {
			await naru.channel(channel).join();
			const at = performance.now();
			await naru.close();
			return at;
		} catch (error) {
			if (!(error instanceof NaruError && error.retryable)) throw error;
			await sleep(AGAIN_MS);
		}
	}
}

/** What clients see of others: counts users who are shown offline from now on. */
function countOffline(talkers: readonly Talker[], users: readonly string[]): () => number {
	let offline = 0;
	for (const { naru } of talkers)
		naru.presence.watch(users, (states) => {
			offline += states.filter(({ state }) => state === 'offline').length;
		});
	return () => offline;
}

async function gather(cluster: Cluster, conversations: readonly Conversation[]) {
	const talkers: Talker[] = [];
	const users: string[] = [];
	await eachOf(conversations.length, async (index) => {
		for (let member = 0; member < NODES; member++) {
			const userId = `u${index}-${member}`;
			users.push(userId);
			const conversation = conversations[index] as Conversation;
			const urls = cluster.urlsFrom(index + member);
			const channel = `c${index}`;
			const talker = await Talker.enter({ urls, userId, channel, conversation, member });
			talkers.push(talker);
		}
	});
	return { talkers, users };
}

const socketsOf = (talkers: readonly Talker[]) =>
	talkers.reduce((sum, { naru }) => sum + naru.stats.sockets, 0);

/** Cuts the way to Redis and empties it, as a stop without a disk would; gives it back in time. */
async function outage(redis: TcpProxy, { stores, cluster, awayMs }: Away) {
	redis.cut();
	const from = performance.now();
	await stores.emptyRedis();
	await sleep(NOTICED_MS);
	const askedAt = performance.now();
	const newcomers = Promise.all([
		comeTo(cluster.urlsFrom(0), 'c0'),
		comeTo(cluster.urlsFrom(0), 'new'),
		comeTo(cluster.urlsFrom(1), LONELY),
	]);
	await sleep(awayMs - NOTICED_MS);
	redis.restore();
	const backAt = performance.now();
	const [newcomer, newChannel, elsewhere] = await newcomers;
	await sleep(AFTER_MS);
	return {
		from,
		newcomerMs: newcomer - askedAt,
		newChannelMs: newChannel - backAt,
		elsewhereMs: elsewhere - backAt,
	};
}

interface Away {
	readonly stores: Stores;
	readonly cluster: Cluster;
	readonly awayMs: number;
}

/** One run. */
async function withoutRedis(bench: Bench): Promise<Outage> {
	const { channels, everyMs, awayMs } = bench.quick ? QUICK : FULL;
	await using stores = new Stores();
	const redis = await TcpProxy.start(stores.env.REDIS_URL ?? '');
	await using end = new AsyncDisposableStack();
	end.defer(() => redis.close());
	const env = { REDIS_URL: redis.through(stores.env.REDIS_URL ?? '') };
	await using cluster = await Cluster.start({ bench, stores, nodes: NODES, env });
	await cluster.found(cluster.at(0), [LONELY]);
	const conversations = Array.from({ length: channels }, () => new Conversation(NODES));
	const { talkers, users } = await gather(cluster, conversations);
	const offline = countOffline(talkers, users);
	for (const [n, talker] of talkers.entries())
		talker.start(everyMs, (n * everyMs) / talkers.length);
	await sleep(AFTER_MS);
	const [offlineBefore, socketsBefore] = [offline(), socketsOf(talkers)];
	const { from, ...waits } = await outage(redis, { stores, cluster, awayMs });
	const to = performance.now();
	await Promise.all(talkers.map((talker) => talker.stop()));
	const faults = await settled(conversations);
	const flaps = offline() - offlineBefore + socketsOf(talkers) - socketsBefore;
	await Promise.all(talkers.map((talker) => talker.leave()));
	const longestPauseMs = Math.max(...conversations.map((one) => one.longestPauseMs(from, to)));
	return { ...waits, longestPauseMs, flaps, faults };
}

export const redisAway: BenchRow = {
	id: 'redis',
	about: 'Redis is stopped for 30 s, and comes back empty, while everybody talks',
	async run(bench) {
		const { awayMs } = bench.quick ? QUICK : FULL;
		const runs: Outage[] = [];
		for (let run = 1; run <= bench.runs; run++) {
			const found = await withoutRedis(bench);
			runs.push(found);
			const { lost, doubled, missed } = found.faults;
			bench.progress(
				`run ${run}/${bench.runs}: longest pause ${found.longestPauseMs.toFixed(0)} ms, ` +
					`${found.flaps} flaps, a newcomer waits ${found.newcomerMs.toFixed(0)} ms, after the ` +
					`return a new channel ${found.newChannelMs.toFixed(0)} ms, one that is open elsewhere ` +
					`${found.elsewhereMs.toFixed(0)} ms; lost ${lost}, doubled ${doubled}, missed ${missed}`,
			);
		}
		const missed = runs.reduce((sum, run) => sum + faultsIn(run.faults), 0);
		const of = (field: Exclude<keyof Outage, 'faults'>) => median(runs.map((run) => run[field]));
		const name = `Redis away for ${awayMs / 1_000} s`;
		return [
			{
				name: `${name}: longest pause of an open channel`,
				unit: 's',
				value: of('longestPauseMs') / 1_000,
				atMost: 1,
				missed,
			},
			{
				name: `${name}: users shown offline, sockets lost`,
				unit: 'flaps',
				value: Math.max(...runs.map(({ flaps }) => flaps)),
				atMost: 0,
				missed,
			},
			{
				name: `${name}: a new client waits for a channel open at its node`,
				unit: 's',
				value: of('newcomerMs') / 1_000,
				missed,
			},
			{
				name: `${name}: a new channel waits, from the return on`,
				unit: 's',
				value: of('newChannelMs') / 1_000,
				missed,
			},
			{
				name: `${name}: a channel open elsewhere only waits, from the return on`,
				unit: 's',
				value: of('elsewhereMs') / 1_000,
				missed,
			},
		];
	},
};
