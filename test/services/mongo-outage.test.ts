import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { StorageError } from '../../src/adapters/mongo/storage-error.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import { JournalWriter, type Settled } from '../../src/core/journal-writer.ts';
import type { Log } from '../../src/core/log.ts';
import {
	appendOne,
	commitsOf,
	newActor,
	recordOf,
	recordsOf,
} from '../contract/journal/records.ts';
import { commitOf, newName, put } from '../contract/store/rows.ts';
import { openTestMongo, type TestMongo } from './open-test-mongo.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { serviceUrls } from './urls.ts';

const TIMEOUT_MS = 700;
const WAIT = { timeout: 60_000, interval: 20 };

/** An adapter whose server can be taken away, and one beside it that keeps its own connection. */
async function openBehindProxy() {
	const url = serviceUrls().MONGO_URL;
	const proxy = await TcpProxy.start(url);
	const direct = await openTestMongo();
	const lines: string[] = [];
	const take = (fields: object, message: string) => {
		lines.push(`${message} ${JSON.stringify(fields)}`);
	};
	const log: Log = { debug: take, info: take, warn: take, error: take };
	const { database } = direct;
	const options = { url: proxy.through(url), timeoutMs: TIMEOUT_MS, database, log };
	const mongo: TestMongo = await openTestMongo(options);
	// Collections are made by who has the time for it.
	await appendOne(direct.journal, recordOf(newActor(), 1), { due: 1, epoch: 1 });
	await direct.store.put('messages', [newName(), 1], {});
	onTestFinished(async () => {
		await mongo.close();
		await direct.close();
		await proxy.close();
	});
	return { mongo, direct, proxy, lines };
}

/** Repeats a call until the server is there again; a machine under load may take its time. */
async function again<T>(call: () => Promise<T>): Promise<T> {
	const giveUpAt = performance.now() + 30_000;
	for (;;) {
		try {
			return await call();
		} catch (error) {
			if (!(error instanceof StorageError) || performance.now() > giveUpAt) throw error;
			await sleep(20);
		}
	}
}

const failure = (call: Promise<unknown>): Promise<unknown> =>
	call.then(
		() => 'no failure',
		(error: unknown) => error,
	);

describe('mongo: a server that is away', () => {
	test('is told by StorageError from every call, in time, and used again without a restart', async () => {
		const { mongo, proxy } = await openBehindProxy();
		const { journal, store } = mongo;
		const [actor, channel] = [newActor(), newName()];
		await again(() => appendOne(journal, recordOf(actor, 1)));
		const row = put('messages', [channel, 1], { text: 'a' });
		const calls: (() => Promise<unknown>)[] = [
			() => appendOne(journal, recordOf(newActor(), 1)),
			() => appendOne(journal, recordOf(newActor(), 1), { due: 1, epoch: 1 }),
			() => journal.head(actor),
			() => journal.read(actor, { commit: 0 }, { bytesMax: 1 }),
			() => journal.read(actor, { position: 0 }, { bytesMax: 1 }),
			() => journal.snapshot(actor),
			() => journal.putSnapshotPart({ actor, commit: 1, part: 0, bytes: new Uint8Array(1) }),
			() => journal.sealSnapshot(actor, 1, 1),
			() => journal.wakes(1, 1),
			() => journal.setWake(actor, 1, 1),
			() => journal.redact(actor, 1, null),
			() => store.get('messages', [channel, 1]),
			() => store.page({ collection: 'messages', prefix: [channel], limit: 1 }),
			() => store.project([commitOf(actor, 1, [row])]),
			() => store.watermark(actor),
			() => store.put('messages', [channel, 2], {}),
		];
		for (const breakIt of [() => proxy.cut(), () => proxy.swallowAnswers()]) {
			breakIt();
			const began = performance.now();
			const failures = await Promise.all(calls.map((call) => failure(call())));
			// Each may wait for its turn and then for its answer.
			expect(performance.now() - began).toBeLessThan(10 * TIMEOUT_MS);
			for (const one of failures) expect(one).toBeInstanceOf(StorageError);
			const codes = new Set(failures.map((one) => (one as StorageError).code));
			expect(['UNAVAILABLE', 'TIMEOUT']).toEqual(expect.arrayContaining([...codes]));
			proxy.restore();
			for (const call of calls) await again(call);
		}
	});

	test('keeps nobody who opens waiting', async () => {
		const proxy = await TcpProxy.start(serviceUrls().MONGO_URL);
		onTestFinished(() => proxy.close());
		proxy.cut();
		const url = proxy.through(serviceUrls().MONGO_URL);
		const opening = openTestMongo({ url, timeoutMs: TIMEOUT_MS });
		await expect(opening).rejects.toThrow(StorageError);
	});
});

describe('mongo: an outcome that is not known', () => {
	test('is that of a record too large for the server; its neighbours land', async () => {
		const { direct } = await openBehindProxy();
		const [one, other] = [newActor(), newActor()];
		const tooLarge = recordOf(newActor(), 1, { text: 'x'.repeat(17_000_000) });
		const records = [recordOf(one, 1), tooLarge, recordOf(other, 1)];
		const outcomes = await direct.journal.append(records.map((record) => ({ record })));
		expect(outcomes).toEqual(['landed', 'unknown', 'landed']);
	});

	test('[P12] is settled by the same record: it landed, and another writer is fenced', async () => {
		const { mongo, direct, proxy } = await openBehindProxy();
		const actor = newActor();
		const mine = recordOf(actor, 1, { writer: 'mine' });
		// Pooled connections: what is sent now reaches the server.
		await again(() => mongo.journal.head(actor));
		proxy.swallowAnswers();
		expect(await failure(appendOne(mongo.journal, mine))).toBeInstanceOf(StorageError);
		await expect.poll(() => commitsOf(direct.journal, actor), WAIT).toEqual([1]);
		proxy.restore();
		expect(await again(() => appendOne(mongo.journal, mine))).toBe('landed');
		const theirs = recordOf(actor, 1, { writer: 'theirs' });
		expect(await again(() => appendOne(mongo.journal, theirs))).toBe('fenced');
		expect(await recordsOf(direct.journal, actor)).toEqual([mine]);
	});

	test('[P12] and was of another owner meanwhile: fenced, nothing of mine is there', async () => {
		const { mongo, direct, proxy } = await openBehindProxy();
		const actor = newActor();
		proxy.cut();
		const mine = recordOf(actor, 1, { writer: 'mine' });
		expect(await failure(appendOne(mongo.journal, mine))).toBeInstanceOf(StorageError);
		const theirs = recordOf(actor, 1, { writer: 'theirs' });
		await appendOne(direct.journal, theirs);
		proxy.restore();
		expect(await again(() => appendOne(mongo.journal, mine))).toBe('fenced');
		expect(await recordsOf(direct.journal, actor)).toEqual([theirs]);
	});

	test('[P12] [P22] a node goes through outages under load with every commit there once, in order', async () => {
		const { mongo, direct, proxy, lines } = await openBehindProxy();
		const writer = new JournalWriter({ journal: mongo.journal, runtime: nodeRuntime });
		const actors = Array.from({ length: 30 }, newActor);
		const outcomes: Settled[] = [];
		let isOver = false;
		let written = 0;
		/** One commit after another, as a host does. */
		const work = async (actor: (typeof actors)[number]) => {
			let commit = 0;
			while (!isOver) {
				const record = recordOf(actor, ++commit);
				outcomes.push(await new Promise((resolve) => writer.append({ record }, resolve)));
				written++;
			}
			return commit;
		};
		const working = Promise.all(actors.map(work));
		const linesOf = (message: string) => lines.filter((line) => line.includes(message)).length;
		const outages = [
			{ breakIt: () => proxy.cut(), until: 'calls are refused until it does' },
			{ breakIt: () => proxy.swallowAnswers(), until: 'connecting anew' },
			{ breakIt: () => proxy.cut(), until: 'connecting anew' },
		];
		for (const { breakIt, until } of outages) {
			const [before, seen] = [written, linesOf(until)];
			await expect.poll(() => written, WAIT).toBeGreaterThan(before + 100);
			breakIt();
			await expect.poll(() => linesOf(until), WAIT).toBeGreaterThan(seen);
			proxy.restore();
		}
		const before = written;
		await expect.poll(() => written, WAIT).toBeGreaterThan(before + 100);
		isOver = true;
		const commits = await working;
		expect(outcomes.every((one) => one === 'landed')).toBe(true);
		for (const [n, actor] of actors.entries()) {
			const numbers = Array.from({ length: commits[n] as number }, (_, index) => index + 1);
			expect(await commitsOf(direct.journal, actor)).toEqual(numbers);
		}
	});

	test('[P46] neither log nor errors hold what was to be written', async () => {
		const { mongo, proxy, lines } = await openBehindProxy();
		const { journal, store } = mongo;
		const secret = 'rhubarb';
		const record = recordOf(newActor(), 1, { text: secret });
		await again(() => journal.head(record.actor));
		proxy.swallowAnswers();
		const failures = [await failure(appendOne(journal, record))];
		proxy.restore();
		proxy.cut();
		failures.push(await failure(appendOne(journal, record)));
		failures.push(await failure(store.put('messages', [newName(), 1], { text: secret })));
		proxy.restore();
		for (const error of failures) {
			expect(error).toBeInstanceOf(StorageError);
			const { message, stack, cause } = error as StorageError;
			expect(JSON.stringify([error, message, stack, cause])).not.toContain(secret);
		}
		expect(lines.length).toBeGreaterThan(0);
		expect(lines.join('\n')).not.toContain(secret);
	});
});
