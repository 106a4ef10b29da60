import { afterEach, expect, test } from 'vitest';
import { connect, type Naru } from '../../client-sdk/src/index.ts';
import { CLOSE } from '../../src/protocol/errors.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { rest, until } from '../support/world.ts';
import { ClusterNodes } from './cluster-nodes.ts';

let cluster: ClusterNodes | undefined;
const clients: Naru[] = [];
afterEach(async () => {
	await Promise.all(clients.splice(0).map((naru) => naru.close()));
	await cluster?.end();
	cluster = undefined;
});

interface Row {
	readonly id: string;
	readonly url: string;
	readonly state: string;
	readonly sockets: number;
	readonly actors: number;
}

async function twoNodes() {
	const nodes = await ClusterNodes.start(2);
	cluster = nodes;
	const [one, other] = nodes.nodes as [NaruProcess, NaruProcess];
	const token = await nodes.token('root', ['ops']);
	const list = async (node: NaruProcess) =>
		(await rest(node.url, '/api/v1/ops/nodes', { token })).body as Row[];
	await until(async () => (await list(one)).length + (await list(other)).length === 4);
	const idOf = async ({ url }: NaruProcess) =>
		(await list(other)).find((row) => row.url === url)?.id ?? '';
	const naru = connect({ url: other.url, token });
	clients.push(naru);
	return { nodes, one, other, token, list, idOf, ops: naru.ops };
}

test('[P40] every node shows all nodes, and an actor wherever it lives', async () => {
	const { nodes, one, other, token, list, idOf, ops } = await twoNodes();
	const [oneId, otherId] = [await idOf(one), await idOf(other)];
	const ann = nodes.client('ann', one);
	await ann.channel('lobby').join();
	const bob = nodes.client('bob', other);
	await bob.channel('lobby').join();
	await bob.channel('lobby').open();

	await until(async () => (await list(other)).some(({ id, actors }) => id === oneId && actors > 0));
	// Nodes that start at once have their numbers in either order.
	const both = [oneId, otherId].sort();
	const states = (await list(other)).map(({ id, state }) => `${id} ${state}`);
	expect(states.sort()).toEqual(both.map((id) => `${id} up`));
	const actor = await rest(other.url, '/api/v1/ops/actors/channel/lobby', { token });
	expect(actor.body).toMatchObject({ key: 'channel/lobby', node: oneId, state: { members: 2 } });

	const { live } = await ops.actor({ key: 'channel/lobby' });
	expect([...(live?.edges ?? [])].sort()).toEqual(both);
	const { actors } = await ops.actors({ node: oneId, prefix: 'channel/' });
	expect(actors).toMatchObject([{ key: 'channel/lobby', edges: 2 }]);
	const { sockets } = await ops.sockets({ node: oneId });
	expect(sockets).toHaveLength(1);
	const { handles } = await ops.socket({ node: oneId, id: sockets[0]?.id ?? '' });
	expect(handles.map(({ key }) => key)).toContain('channel/lobby');
	expect(await ops.node({ node: oneId })).toMatchObject({ state: 'up', links: { sessions: 1 } });
	expect(await ops.where({ key: 'channel/lobby' })).toEqual({
		node: otherId,
		nodes: 2,
		owner: oneId,
	});
	await expect(ops.kill({ node: oneId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
	await expect(ops.node({ node: '999' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('[P21] an order to drain moves actors and sockets, and ends the process with code 0', async () => {
	const { nodes, one, other, token, list, idOf, ops } = await twoNodes();
	const oneId = await idOf(one);
	const ann = nodes.client('ann', one, other);
	const codes: (number | undefined)[] = [];
	ann.on('status', ({ status, code }) => {
		if (status === 'reconnecting') codes.push(code);
	});
	await ann.channel('lobby').join();
	await ann.channel('lobby').send('before');

	// The order is taken by one node, for the other.
	const path = `/api/v1/ops/nodes/${oneId}/drain`;
	expect(await rest(other.url, path, { token, method: 'POST' })).toEqual({ status: 200, body: {} });
	expect(await one.ended).toEqual({ code: 0, signal: null });
	expect(one.errors).toBe('');
	expect(codes[0]).toBe(CLOSE.drain.code);

	expect((await ann.channel('lobby').send('behind')).seq).toBe(2);
	await until(async () => (await list(other)).length === 1);
	const otherId = await idOf(other);
	const actor = await rest(other.url, '/api/v1/ops/actors/channel/lobby', { token });
	expect(actor.body).toMatchObject({ node: otherId, state: { lastSeq: 2 } });
	const { entries } = await ops.audit({});
	expect(entries).toMatchObject([{ who: 'root', what: 'drain', target: oneId, node: otherId }]);
});
