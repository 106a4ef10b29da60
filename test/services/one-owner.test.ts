import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { Naru, NaruError } from '../../client-sdk/src/index.ts';
import { seeded } from '../support/seeded.ts';
import { checkRecords, recordsOf, withJournal } from './chaos-judge.ts';
import { SEED } from './chaos-outage.ts';
import { ClusterNodes } from './cluster-nodes.ts';

/** Two races for each key: for one that is new, and for one that is to be loaded. */
const KEYS = Number(process.env.CHAOS_RACES ?? 1_000) / 2;
const AT_A_TIME = 50;
const STORE_DELAY_MS = 15;
/** A lease is 4 s. */
const LONG_PAUSE_MS = 5_500;
const PAUSE_MS_MAX = 400;
const BETWEEN_PAUSES_MS = 600;

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

interface Said {
	readonly channelId: string;
	readonly text: string;
	readonly seq: number;
}

/** Repeats what may be repeated. */
async function again<T>(call: () => Promise<T>): Promise<T> {
	for (;;) {
		try {
			return await call();
		} catch (error) {
			if (!(error as NaruError).retryable) throw error;
			await sleep(50);
		}
	}
}

async function sayIn(naru: Naru, channelId: string, text: string): Promise<Said> {
	const channel = naru.channel(channelId);
	await again(() => channel.join());
	const { seq } = await channel.send(text);
	channel.close();
	return { channelId, text, seq };
}

/** Both clients at once, key by key, some keys at a time. */
async function race(clients: readonly Naru[], round: string): Promise<Said[]> {
	const said: Said[] = [];
	const keys = Array.from({ length: KEYS }, (_, n) => `race${n}`).values();
	const worker = async () => {
		for (const key of keys) {
			const sayings = clients.map((naru, n) => sayIn(naru, key, `${round} ${n}`));
			said.push(...(await Promise.all(sayings)));
		}
	};
	await Promise.all(Array.from({ length: AT_A_TIME }, worker));
	return said;
}

/** Pauses one node or the other again and again, once for longer than a lease, while `work` goes on. */
async function amidPauses<T>(nodes: ClusterNodes, work: Promise<T>, random: () => number) {
	let isOver = false;
	const working = work.finally(() => {
		isOver = true;
	});
	for (let n = 0; !isOver; n++) {
		const node = nodes.nodes[Math.floor(random() * nodes.nodes.length)];
		node?.pause();
		await sleep(n === 1 ? LONG_PAUSE_MS : PAUSE_MS_MAX * random());
		node?.resume();
		await Promise.race([sleep(BETWEEN_PAUSES_MS), working]);
	}
	return working;
}

test(`[P10][P12] two nodes race for each of ${KEYS} keys twice, with a slow store and pauses: one writer at a time (seed ${SEED})`, async () => {
	cluster = await ClusterNodes.start(2, { isProxied: true });
	const { nodes, ways } = cluster;
	const random = seeded(SEED);
	const clients = nodes.map((node, n) => (cluster as ClusterNodes).client(`racer${n}`, node));
	for (const { mongo } of ways) mongo.delayBy(STORE_DELAY_MS);
	const began = Date.now();
	const said = await amidPauses(cluster, race(clients, 'new'), random);
	await Promise.all(nodes.map((node) => node.kill()));
	await Promise.all(nodes.map((_, n) => (cluster as ClusterNodes).replace(n)));
	said.push(...(await amidPauses(cluster, race(clients, 'loaded'), random)));
	const tookMs = Date.now() - began;
	let moved = 0;
	await withJournal(cluster, async (journal) => {
		for (let n = 0; n < KEYS; n++) {
			const channelId = `race${n}`;
			const records = await recordsOf(journal, `channel/${channelId}`);
			checkRecords(records);
			moved += new Set(records.map(({ writer }) => writer)).size - 2;
			const messages = records
				.flatMap(({ events }) => events)
				.filter(({ type }) => type === 'message')
				.map(({ data }) => data as { readonly seq: number; readonly text: string })
				.map(({ seq, text }) => ({ channelId, seq, text }));
			const acknowledged = said
				.filter((one) => one.channelId === channelId)
				.sort((one, other) => one.seq - other.seq);
			expect(messages).toEqual(acknowledged);
		}
	});
	console.info(`${moved} of ${2 * KEYS} races went on at another owner; all in ${tookMs} ms`);
}, 240_000);
