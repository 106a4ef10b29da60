import { MongoClient } from 'mongodb';
import { afterEach, expect, test } from 'vitest';
import { connect } from '../../client-sdk/src/index.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { dayConsent, SimulatedBanks } from '../support/simulated-banks.ts';
import { rest, until } from '../support/world.ts';
import { ClusterNodes } from './cluster-nodes.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
	for (const one of undo.splice(0).reverse()) await one();
});

/** How tokens of the simulator begin: their kind and the user's id. */
const TOKENS = ['access', 'refresh'].map(
	(kind) => `${kind}.${Buffer.from('ann').toString('base64url')}.`,
);
/** How sealed ones do. */
const SEALED = '1.k1.';

/** Nodes that say all they ever would. */
async function start() {
	const banks = await SimulatedBanks.start();
	undo.push(() => banks.close());
	await banks.control('*', { latencyMs: 5 });
	const tokenKeys = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
	const env = { ...banks.env, TOKEN_KEYS: tokenKeys, LOG_LEVEL: 'trace' };
	const cluster = await ClusterNodes.start(2, { env });
	undo.push(() => cluster.end());
	const [node] = cluster.nodes as [NaruProcess];
	const naru = connect({ url: node.url, token: () => cluster.token('root', ['ops']) });
	undo.push(() => naru.close());
	return { banks, cluster, node, ops: naru.ops };
}

/** Every document of the database, as its bytes, by collection. */
async function storedBytes(url: string): Promise<Map<string, Buffer>> {
	const client = new MongoClient(url);
	try {
		const collections = await client.db().collections();
		const all = collections.map(async (collection) => {
			const documents = await collection.find({}, { raw: true }).toArray();
			const bytes = Buffer.concat(documents as unknown as Buffer[]);
			return [collection.collectionName, bytes] as const;
		});
		return new Map(await Promise.all(all));
	} finally {
		await client.close();
	}
}

/** What those who run the nodes can see of a user whose assets are on their way. */
async function seenByOperators({
	cluster,
	node,
	ops,
}: Awaited<ReturnType<typeof start>>): Promise<string> {
	const seen: unknown[] = [await ops.actor({ key: 'user/ann' }), await ops.audit({})];
	const { nodes } = await ops.nodes({});
	for (const { id } of nodes) {
		const { sockets } = await ops.sockets({ node: id });
		seen.push(await ops.node({ node: id }), await ops.actors({ node: id }), sockets);
		for (const socket of sockets) seen.push(await ops.socket({ node: id, id: socket.id }));
	}
	const token = await cluster.token('root', ['ops']);
	for (const path of ['ops/actors/user/ann', 'ops/institutions/traffic', 'institutions']) {
		const { status, body } = await rest(node.url, `/api/v1/${path}`, { token });
		expect([path, status]).toEqual([path, 200]);
		seen.push(body);
	}
	for (const { url } of cluster.nodes) seen.push(await (await fetch(`${url}/metrics`)).text());
	return JSON.stringify(seen);
}

test('[I8] tokens are in clear in no document, log, metric and answer to operators; sealed in none of those', async () => {
	const world = await start();
	const { banks, cluster, ops } = world;
	const { assets } = cluster.client('ann', ...cluster.nodes);
	// One that has nothing to say but nonsense, so that there is something to log.
	await banks.control('bank-b', { garbage: true });
	const register = async (...ids: string[]) =>
		(await assets.register(ids, { consent: dayConsent() })).ended();
	const ids = ['bank-a', 'bank-b', 'card-a', 'securities-a'];
	expect(await register(...ids)).toMatchObject({ state: 'partial' });
	// Enough steps for a snapshot of the actor when it is put away.
	for (let n = 0; n < 4; n++) await register('securities-a', 'card-a');
	const during = await seenByOperators(world);
	await ops.sleep({ key: 'user/ann' });
	await assets.withdraw('card-a');
	await until(async () => (await banks.calls('card-a')).at(-1)?.api === 'revoke');
	const seen = during + (await seenByOperators(world));
	const documents = await storedBytes(cluster.mongoUrl);
	const having = (text: string) =>
		[...documents].filter(([, bytes]) => bytes.includes(text)).map(([name]) => name);
	// What is sealed, and what is said of accounts, is found: so the search would find.
	expect(having(SEALED)).toEqual(expect.arrayContaining(['commits', 'snapshotParts']));
	expect(having('securities-a')).toContain('views.assets');
	expect(seen).toContain('institution_tokens_total');
	for (const token of TOKENS) {
		expect(having(token)).toEqual([]);
		expect(seen).not.toContain(token);
	}
	expect(seen).not.toContain(SEALED);
	for (const { output, errors } of cluster.nodes) {
		for (const text of [...TOKENS, SEALED]) expect(output + errors).not.toContain(text);
	}
}, 120_000);
