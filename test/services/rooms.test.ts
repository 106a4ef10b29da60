import { Client, CloseCode, type Room as StockRoom } from '@colyseus/sdk';
import { Redis } from 'ioredis';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import type { Naru } from '../../client-sdk/src/index.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { until } from '../support/world.ts';
import { ClusterNodes } from './cluster-nodes.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { serviceUrls } from './urls.ts';

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

const boardOf = (naru: Naru) => naru.room('cursor-board', 'main');
type Board = ReturnType<typeof boardOf>;

/** The places of the cursors on a board by user, of whichever client. */
function cursorsOf({ state }: { readonly state: unknown }): Record<string, number> {
	type Players = { toJSON(): Record<string, { readonly userId: string; readonly x: number }> };
	const { players } = (state ?? {}) as { players?: Players };
	const all = Object.values(players?.toJSON() ?? {}).map(({ userId, x }) => [userId, x] as const);
	return Object.fromEntries(all.sort());
}

const see = (boards: readonly { readonly state: unknown }[], cursors: Record<string, number>) =>
	until(() =>
		boards.every((board) => JSON.stringify(cursorsOf(board)) === JSON.stringify(cursors)),
	);

/** A stock client that asks one node for a place, and comes to another with its socket. */
async function stockClient(
	nodes: ClusterNodes,
	{ asks, comesTo }: { asks: NaruProcess; comesTo: NaruProcess },
): Promise<StockRoom> {
	const client = new Client(asks.url);
	client.auth.token = await nodes.token('cid');
	const reservation = await client.http.post('/matchmake/joinOrCreate/cursor-board', {
		body: { id: 'main' },
	} as never);
	const other = new Client(comesTo.url);
	other.auth.token = client.auth.token;
	return other.consumeSeatReservation((reservation as unknown as { data: never }).data);
}

/** Two people on one board, each at a node of their own. */
async function seated(nodes: ClusterNodes): Promise<readonly [Board, Board]> {
	const [one, two] = nodes.nodes as [NaruProcess, NaruProcess];
	const ann = boardOf(nodes.client('ann', one, two));
	const bob = boardOf(nodes.client('bob', two, one));
	await Promise.all([ann.open(), bob.open()]);
	await see([ann, bob], { ann: 0.5, bob: 0.5 });
	return [ann, bob];
}

/** Colyseus's listing as every node sees it. */
function listing({ environment }: ClusterNodes): () => Promise<readonly string[]> {
	const redis = new Redis(serviceUrls().REDIS_URL);
	onTestFinished(() => redis.disconnect());
	return async () => (await redis.hkeys(`{naru:${environment}}:rooms:roomcaches`)).sort();
}

test('[P1][P6] a board has its people at two nodes, and stock clients at either', async () => {
	cluster = await ClusterNodes.start(2);
	const [one, two] = cluster.nodes as [NaruProcess, NaruProcess];
	const [ann, bob] = await seated(cluster);
	ann.send('move', { x: 0.25, y: 0 });
	bob.send('move', { x: 1, y: 0 });
	await see([ann, bob], { ann: 0.25, bob: 1 });
	const cleared: unknown[] = [];
	for (const [asks, comesTo] of [
		[one, two],
		[two, one],
	] as const) {
		const cid = await stockClient(cluster, { asks, comesTo });
		cid.onMessage('cleared', (message) => cleared.push(message));
		await see([ann, bob, cid], { ann: 0.25, bob: 1, cid: 0.5 });
		cid.send('move', { x: 0.125, y: 0 });
		await see([ann, bob, cid], { ann: 0.25, bob: 1, cid: 0.125 });
		expect(await cid.request('clear')).toEqual({ cursors: 3 });
		await see([ann, bob, cid], { ann: 0.5, bob: 0.5, cid: 0.5 });
		ann.send('move', { x: 0.25, y: 0 });
		bob.send('move', { x: 1, y: 0 });
		await cid.leave();
		await see([ann, bob], { ann: 0.25, bob: 1 });
	}
	expect(cleared).toEqual([{ by: 'cid' }, { by: 'cid' }]);
	expect([await ann.request('clear', {}), await bob.request('clear', {})]).toEqual([
		{ cursors: 2 },
		{ cursors: 2 },
	]);
});

test('[P6][P20] the node of a board is killed: its people meet again on another', async () => {
	cluster = await ClusterNodes.start(3);
	const nodes = cluster.nodes as [NaruProcess, NaruProcess, NaruProcess];
	const rooms = listing(cluster);
	const owner = boardOf(cluster.client('cid', nodes[0]));
	await owner.open();
	const others = [nodes[1], nodes[2]].map((node, at) =>
		boardOf((cluster as ClusterNodes).client(['ann', 'bob'][at] ?? '', node)),
	);
	for (const board of others) await board.open();
	await see(others, { ann: 0.5, bob: 0.5, cid: 0.5 });
	await until(async () => (await rooms()).includes('cursor-board_main'));
	await nodes[0].kill();
	await see(others, { ann: 0.5, bob: 0.5 });
	others[0]?.send('move', { x: 0.75, y: 0 });
	await see(others, { ann: 0.75, bob: 0.5 });
});

test('[P6][P21] the node of a board is told to stop: its people meet again on another', async () => {
	cluster = await ClusterNodes.start(2);
	const [one, two] = cluster.nodes as [NaruProcess, NaruProcess];
	const first = boardOf(cluster.client('cid', one, two));
	await first.open();
	const [ann, bob] = ['ann', 'bob'].map((name) => boardOf(cluster?.client(name, two) as Naru));
	await ann?.open();
	await bob?.open();
	expect(await one.terminate()).toEqual({ code: 0, signal: null });
	await see([ann as Board, bob as Board, first], { ann: 0.5, bob: 0.5, cid: 0.5 });
});

test('[P6] rooms of every node are listed, and those of a killed node no more', async () => {
	cluster = await ClusterNodes.start(2);
	const [one, two] = cluster.nodes as [NaruProcess, NaruProcess];
	const rooms = listing(cluster);
	const annNaru = cluster.client('ann', one);
	const bobNaru = cluster.client('bob', two);
	await annNaru.channel('upstairs').join();
	await bobNaru.channel('downstairs').join();
	await bobNaru.room('cursor-board', 'cellar').open();
	const all = ['channel_downstairs', 'channel_upstairs', 'cursor-board_cellar'];
	await until(async () => JSON.stringify(await rooms()) === JSON.stringify(all));
	const ops = new Client(one.url);
	ops.auth.token = await cluster.token('olga', ['ops']);
	const shown = await ops.joinById('channel_downstairs');
	await until(() => shown.state?.members === 1);
	await shown.leave();
	await two.kill();
	await until(async () => (await rooms()).join() === 'channel_upstairs');
});

test('[P6][P22] without Redis rooms go on, none is made, and nothing crashes', async () => {
	const proxy = await TcpProxy.start(serviceUrls().REDIS_URL);
	onTestFinished(() => proxy.close());
	const REDIS_URL = proxy.through(serviceUrls().REDIS_URL);
	cluster = await ClusterNodes.start(1, { env: { REDIS_URL } });
	const [node] = cluster.nodes as [NaruProcess];
	const rooms = listing(cluster);
	const ann = cluster.client('ann', node);
	await boardOf(ann).open();
	await until(async () => (await rooms()).length === 1);
	proxy.cut();
	const bob = cluster.client('bob', node);
	await boardOf(bob).open();
	boardOf(bob).send('move', { x: 0, y: 0 });
	await see([boardOf(ann), boardOf(bob)], { ann: 0.5, bob: 0 });
	const other = ann.room('cursor-board', 'other');
	const opened = other.open();
	const headers = { authorization: `Bearer ${await cluster.token('bob')}` };
	const body = JSON.stringify({ id: 'another' });
	const path = `${node.url}/matchmake/joinOrCreate/cursor-board`;
	const refused = await fetch(path, { method: 'POST', headers, body });
	expect(refused.status).toBe(503);
	proxy.restore();
	await opened;
	await until(async () => (await rooms()).includes('cursor-board_other'));
	expect(await boardOf(bob).request('clear', {})).toEqual({ cursors: 2 });
	expect(await node.terminate()).toEqual({ code: 0, signal: null });
	expect(await rooms()).toEqual([]);
});

const AWAY = ['cut', 'swallowAnswers'] as const;
test.each(AWAY)(
	'[P21][P22] a node told to stop while Redis is away (%s) ends its rooms, in time',
	async (away) => {
		const proxy = await TcpProxy.start(serviceUrls().REDIS_URL);
		onTestFinished(() => proxy.close());
		const REDIS_URL = proxy.through(serviceUrls().REDIS_URL);
		cluster = await ClusterNodes.start(1, { env: { REDIS_URL } });
		const [node] = cluster.nodes as [NaruProcess];
		const cid = await stockClient(cluster, { asks: node, comesTo: node });
		cid.reconnection.enabled = false;
		const left = new Promise<number>((resolve) => cid.onLeave((code) => resolve(code)));
		proxy[away]();
		expect(await node.terminate()).toEqual({ code: 0, signal: null });
		expect(await left).toBe(CloseCode.SERVER_SHUTDOWN);
	},
);
