import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { Channel } from '../../client-sdk/src/index.ts';
import { signToken } from '../../src/gateway/auth/sign-token.ts';
import { opsContract } from '../../src/protocol/ops.ts';
import { devToken, rest, until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

const OPERATOR = { userId: 'root', roles: ['user', 'ops'] };

/** A client with the role `ops`. */
const operator = (url: string) =>
	world.device(url, 'root', { token: () => devToken(url, OPERATOR) }).naru;

const PEOPLE = 4;
/** A text that stands nowhere by chance. */
const secret = fc.stringMatching(/^zq[a-z]{6,12}$/);

interface Person {
	readonly naru: ReturnType<typeof operator>;
	readonly channels: readonly Channel[];
}

/** People with secret names who say, keep and react in every way that there is. */
async function chat(url: string, next: () => string): Promise<Person[]> {
	const people = await Promise.all(
		Array.from({ length: PEOPLE }, async (_, n) => {
			const who = { userId: next(), name: `${next()} ${next()}`, picture: `https://${next()}/p` };
			const { naru } = world.device(url, who.userId, { token: () => devToken(url, who) });
			const open = naru.channel('lobby');
			await open.join();
			return { n, who, naru, open };
		}),
	);
	const ids = people.map(({ who }) => who.userId);
	return Promise.all(
		people.map(async ({ n, naru, open, who }) => {
			const group = await naru.channels.create({ kind: 'group', name: next(), members: ids });
			const direct = await naru.channels.direct(ids[(n + 1) % PEOPLE] ?? who.userId);
			for (const channel of [open, group, direct]) {
				const { seq } = await channel.send({
					text: `${next()} 👋 ${next()}`,
					mentions: ids,
					data: { [next()]: next(), role: next(), list: [next(), { [next()]: 7 }] },
				});
				await channel.react(seq, '👍', true);
				await channel.edit(seq, next());
			}
			await group.mute(ids[(n + 2) % PEOPLE] ?? '', 60_000).catch(() => {});
			await open.kick(next()).catch(() => {});
			return { naru, channels: [open, group, direct] };
		}),
	);
}

test('[P40] no answer to an operator has a name, a text, a picture or an id of a person', async () => {
	const { url } = await world.server({ storage: 'memory' });
	const secrets = new Set(fc.sample(secret, { numRuns: 400, seed: 42 }));
	const queue = [...secrets];
	const next = () => queue.pop() as string;
	const people = await chat(url, next);
	await rest(url, '/api/v1/notices', {
		token: await devToken(url, { userId: 'robot', roles: ['service'] }),
		key: 'n1',
		body: {
			to: people.map(({ naru }) => naru.userId),
			type: next(),
			data: { [next()]: next() },
			ttlSeconds: 60,
		},
	});

	const { ops } = operator(url);
	const { nodes, self } = await ops.nodes({});
	expect(nodes).toMatchObject([{ id: self, state: 'up' }]);
	const { actors } = await ops.actors({ node: self, limit: 200 });
	const { sockets } = await ops.sockets({ node: self, limit: 200 });
	expect(actors.length).toBeGreaterThan(PEOPLE * 2);
	expect(sockets).toHaveLength(PEOPLE + 1);
	const pictures = await Promise.all(actors.map(({ key }) => ops.actor({ key })));
	expect(pictures.filter(({ live }) => live?.state === undefined)).toEqual([]);
	const handles = await Promise.all(sockets.map(({ id }) => ops.socket({ node: self, id })));
	const answers = [
		await ops.node({ node: self }),
		actors.map(({ key: _, ...rest }) => rest),
		sockets,
		// Keys of inboxes and direct channels are what one searches by.
		pictures.map(({ key: _, ...rest }) => rest),
		handles,
		await ops.audit({}),
	];
	const text = JSON.stringify(answers);
	expect([...secrets].filter((one) => text.includes(one))).toEqual([]);
	expect(text).toContain('"role":"owner"');
});

test('[P42] who is no operator learns nothing, and one without the role cannot ask at all', async () => {
	const secret = 'a secret of an environment that is no playground';
	const env = { APP_ENV: 'staging', AUTH_SECRET: secret };
	const { url } = await world.server({ storage: 'memory', env });
	const token = () => signToken({ secret, userId: 'ann', roles: ['user', 'service'] });
	const { naru } = world.device(url, 'ann', { token });
	const names = Object.keys(opsContract.commands) as (keyof typeof opsContract.commands)[];
	const args = { node: '1', key: 'channel/lobby', id: 'x' } as never;
	const codes = await Promise.all(
		names.map((name) => naru.ops.run(name, args).then(String, ({ code }) => code)),
	);
	expect(new Set(codes)).toEqual(new Set(['FORBIDDEN']));
});

test('[P40] on a playground everybody may see where a channel lives, and end the node', async () => {
	const { url } = await world.server();
	const { naru } = world.device(url, 'ann');
	await naru.channel('lobby').join();
	expect(await naru.ops.where({ key: 'channel/lobby' })).toEqual({
		node: '1',
		nodes: 1,
		owner: '1',
	});
	expect(await naru.ops.where({})).toEqual({ node: '1', nodes: 1 });
});

test('[P21][P40] an order to drain ends the process with code 0, and is in the audit trail', async () => {
	const directory = world.directory();
	const first = await world.process({ directory });
	const token = await devToken(first.url, OPERATOR);
	const ann = world.device(first.url, 'ann');
	await ann.naru.channel('lobby').join();
	await ann.naru.channel('lobby').send('last words');
	const drained = await rest(first.url, '/api/v1/ops/nodes/1/drain', { token, method: 'POST' });
	expect(drained).toEqual({ status: 200, body: {} });
	expect(await first.ended).toEqual({ code: 0, signal: null });
	expect(first.errors).toBe('');

	const second = await world.process({ directory, port: first.port });
	const { entries } = await operator(second.url).ops.audit({});
	expect(entries).toMatchObject([{ who: 'root', what: 'drain', target: '1', node: '1' }]);
	const { body } = await rest(second.url, '/api/v1/ops/actors/channel/lobby', { token });
	expect(body).toMatchObject({
		key: 'channel/lobby',
		node: '1',
		state: { members: 1, lastSeq: 1 },
	});
});

test('[P40] an actor is put to sleep, and comes back when it is needed', async () => {
	const server = await world.server({ storage: 'memory' });
	const { url } = server;
	const { naru } = world.device(url, 'ann');
	const channel = naru.channel('lobby');
	await channel.join();
	const { ops } = operator(url);
	await ops.sleep({ key: 'channel/lobby' });
	// Its edge comes back for it at once.
	await until(() => server.actors.hosts.get('channel/lobby')?.phase === 'live');
	expect((await channel.send('good morning')).seq).toBe(1);
	await naru.close();
	await until(() => server.gateway.connections().sockets === 1);
	await ops.sleep({ key: 'channel/lobby' });
	expect(await ops.actor({ key: 'channel/lobby' })).toMatchObject({ isAwake: false });
	await expect(ops.sleep({ key: 'channel/lobby' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
