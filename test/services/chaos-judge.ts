import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Message } from '../../client-sdk/src/index.ts';
import { openMongoShards } from '../../src/adapters/mongo/open-mongo-shards.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import type { CommitRecord, Journal } from '../../src/core/journal.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import type { ChaosLoad, Witness } from './chaos-load.ts';
import type { ClusterNodes } from './cluster-nodes.ts';
import type { SdkSender } from './sdk-sender.ts';

/** Opens the journal that the nodes share, for the time of `read`. */
export async function withJournal<T>(
	cluster: ClusterNodes,
	read: (journal: Journal) => Promise<T>,
): Promise<T> {
	const { mongoUrl, environment } = cluster;
	const opened = await openMongoShards({
		urls: [mongoUrl],
		environment,
		collections: [],
		runtime: nodeRuntime,
	});
	try {
		return await read(opened.journal);
	} finally {
		await opened.close();
	}
}

/** All that was ever written for an actor, oldest first. */
export async function recordsOf(journal: Journal, actor: ActorKey): Promise<CommitRecord[]> {
	const all: CommitRecord[] = [];
	for (;;) {
		const from = { commit: all.at(-1)?.commit ?? 0 };
		const { records, more } = await journal.read(actor, from, { bytesMax: 4_000_000 });
		all.push(...records);
		if (!more) return all;
	}
}

/**
 * Numbers without holes, time that does not go back, requests that took effect once, and owners that
 * never come back: each begins with an activation, unless it made the actor.
 */
export function checkRecords(records: readonly CommitRecord[]): void {
	let [position, at] = [0, 0];
	const writers: string[] = [];
	for (const [index, record] of records.entries()) {
		expect(record.commit).toBe(index + 1);
		expect(record.position).toBe(position + record.events.length);
		expect(record.at).toBeGreaterThanOrEqual(at);
		({ position, at } = record);
		if (record.writer === writers.at(-1)) continue;
		if (index > 0) expect(record.events).toEqual([]);
		writers.push(record.writer);
	}
	expect(new Set(writers).size).toBe(writers.length);
	const requests = records.flatMap((record) =>
		record.requests.map(({ userId, requestId }) => `${userId} ${requestId}`),
	);
	expect(new Set(requests).size).toBe(requests.length);
}

interface Event {
	readonly type: string;
	readonly data: Message & { readonly by?: string };
}

const eventsOf = (records: readonly CommitRecord[]) =>
	records.flatMap(({ events }) => events as unknown as readonly Event[]);

/** Holds what all senders and members have seen against the journal, and stops the load before. */
export async function judge(load: ChaosLoad): Promise<void> {
	await load.stop();
	const { cluster, options } = load;
	const journals = await withJournal(cluster, async (journal) => {
		const found = new Map<string, readonly CommitRecord[]>();
		for (const id of options.channels) found.set(id, await recordsOf(journal, `channel/${id}`));
		return found;
	});
	for (const [channelId, records] of journals) {
		checkRecords(records);
		const events = eventsOf(records);
		const messages = events.filter(({ type }) => type === 'message').map(({ data }) => data);
		expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, n) => n + 1));
		expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
		checkSenders(load, channelId, messages);
		checkChanges(load.sdk, channelId, events);
		await checkWitnesses(load, channelId, messages);
	}
	for (const { contradictions } of load.backend) expect(contradictions).toEqual([]);
}

function checkSenders(load: ChaosLoad, channelId: string, messages: readonly Message[]): void {
	for (const sender of load.senders) {
		if (sender.channelId !== channelId) continue;
		for (const { seq, id, text } of sender.acknowledged) {
			expect(messages[seq - 1]).toMatchObject({ seq, id, text });
		}
		const given = new Set(sender.given);
		const stored = messages.map(({ text }) => text).filter((text) => given.has(text));
		// Each once at most, in the order in which they were given; all of those who go on asking.
		const wanted = sender.isSure
			? sender.given
			: sender.given.filter((text) => stored.includes(text));
		expect(stored).toEqual(wanted);
	}
}

/** An acknowledged change is there, and none is there twice. */
function checkChanges(senders: readonly SdkSender[], channelId: string, events: readonly Event[]) {
	const nameOf = (type: string, seq: number) => `${type} ${seq}`;
	const names = events.map(({ type, data }) => nameOf(type, data.seq));
	for (const { changes } of senders) {
		for (const { type, seq, isSure, ...change } of changes) {
			if (change.channelId !== channelId) continue;
			const times = names.filter((name) => name === nameOf(type, seq)).length;
			expect(times).toBeLessThanOrEqual(1);
			if (isSure) expect(times).toBe(1);
		}
	}
}

/** Everybody was told every message once, in order, and ends with what every node answers. */
async function checkWitnesses(load: ChaosLoad, channelId: string, messages: readonly Message[]) {
	const witnesses = load.witnesses.filter((witness) => witness.channelId === channelId);
	while (!witnesses.every(({ told }) => told.length >= messages.length)) await sleep(20);
	// A change behind the last message may still be on its way: an answer comes behind it.
	await Promise.all(witnesses.map(({ channel }) => channel.history({ limit: 1 })));
	const order = messages.map(({ seq, id }) => [seq, id]);
	for (const { told, resets } of witnesses) {
		expect(resets).toBe(0);
		expect(told.map(({ seq, id }) => [seq, id])).toEqual(order);
	}
	const last = await historyOf(witnesses[0] as Witness);
	expect(last.map(({ seq }) => seq)).toEqual(messages.map(({ seq }) => seq));
	for (const { channel } of witnesses) expect(channel.messages.map(shared)).toEqual(last);
}

async function historyOf({ channel }: Witness): Promise<Omit<Message, 'mine'>[]> {
	const all: Message[] = [];
	for (;;) {
		const after = all.at(-1)?.seq ?? 0;
		const { messages, hasMore } = await channel.history({ after, limit: 200 });
		all.push(...messages);
		if (!hasMore) return all.map(shared);
	}
}

/** A message without what differs from reader to reader. */
const shared = ({ mine: _, ...message }: Message) => message;
