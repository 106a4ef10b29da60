import { describe, expect, test } from 'vitest';
import type { Notice } from '../../client-sdk/src/index.ts';
import { OP } from '../../src/protocol/frames.ts';
import { onlineScene, outcome, type Scene, type Sdk } from './support/sdk.ts';

/** Sends an ephemeral, or with `p` data, on the handle of a kind. */
function tell({ server }: Scene, kind: string, payload: unknown): void {
	const op = Array.isArray(payload) ? OP.ephemeral : OP.data;
	const opened = server.seen.filter(
		(frame) => frame.op === OP.open && (frame.payload as { kind: string }).kind === kind,
	);
	server.last.send(1_000 + (opened.at(-1)?.handle ?? 0), op, payload);
}

function presence(sdk: Sdk): void {
	test('[C32] a watch tells the present state, then changes of its users, each once', async () => {
		const made = await onlineScene(sdk);
		const state = { userId: 'bob', state: 'online', lastActiveAt: 1 };
		made.server.service = (_, { name }) => ({ reply: name === 'watch' ? { states: [state] } : {} });
		const told: unknown[] = [];
		const undo = made.naru.presence.watch(['bob', 'cy'], (changes) => told.push(...changes));
		await made.world.advance(10);
		tell(made, 'presence', ['change', { states: [state, { userId: 'eve', state: 'away' }] }]);
		tell(made, 'presence', ['change', { states: [{ ...state, state: 'away' }] }]);
		await made.world.advance(10);
		expect(told).toEqual([state, { ...state, state: 'away' }]);
		undo();
		await made.world.advance(10);
		tell(made, 'presence', ['change', { states: [state] }]);
		await made.world.advance(10);
		expect(told).toHaveLength(2);
		expect(made.server.commands().map(([, name, args]) => [name, args])).toEqual([
			['watch', { users: ['bob', 'cy'] }],
			['unwatch', { users: ['bob', 'cy'] }],
		]);
	});

	test('[C32] after a lost socket watches and the own state are set again', async () => {
		const made = await onlineScene(sdk);
		made.naru.presence.watch(['bob'], () => {});
		made.naru.presence.watch(['cy', 'bob'], () => {});
		void made.naru.presence.set('away');
		await made.world.advance(10);
		const mark = made.server.seen.length;
		made.server.last.socket.cut();
		await made.world.advance(1_000);
		expect(made.server.commands(mark).map(([, name, args]) => [name, args])).toEqual([
			['watch', { users: ['bob', 'cy'] }],
			['set', { state: 'away' }],
		]);
	});

	test('sockets that are lost before a watch is answered leave room for other commands', async () => {
		const made = await onlineScene(sdk);
		made.server.made('general', 'ann');
		made.naru.presence.watch(['bob'], () => {});
		const { service } = made.server;
		made.server.refuseCommand = ({ name }) => (name === 'watch' ? { code: 'BUSY' } : undefined);
		for (let cut = 0; cut < 120; cut++) {
			made.server.last.socket.cut();
			await made.world.advance(20_000);
		}
		made.server.refuseCommand = () => undefined;
		made.server.service = (kind, command) =>
			command.name === 'watch'
				? { reply: { states: [{ userId: 'bob', state: 'away' }] } }
				: service(kind, command);
		const sent = outcome(made.naru.channel('general').send('hi'));
		await made.world.advance(20_000);
		expect(sent.error).toBeUndefined();
		expect(made.naru.presence.of('bob')?.state).toBe('away');
	});

	test('a watch that is refused is told as an error of the client', async () => {
		const made = await onlineScene(sdk);
		const errors: string[] = [];
		made.naru.on('error', ({ code }) => errors.push(code));
		made.server.refuseCommand = () => ({ code: 'LIMIT' });
		made.naru.presence.watch(['bob'], () => {});
		await made.world.advance(10);
		expect(errors).toEqual(['LIMIT']);
	});
}

const notice = (id: string): Notice => ({ id, type: 'note', data: {}, at: 1, expiresAt: 2 });

function inbox(sdk: Sdk): void {
	test("[P5] the inbox is the user's own, and each waiting notice is told once, in order", async () => {
		const made = await onlineScene(sdk);
		made.server.viewOf = () => ({ notices: [notice('a'), notice('b')] });
		const told: string[] = [];
		made.naru.inbox.on('notice', ({ id }) => told.push(id));
		await made.world.advance(10);
		tell(made, 'user', { p: 3, e: [['notice', notice('c')]] });
		await made.world.advance(10);
		expect(made.server.opens()[0]).toMatchObject({ kind: 'user', id: 'ann' });
		expect(told).toEqual(['a', 'b', 'c']);
		const late: string[] = [];
		made.naru.inbox.on('notice', ({ id }) => late.push(id));
		await made.world.advance(0);
		expect(late).toEqual(['a', 'b', 'c']);
	});

	test('[P5] acknowledged on one device is acknowledged on all, also when missed', async () => {
		const made = await onlineScene(sdk);
		made.server.viewOf = () => ({ notices: [notice('a'), notice('b'), notice('c')] });
		const acked: string[] = [];
		const told: string[] = [];
		made.naru.inbox.on('acked', ({ id }) => acked.push(id));
		made.naru.inbox.on('notice', ({ id }) => told.push(id));
		await made.world.advance(10);
		tell(made, 'user', { p: 4, e: [['acked', { id: 'a' }]] });
		await made.world.advance(10);
		made.server.viewOf = () => ({ notices: [notice('c')] });
		made.server.last.socket.cut();
		await made.world.advance(1_000);
		expect(acked).toEqual(['a', 'b']);
		expect(told).toEqual(['a', 'b', 'c']);
		expect(made.naru.inbox.notices.map(({ id }) => id)).toEqual(['c']);
	});

	test('an inbox that nobody wrote to is empty', async () => {
		const made = await onlineScene(sdk);
		made.server.refuseCommand = () => ({ code: 'NOT_FOUND' });
		const calls = [outcome(made.naru.inbox.list()), outcome(made.naru.inbox.ack('a'))];
		await made.world.advance(10);
		expect(calls[0]?.value).toEqual({ notices: [], hasMore: false });
		expect(calls[1]?.error).toBeUndefined();
	});
}

function channels(sdk: Sdk): void {
	test('[C1] create opens with its command; a direct channel has the id of the two', async () => {
		const made = await onlineScene(sdk);
		const group = outcome(
			made.naru.channels.create({ kind: 'group', name: 'G', members: ['bob'] }),
		);
		const direct = outcome(made.naru.channels.direct('Abe'));
		await made.world.advance(10);
		const [first, second] = made.server.opens();
		expect(first?.with?.args).toEqual({ kind: 'group', name: 'G', members: ['bob'] });
		expect(group.value?.id).toBe(first?.id);
		expect(second?.id).toBe('@Abe@ann');
		expect(second?.with?.args).toEqual({ kind: 'direct', members: ['Abe'] });
		expect(direct.value).toBe(made.naru.channel('@Abe@ann'));
	});

	test('[C1] changes are told, and a lost socket asks for a new list', async () => {
		const made = await onlineScene(sdk);
		const told: unknown[] = [];
		made.naru.channels.on('change', ({ id, unread }) => told.push([id, unread]));
		made.naru.channels.on('gone', ({ id }) => told.push([id, 'gone']));
		made.naru.channels.on('reset', () => told.push('reset'));
		await made.world.advance(10);
		tell(made, 'channels', ['change', { id: 'general', unread: 3 }]);
		tell(made, 'channels', ['gone', { id: 'old' }]);
		await made.world.advance(10);
		made.server.last.socket.cut();
		await made.world.advance(1_000);
		expect(told).toEqual([['general', 3], ['old', 'gone'], 'reset']);
	});
}

/** Presence, inbox and the list of channels. */
export function serviceSuite(sdk: Sdk): void {
	describe(`services (${sdk.name})`, () => {
		presence(sdk);
		inbox(sdk);
		channels(sdk);
	});
}
