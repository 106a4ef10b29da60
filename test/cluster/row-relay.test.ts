import { beforeEach, describe, expect, test } from 'vitest';
import { unpackRows } from '../../src/cluster/row-message.ts';
import { type BadgeNode, BadgeWorld } from './support/badge-world.ts';

const send = (text: string, more: object = {}) => ['send', { text, ...more }] as const;
const create = (kind: string, ...members: string[]) =>
	['create', { kind, name: '', members }] as const;

let world: BadgeWorld;
/** Projects. */
let one: BadgeNode;
let two: BadgeNode;

beforeEach(() => {
	world = new BadgeWorld();
	one = world.node('1');
	two = world.node('2');
});

/** Ann, who listens at a node, in channels with Bob. */
async function listening(at: BadgeNode, ...channels: string[]) {
	for (const id of channels) await world.act(id, 'bob', create('open', 'ann'));
	const ann = at.session('ann');
	await ann.list();
	await world.pass(5_000);
	ann.told.length = 0;
	return ann;
}

describe('badges over nodes', () => {
	test('[C8] a message in a channel of another node is told at once, with its unread and mentions', async () => {
		const ann = await listening(two, 'tea');
		await world.act('tea', 'bob', send('hello', { mentions: ['ann'] }));
		await world.pass(50);
		expect(ann.told).toMatchObject([
			['change', { id: 'tea', unread: 1, mentions: 1, lastMessage: { text: 'hello' } }],
		]);
	});

	test('[C8] at most once a second, always the newest, without a read here', async () => {
		const ann = await listening(two, 'tea');
		world.channels.reads = 0;
		for (let n = 1; n <= 25; n++) {
			await world.act('tea', 'bob', send(`m${n}`));
			await world.pass(99);
		}
		await world.pass(3_000);
		expect(ann.told.length).toBeLessThanOrEqual(5);
		expect(ann.told.at(-1)).toMatchObject(['change', { unread: 25, lastMessage: { text: 'm25' } }]);
		// One by the owner for each time it was told; one of the mentions of ann, the first time.
		expect(world.channels.reads).toBeLessThanOrEqual(6);
	});

	test('[C8] a user with devices at two nodes has one marker', async () => {
		const there = await listening(two, 'tea');
		const here = one.session('ann');
		await here.list();
		await world.act('tea', 'bob', send('one', { mentions: ['ann'] }));
		await world.pass(2_000);
		await world.act('tea', 'ann', ['read', { seq: 1 }]);
		await world.pass(2_000);
		for (const { told } of [here, there]) {
			expect(told.at(-1)).toMatchObject(['change', { unread: 0, mentions: 0, marker: 1 }]);
		}
		await world.act('tea', 'ann', send('mine'));
		await world.pass(50);
		for (const { told } of [here, there]) {
			expect(told.at(-1)).toMatchObject(['change', { unread: 0, marker: 2 }]);
			expect(told.filter(([, data]) => (data as { unread: number }).unread > 1)).toEqual([]);
		}
	});

	test('[C1] a new membership appears, an ended one is gone, at once', async () => {
		const ann = await listening(two, 'tea');
		await world.act('club', 'bob', create('group', 'ann'));
		await world.pass(50);
		expect(ann.told).toMatchObject([['change', { id: 'club', memberCount: 2 }]]);
		await world.act('club', 'bob', send('hello'));
		await world.pass(2_000);
		expect(ann.told.at(-1)).toMatchObject(['change', { id: 'club', unread: 1 }]);
		await world.act('club', 'bob', ['kick', { userId: 'ann' }]);
		await world.pass(50);
		expect(ann.told.at(-1)).toEqual(['gone', { id: 'club' }]);
		expect(two.relay.hears('s.channel.club'), 'nobody listens for it any more').toBe(false);
		const count = ann.told.length;
		await world.act('club', 'bob', send('behind her back'));
		await world.pass(3_000);
		expect(ann.told).toHaveLength(count);
	});

	test('[C8] the projecting node tells its own sessions once, and at once', async () => {
		const ann = await listening(one, 'tea');
		const bob = one.session('bob');
		await bob.list();
		await world.pass(2_000);
		await world.act('tea', 'bob', send('hello'));
		await world.pass(50);
		expect(ann.told).toMatchObject([['change', { unread: 1 }]]);
		expect(bob.told).toMatchObject([['change', { unread: 0, marker: 1 }]]);
		await world.pass(5_000);
		expect([ann.told.length, bob.told.length]).toEqual([1, 1]);
	});

	test('[C1] lists of all nodes are in order of the last activity', async () => {
		const ann = await listening(two, 'tea', 'work');
		const ids = async () => (await ann.list()).channels.map(({ id }) => id);
		expect(await ids()).toEqual(['work', 'tea']);
		await world.act('tea', 'bob', send('up'));
		await world.pass(50);
		expect(await ids()).toEqual(['tea', 'work']);
	});

	test('[C8] rows that come twice or from an owner that was are told once, never back', async () => {
		const ann = await listening(two, 'tea');
		// The first row comes once more when the second was told.
		const copies = [[0, 1_500]];
		world.bus.faults = ({ subject }) => (subject === 's.channel.tea' && copies.shift()) || [0];
		await world.act('tea', 'bob', send('one'));
		await world.pass(100);
		world.projecting = '3';
		world.node('3');
		await world.act('tea', 'bob', send('two'));
		await world.pass(5_000);
		const texts = ann.told.map(([, data]) => (data as { lastSeq: number }).lastSeq);
		expect(texts).toEqual([1, 2]);
	});

	test('nodes without a session of a member hear nothing of a channel', async () => {
		const ann = await listening(two, 'tea');
		expect([two.relay.hears('s.channel.tea'), two.relay.hears('s.user.ann')]).toEqual([true, true]);
		expect(two.relay.hears('s.user.bob')).toBe(false);
		ann.close();
		expect([two.relay.hears('s.channel.tea'), two.relay.hears('s.user.ann')]).toEqual([
			false,
			false,
		]);
	});

	test('[P46] of members and mentions only markers and numbers travel', async () => {
		const sent: unknown[] = [];
		world.bus.faults = ({ bytes, subject }) => {
			if (subject.startsWith('s.user.')) sent.push(unpackRows(bytes));
			return [0];
		};
		await listening(two, 'tea');
		await world.act('tea', 'bob', send('secret', { mentions: ['ann'] }));
		await world.pass(50);
		expect(sent.at(-1)).toMatchObject({
			type: 'rows',
			rows: [['put', 'mentions', 'tea', 1]],
		});
		expect(JSON.stringify(sent)).not.toContain('secret');
	});
});

describe('what is lost', () => {
	test('[P22] is found by reading again, within minutes, without other changes', async () => {
		const ann = await listening(two, 'tea', 'work', 'club');
		world.bus.faults = () => [];
		await world.act('tea', 'bob', send('one', { mentions: ['ann'] }));
		await world.act('work', 'ann', send('mine'));
		await world.act('club', 'bob', ['kick', { userId: 'ann' }]);
		await world.act('new', 'bob', create('group', 'ann'));
		await world.pass(5_000);
		expect(ann.told).toEqual([]);
		world.bus.faults = undefined;
		await world.pass(700_000);
		const last = new Map(ann.told.map(([type, data]) => [(data as { id: string }).id, type]));
		expect([...last].sort()).toEqual([
			['club', 'gone'],
			['new', 'change'],
			['tea', 'change'],
			['work', 'change'],
		]);
		const tea = ann.told.filter(([, data]) => (data as { id: string }).id === 'tea').at(-1);
		expect(tea?.[1]).toMatchObject({ unread: 1, mentions: 1 });
		const count = ann.told.length;
		await world.pass(700_000);
		expect(ann.told, 'what has not changed is not told').toHaveLength(count);
	});

	test('[P22] is found soon after this node could not hear', async () => {
		const ann = await listening(two, 'tea');
		two.relay.setConnected(false);
		await world.act('tea', 'bob', send('one', { mentions: ['ann'] }));
		await world.act('club', 'bob', create('group', 'ann'));
		await world.pass(100);
		expect(ann.told).toEqual([]);
		two.relay.setConnected(true);
		await world.pass(4_000);
		expect(ann.told).toContainEqual(['change', expect.objectContaining({ id: 'club' })]);
		expect(ann.told).toContainEqual([
			'change',
			expect.objectContaining({ id: 'tea', unread: 1, mentions: 1 }),
		]);
	});

	test('[P22] is told again by a node that could not tell', async () => {
		const ann = await listening(two, 'tea', 'work');
		one.relay.setConnected(false);
		await world.act('tea', 'bob', send('one'));
		await world.act('work', 'ann', send('mine'));
		await world.pass(5_000);
		expect(ann.told).toEqual([]);
		one.relay.setConnected(true);
		await world.pass(2_000);
		expect(ann.told).toContainEqual(['change', expect.objectContaining({ id: 'tea', unread: 1 })]);
		expect(
			ann.told.filter(([, data]) => (data as { id: string }).id === 'work').at(-1),
		).toMatchObject(['change', { unread: 0, marker: 1 }]);
	});

	test('[P22] is looked for when a node is gone that may not have told all', async () => {
		const ann = await listening(two, 'tea');
		world.bus.faults = () => [];
		await world.act('tea', 'bob', send('one'));
		world.bus.faults = undefined;
		world.gone('1');
		await world.pass(3_000);
		expect(ann.told).toMatchObject([['change', { unread: 1 }]]);
	});

	test('[P22] a store that cannot be read for a while delays a change, and loses none', async () => {
		const ann = await listening(two, 'tea');
		world.channels.gate = Promise.reject(new Error('away'));
		world.channels.gate.catch(() => {});
		await world.act('tea', 'bob', send('one'));
		await world.pass(3_500);
		expect(ann.told).toEqual([]);
		world.channels.gate = undefined;
		await world.pass(1_100);
		expect(ann.told).toMatchObject([['change', { unread: 1 }]]);
	});

	test('what changes while it is read again is not taken back', async () => {
		const ann = await listening(two, 'tea', 'work');
		await world.act('tea', 'bob', send('one'));
		await world.pass(2_000);
		world.bus.faults = () => [];
		await world.act('work', 'bob', ['kick', { userId: 'ann' }]);
		await world.pass(100);
		world.bus.faults = undefined;
		let open = () => {};
		world.channels.gate = new Promise((resolve) => {
			open = resolve;
		});
		world.channels.gated = 'members';
		two.relay.setConnected(false);
		two.relay.setConnected(true);
		await world.pass(1_500);
		await world.act('tea', 'ann', ['read', { seq: 1 }]);
		await world.act('club', 'bob', create('group', 'ann'));
		await world.act('tea', 'bob', ['kick', { userId: 'ann' }]);
		await world.act('work', 'ann', 'join');
		await world.pass(100);
		world.channels.gate = undefined;
		open();
		await world.pass(3_000);
		const ids = (await ann.list()).channels.map(({ id }) => id);
		expect(ids.sort()).toEqual(['club', 'work']);
		expect(ann.told.filter(([type]) => type === 'gone')).toEqual([['gone', { id: 'tea' }]]);
	});

	test('what is no message of rows is passed over; a stop ends the telling', async () => {
		const ann = await listening(two, 'tea');
		one.relay.publish('s.user.ann', Uint8Array.of(1, 2, 3));
		one.relay.publish('s.channel.tea', new Uint8Array());
		await world.pass(100);
		expect(ann.told).toEqual([]);
		const sent: string[] = [];
		world.bus.faults = ({ subject }) => {
			sent.push(subject);
			return [0];
		};
		one.rows.stop();
		await world.act('tea', 'bob', send('one'));
		await world.pass(3_000);
		expect(sent).toEqual([]);
	});
});
