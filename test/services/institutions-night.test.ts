import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Binary, type Db, MongoClient } from 'mongodb';
import { afterEach, expect, test } from 'vitest';
import { connect } from '../../client-sdk/src/index.ts';
import { unpack } from '../../src/protocol/codec.ts';
import type { AssetSnapshot } from '../../src/protocol/institution.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { dayConsent, type SeenCall, SimulatedBanks } from '../support/simulated-banks.ts';
import { until } from '../support/world.ts';
import { ClusterNodes } from './cluster-nodes.ts';
import { callsSince, InstitutionLoad, mostIn } from './institution-load.ts';

/** Two calls a refresh: the list and one detail. */
const BANK = 'e-money-a';
/** Some have this one too, which becomes so slow that a refresh there takes half a minute. */
const SLOW = 'telecom-a';
const SLEEPERS = 150;
const SLOW_SLEEPERS = 20;
const BURST = 16;
/** Calls a second: what operators set for the night, while it was far more for the registrations. */
const CONTRACT = 16;
const DAY_CONTRACT = 300;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WEEK_MS = 168 * HOUR_MS;
const FIRST_MONDAY = 96 * HOUR_MS;
const UTC_OFFSET_MS = 9 * HOUR_MS;
/** What is left of the week, at least, when the night's nodes begin. */
const NIGHT_MS = 3.5 * MINUTE_MS;
/** A target is settled by a step each second; its calls wait for permits. */
const IN_FLIGHT_MS = 10_000;
const POLL_MS = 200;

const undo: (() => unknown)[] = [];
afterEach(async () => {
	for (const one of undo.splice(0).reverse()) await one();
});

/** The hour in which it is noon where it is midnight here: batch calls may not go for a while. */
const farHours = () => {
	const hour = Math.floor(((Date.now() + UTC_OFFSET_MS) % (24 * HOUR_MS)) / HOUR_MS);
	return { from: (hour + 12) % 24, to: (hour + 13) % 24 };
};

async function start() {
	const banks = await SimulatedBanks.start({
		batchHours: farHours(),
		perUser: { perSecondMax: 1_000, burstMax: 10_000 },
		timeouts: { connectMs: 2_000, totalMs: 20_000, slowMs: 19_000 },
		ratePerSecond: DAY_CONTRACT,
	});
	undo.push(() => banks.close());
	await banks.control('*', { latencyMs: 20 });
	const cluster = await ClusterNodes.start(0, { env: banks.env });
	undo.push(() => cluster.end());
	return { banks, cluster };
}

/** The same institutions in the last minutes of a week that has no other allowed hours. */
function nightSettings(file: string, end: number) {
	const settings = JSON.parse(readFileSync(file, 'utf8')) as { defaults: object };
	const weekBeginsMinutes = ((end + UTC_OFFSET_MS - FIRST_MONDAY) % WEEK_MS) / MINUTE_MS;
	const defaults = { ...settings.defaults, batchHours: { from: 0, to: 24 }, weekBeginsMinutes };
	const INSTITUTIONS_FILE = `${file}.night.json`;
	writeFileSync(INSTITUTIONS_FILE, JSON.stringify({ ...settings, defaults }));
	return { INSTITUTIONS_FILE };
}

type Night = Awaited<ReturnType<typeof start>>;

async function register({ cluster }: Night, userId: string, banks: readonly string[]) {
	const naru = cluster.client(userId, ...cluster.nodes.filter(({ isRunning }) => isRunning));
	try {
		const job = await naru.assets.register(banks, { consent: dayConsent() });
		return (await job.ended()).state;
	} finally {
		await naru.close();
	}
}

/** Before the night, through one node, which then ends in good order. */
async function evening(night: Night): Promise<void> {
	const { cluster } = night;
	const node = await cluster.add();
	const sleepers = Array.from({ length: SLEEPERS }, (_, n) => n);
	while (sleepers.length > 0) {
		const some = sleepers.splice(0, 25).map((n) => {
			const banks = n < SLOW_SLEEPERS ? [BANK, SLOW] : [BANK];
			return register(night, `sleeper-${n}`, banks);
		});
		expect(new Set(await Promise.all(some))).toEqual(new Set(['done']));
	}
	await new InstitutionLoad(cluster, BANK).ops(node, 'rate', { perSecond: CONTRACT });
	expect(await node.terminate()).toEqual({ code: 0, signal: null });
	cluster.nodes.splice(0);
}

const isSleeper = ({ userId }: Pick<SeenCall, 'userId'>) => userId.startsWith('sleeper-');
/** The transaction of a target, of which its calls are named. */
const transactionOf = ({ transactionId }: SeenCall) => transactionId.split('.')[0] ?? '';

function byUser(calls: readonly SeenCall[]): Map<string, SeenCall[]> {
	const users = new Map<string, SeenCall[]>();
	for (const call of calls.filter(isSleeper)) {
		users.set(call.userId, [...(users.get(call.userId) ?? []), call]);
	}
	return users;
}

/** Users of whom a call went out again, by its name. */
const repeated = (calls: ReadonlyMap<string, SeenCall[]>) =>
	[...calls].filter(
		([, all]) => new Set(all.map(({ transactionId }) => transactionId)).size < all.length,
	);

/** What operators see of the plan, as soon as somebody owns it. */
async function boardWhenThere(ops: ReturnType<typeof connect>) {
	for (;;) {
		const board = await ops
			.refreshPlan(BANK)
			.board({ minutes: 60 })
			.catch(() => undefined);
		if (board !== undefined) return board;
		await sleep(POLL_MS);
	}
}

/** By user: the version of the assets at the bank, which is the time of their recording or later. */
async function versionsOf(views: Db): Promise<Map<string, number>> {
	const rows = await views
		.collection<{ _id: { userId: string; institution: string }; doc: Binary }>('views.assets')
		.find({ '_id.institution': BANK })
		.toArray();
	const versionOf = (doc: Binary) => (unpack(Buffer.from(doc.value())) as AssetSnapshot).version;
	return new Map(rows.map(({ _id, doc }) => [_id.userId, versionOf(doc)]));
}

/** Which of the nodes owns an actor. */
async function ownerOf({ cluster }: Night, key: string): Promise<NaruProcess> {
	const [asked] = cluster.nodes as [NaruProcess];
	const { node } = await cluster.ops<{ node: string }>(`actors/${key}`, asked);
	const ids = await new InstitutionLoad(cluster, BANK).ids();
	return cluster.nodes[ids.indexOf(node)] as NaruProcess;
}

test('[I20] [I21] [I22] [I23] a night in which the owner of the plan is killed', async () => {
	const night = await start();
	const { banks, cluster } = night;
	await evening(night);
	await banks.control(BANK, { ratePerSecond: CONTRACT });
	await banks.control(SLOW, { latencyMs: 6_000 });
	const begun = Date.now();
	const end = Math.ceil((begun + NIGHT_MS) / MINUTE_MS) * MINUTE_MS;
	const env = nightSettings(banks.env.INSTITUTIONS_FILE ?? '', end);
	await Promise.all([cluster.add(env), cluster.add(env), cluster.add(env)]);
	const called = async (count: number) => {
		await sleep(POLL_MS);
		return byUser(await callsSince(banks, BANK, begun)).size >= count;
	};
	await until(() => called(20));

	// Users come in between: their calls go before those of the plan.
	const burstAt = Date.now();
	const burst = Array.from({ length: BURST }, (_, n) => register(night, `burst-${n}`, [BANK]));
	expect(new Set(await Promise.all(burst))).toEqual(new Set(['done']));
	const during = await callsSince(banks, BANK, burstAt);
	const users = during.filter(({ userId }) => userId.startsWith('burst-'));
	const lastAt = Math.max(...users.map(({ at }) => at));
	const batch = during.filter((call) => isSleeper(call) && call.at <= lastAt);
	expect(users.length).toBeGreaterThanOrEqual(3 * BURST);
	expect(batch.length).toBeLessThan(users.length);

	await until(() => called(40));
	const victim = await ownerOf(night, `refresh-plan/${BANK}`);
	await victim.kill();
	const killed = Date.now();
	const [survivor] = cluster.nodes.filter(({ isRunning }) => isRunning) as [NaruProcess];
	const ops = connect({ url: [survivor.url], token: () => cluster.token('ops', ['ops']) });
	undo.push(() => ops.close());
	// To the end of the week: the next one says whether it missed anybody.
	let last = await boardWhenThere(ops);
	let next = last;
	await until(async () => {
		await sleep(POLL_MS);
		next = await boardWhenThere(ops);
		if (next.info.week === last.info.week) last = next;
		return next !== last;
	});
	const { info, minutes } = last;
	expect(next.info.missedLastWeek).toBe(0);
	expect(info.totals).toMatchObject({ gone: 0, failed: 0 });
	expect(info.expected).toBeGreaterThanOrEqual(SLEEPERS);
	// The pace that the plan gives itself, by the rate that was set in the evening.
	for (const { planned } of minutes) expect(planned).toBeLessThanOrEqual((CONTRACT / 4) * 60);

	const calls = byUser(await callsSince(banks, BANK, begun));
	expect(calls.size).toBe(SLEEPERS);
	for (const all of calls.values()) expect(new Set(all.map(transactionOf)).size).toBe(1);
	for (const [, all] of repeated(calls)) {
		const first = Math.min(...all.map(({ at }) => at));
		expect(first).toBeGreaterThan(killed - IN_FLIGHT_MS);
		expect(first).toBeLessThan(killed + 1_000);
	}
	// The slow one has its own pace, and has held nobody up.
	const slow = byUser(await callsSince(banks, SLOW, begun));
	expect(slow.size).toBe(SLOW_SLEEPERS);
	for (const all of slow.values()) expect(new Set(all.map(transactionOf)).size).toBe(1);

	await sleep(2_000);
	const client = new MongoClient(cluster.mongoUrl);
	undo.push(() => client.close());
	const views = client.db();
	const rows = await views
		.collection<{ _id: { at: number } }>('views.calls')
		.find({ '_id.institution': BANK, '_id.at': { $gt: begun } })
		.toArray();
	// The last of the killed node are lost with it.
	expect(rows.length).toBeGreaterThan(1.8 * SLEEPERS);
	const sent = rows.map(({ _id }) => _id.at);
	expect(mostIn(sent, 1_000)).toBeLessThanOrEqual(CONTRACT);
	const versions = [...(await versionsOf(views))].filter(([userId]) => isSleeper({ userId }));
	// Recorded this night; and for the one transaction of each, so once.
	expect(versions.length).toBe(SLEEPERS);
	expect(versions.filter(([, version]) => version < begun)).toEqual([]);
}, 480_000);
