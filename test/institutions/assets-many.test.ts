import { expect, test } from 'vitest';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import { PAGE_BYTES_MAX } from '../../src/protocol/channel.ts';
import { pack } from '../../src/protocol/codec.ts';
import type { Asset, AssetJob, AssetPlace, AssetSnapshot } from '../../src/protocol/institution.ts';
import { AssetWorld } from '../support/asset-world.ts';

const KEY = 'user/ann';
const COUNT = 100;
const ids = Array.from({ length: COUNT }, (_, n) => `bank-${String(n).padStart(3, '0')}`);

/** Institutions where every user has 1,000 holdings, told in ten details. */
function worldOfRichUsers(nameLength: number): AssetWorld {
	const world = new AssetWorld();
	const { banks } = world;
	banks.latencyMs = 1;
	banks.assets = 10;
	banks.pageLength = 10;
	banks.intercept = ({ api, assetId = '', institution }) => {
		if (api !== 'asset') return undefined;
		const assets = Array.from(
			{ length: 100 },
			(_, n): Asset => ({
				id: `${institution}-${assetId}-${n}`,
				type: 'holding',
				name: '주'.repeat(nameLength),
				amount: 9_007_199_254_740_000 + n,
				currency: 'KRW',
				asOf: world.runtime.now(),
			}),
		);
		return banks.outside({ body: { assets } });
	};
	return world;
}

async function registerAll(world: AssetWorld, institutions: readonly string[]) {
	const answers: CommandAnswer[] = [];
	const caller = { userId: 'ann', roles: ['system'] };
	for (let at = 0; at < institutions.length; at += 50) {
		const args = { institutions: institutions.slice(at, at + 50), consent: world.consent() };
		world.bench.system.command(KEY, { caller, name: 'register', args }, (one) => {
			answers.push(one);
		});
	}
	await world.runtime.until(() => answers.length === Math.ceil(institutions.length / 50));
	expect(answers.every(({ ok }) => ok)).toBe(true);
}

const isDone = ({ state }: AssetJob) => state === 'done';

interface ListPage {
	readonly snapshots: readonly AssetSnapshot[];
	readonly next?: AssetPlace;
}

/** All pages of the list, each as it was answered. */
async function pagesOf(ann: ReturnType<AssetWorld['device']>): Promise<ListPage[]> {
	const pages: ListPage[] = [];
	let after: AssetPlace | undefined;
	do {
		const answer = await ann.ask('list', after === undefined ? {} : { after });
		if (!answer.ok) throw new Error(answer.code);
		pages.push(answer.reply as ListPage);
		after = pages.at(-1)?.next;
	} while (after !== undefined);
	return pages;
}

test('[I4] 100 institutions with 1,000 assets each: rows, snapshots, state and frames are bounded', async () => {
	const world = worldOfRichUsers(60);
	const ann = world.device('ann');
	await registerAll(world, ids);
	const parts: number[] = [];
	for (let jobs: readonly AssetJob[] = []; jobs.length === 0 || !jobs.every(isDone); ) {
		await world.runtime.advance(20);
		const snapshot = await world.bench.journal.snapshot(KEY);
		parts.push(...(snapshot?.parts ?? []).map(({ length }) => length));
		jobs = await ann.jobs();
	}
	// Also of snapshots while ten institutions are under way, whose assets are in the state till then.
	expect(parts.length).toBeGreaterThan(0);
	expect(Math.max(...parts)).toBeLessThan(1024 * 1024);
	await world.runtime.advance(5_000);
	const { rows } = await world.bench.store.page({
		collection: 'assets',
		prefix: ['ann'],
		limit: COUNT,
	});
	expect(rows).toHaveLength(COUNT);
	for (const { doc } of rows) expect(pack(doc).length).toBeLessThan(1024 * 1024);
	const pages = await pagesOf(ann);
	for (const page of pages) expect(pack(page).length).toBeLessThanOrEqual(PAGE_BYTES_MAX);
	const counts = new Map<string, number>();
	for (const { institution, assets } of pages.flatMap(({ snapshots }) => snapshots)) {
		counts.set(institution, (counts.get(institution) ?? 0) + assets.length);
	}
	expect([...counts]).toEqual(ids.map((id) => [id, 1_000]));
	// Those that are too large for a frame are named, to be read.
	expect(Math.max(...ann.told.map((event) => pack(event).length))).toBeLessThan(PAGE_BYTES_MAX);
	expect(ann.told.filter(([type]) => type === 'newer')).toHaveLength(COUNT);
	expect(ann.told.filter(([type]) => type === 'snapshot')).toEqual([]);
}, 120_000);

test('[I4] a snapshot that changes between two parts is told anew, one that is withdrawn ends', async () => {
	const world = worldOfRichUsers(60);
	const ann = world.device('ann');
	await registerAll(world, ids.slice(0, 2));
	await ann.ended();
	const first = (await ann.ask('get', { institution: 'bank-000' })) as {
		reply?: { snapshot: AssetSnapshot; next: { version: number; from: number } };
	};
	const { snapshot, next } = first.reply ?? {};
	expect(snapshot?.assets.length).toBeLessThan(1_000);
	expect(next).toMatchObject({ version: snapshot?.version, from: snapshot?.assets.length });
	const rest = await ann.ask('get', { institution: 'bank-000', part: next });
	expect(rest).toMatchObject({ reply: { snapshot: { version: next?.version } } });
	await world.runtime.advance(1_000);
	ann.told.splice(0);
	await registerAll(world, ['bank-000']);
	await ann.ended();
	const anew = (await ann.ask('get', { institution: 'bank-000', part: next })) as {
		reply?: { snapshot: AssetSnapshot };
	};
	expect(anew.reply?.snapshot.version).toBeGreaterThan(next?.version ?? 0);
	expect(anew.reply?.snapshot.assets[0]?.id).toContain('asset-0-0');
	await ann.withdraw('bank-000');
	expect(await ann.ask('get', { institution: 'bank-000', part: next })).toEqual({
		ok: true,
		reply: {},
	});
	const after = { institution: 'bank-000', part: next };
	const behind = (await ann.ask('list', { after })) as { reply?: ListPage };
	expect(behind.reply?.snapshots[0]).toMatchObject({ institution: 'bank-001' });
});
