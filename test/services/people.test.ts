import { afterEach, expect, test } from 'vitest';
import type { ChannelSummary, Naru, Notice, PresenceState } from '../../client-sdk/src/index.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { rest, until } from '../support/world.ts';
import { ClusterNodes } from './cluster-nodes.ts';

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

async function threeNodes() {
	const nodes = await ClusterNodes.start(3);
	cluster = nodes;
	const [one, two, three] = nodes.nodes as [NaruProcess, NaruProcess, NaruProcess];
	return { nodes, one, two, three };
}

/** What a client was told of a user, in order. */
function shown(naru: Naru, userId: string): PresenceState['state'][] {
	const states: PresenceState['state'][] = [];
	naru.presence.watch([userId], (changes) => {
		for (const { state } of changes) if (states.at(-1) !== state) states.push(state);
	});
	return states;
}

/** A list of channels, kept live. */
async function shelf(naru: Naru): Promise<Map<string, ChannelSummary>> {
	const channels = new Map<string, ChannelSummary>();
	naru.channels.on('change', (summary) => channels.set(summary.id, summary));
	naru.channels.on('gone', ({ id }) => channels.delete(id));
	for (const summary of (await naru.channels.list()).channels) channels.set(summary.id, summary);
	return channels;
}

test('[C30][C31] presence over nodes: states of all devices count everywhere, a logout at once', async () => {
	const { nodes, one, two, three } = await threeNodes();
	const watching = [nodes.client('bob', two), nodes.client('cid', three)];
	const told = watching.map((naru) => shown(naru, 'ann'));
	const phone = nodes.client('ann', one);
	await phone.channels.list();
	const all = (state: PresenceState['state']) =>
		until(() => told.every((states) => states.at(-1) === state));
	await all('online');
	await phone.presence.set('away');
	await all('away');
	const laptop = nodes.client('ann', two);
	await laptop.channels.list();
	await laptop.presence.set('online');
	await all('online');
	await phone.close({ logout: true });
	await laptop.close({ logout: true });
	await all('offline');
	for (const states of told) {
		expect(states.slice(0, 3)).toEqual(['online', 'away', 'online']);
		expect(states.indexOf('offline'), 'once, at the end').toBe(states.length - 1);
	}
});

test('[C8] badges of a user with devices at two nodes follow a channel of a third', async () => {
	const { nodes, one, two, three } = await threeNodes();
	const ann = nodes.client('ann', one);
	await ann.channel('lobby').join();
	const phone = nodes.client('bob', two);
	const laptop = nodes.client('bob', three);
	await phone.channel('lobby').join();
	const shelves = [await shelf(phone), await shelf(laptop)];
	await until(() => shelves.every((channels) => channels.has('lobby')));
	await ann.channel('lobby').send({ text: 'hello @bob', mentions: ['bob'] });
	const all = (unread: number, mentions: number) =>
		until(() =>
			shelves.every((channels) => {
				const lobby = channels.get('lobby');
				return lobby?.unread === unread && lobby.mentions === mentions;
			}),
		);
	await all(1, 1);
	expect(shelves[1]?.get('lobby')?.lastMessage).toMatchObject({ text: 'hello @bob' });
	await laptop.channel('lobby').read(1);
	await all(0, 0);
	await ann.channel('games').join();
	await laptop.channel('games').join();
	await until(() => shelves.every((channels) => channels.has('games')));
	await phone.channel('games').leave();
	await until(() => shelves.every((channels) => !channels.has('games')));
});

test('[P5] an inbox that comes alive at a third node reaches devices at the two others', async () => {
	const { nodes, one, two, three } = await threeNodes();
	const devices = [nodes.client('bob', one), nodes.client('bob', two)];
	const told: Notice[][] = [];
	const acked: string[] = [];
	for (const { inbox } of devices) {
		const notices: Notice[] = [];
		told.push(notices);
		inbox.on('notice', (notice) => notices.push(notice));
		inbox.on('acked', ({ id }) => acked.push(id));
	}
	for (const { channels } of devices) await channels.list();
	const token = await nodes.token('backend', ['service']);
	const post = (n: number) => {
		const body = { to: ['bob'], type: 'numbered', data: { n }, ttlSeconds: 60 };
		return rest(three.url, '/api/v1/notices', { token, key: `key-${n}`, body });
	};
	expect((await post(1)).status).toBe(200);
	await until(() => told.every((notices) => notices.length === 1));
	await post(2);
	await until(() => told.every((notices) => notices.length === 2));
	await devices[0]?.inbox.ack(told[0]?.[0]?.id ?? '');
	await until(() => acked.length >= 2);
	expect(told.map((notices) => notices.map(({ data }) => data))).toEqual([
		[{ n: 1 }, { n: 2 }],
		[{ n: 1 }, { n: 2 }],
	]);
});

test('[P42] a revocation at one node ends the sockets of all', async () => {
	const { nodes, one, two, three } = await threeNodes();
	const clients = [nodes.client('ann', one), nodes.client('ann', two), nodes.client('bob', two)];
	await Promise.all(clients.map(({ channels }) => channels.list()));
	const statuses = () => clients.map(({ status }) => status);
	expect(statuses()).toEqual(['online', 'online', 'online']);
	const token = await nodes.token('backend', ['service']);
	const answer = await rest(three.url, '/api/v1/revocations', { token, body: { userId: 'ann' } });
	expect(answer.status).toBe(200);
	await until(() => statuses().join(' ') === 'closed closed online');
});
