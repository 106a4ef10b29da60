import { describe, expect, test } from 'vitest';
import { ChannelWorld } from '../../support/channel-world.ts';

const ids = (page: { channels: readonly { id: string }[] }) => page.channels.map(({ id }) => id);
const send = (text: string, more: object = {}) => ['send', { text, ...more }] as const;
const create = (kind: string, ...members: string[]) =>
	['create', { kind, name: '', members }] as const;

async function worldOf(channels: Readonly<Record<string, readonly string[]>>) {
	const world = new ChannelWorld();
	for (const [id, [owner = '', ...others]] of Object.entries(channels)) {
		await world.act(id, owner, create('open', ...others));
	}
	return world;
}

/** A gate for reads, and how to open it. */
function closedGate() {
	let open = () => {};
	const gate = new Promise<void>((resolve) => {
		open = resolve;
	});
	return { gate, open };
}

describe('list', () => {
	test('[C1] own channels by last activity, with last message, unread and mentions', async () => {
		const world = await worldOf({ tea: ['ann', 'bob'], work: ['ann', 'bob'], mine: ['ann'] });
		await world.act('tea', 'bob', send('one', { mentions: ['ann'] }));
		await world.act('work', 'bob', send('three'));
		await world.act('tea', 'bob', send('two'));
		const { channels } = await world.session('ann').list();
		expect(channels).toMatchObject([
			{ id: 'tea', unread: 2, mentions: 1, marker: 0, lastMessage: { text: 'two', seq: 2 } },
			{ id: 'work', unread: 1, mentions: 0, memberCount: 2 },
			{ id: 'mine', unread: 0, mentions: 0 },
		]);
		expect(channels[2]).not.toHaveProperty('lastMessage');
		expect(await world.session('bob').list()).toMatchObject({
			channels: [{ id: 'tea', unread: 0, marker: 2 }, { id: 'work' }],
		});
		expect((await world.session('eve').list()).channels).toEqual([]);
	});

	test('[C1] one reads one’s own writes', async () => {
		const world = new ChannelWorld();
		const ann = world.session('ann');
		expect(ids(await ann.list())).toEqual([]);
		await world.act('tea', 'ann', 'join');
		expect(ids(await ann.list())).toEqual(['tea']);
		await world.act('tea', 'ann', 'leave');
		expect(ids(await ann.list())).toEqual([]);
		expect(ids(await ann.list({}, 'public'))).toEqual(['tea']);
	});

	test('[C1] a store that takes no rows holds up a list for a second at most', async () => {
		const world = await worldOf({ tea: ['ann'] });
		await world.project();
		world.settling = new Promise(() => {});
		for (const name of ['list', 'public'] as const) {
			const page = world.session('ann').list({}, name);
			await world.runtime.advance(1_000);
			expect(ids(await page)).toEqual(['tea']);
		}
	});

	test('[C1] pages go on behind their cursor, by key, whatever moves', async () => {
		const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
		const world = await worldOf(Object.fromEntries(names.map((name) => [name, ['ann', 'bob']])));
		for (const name of ['list', 'public'] as const) {
			const ann = world.session('ann');
			const first = await ann.list({ limit: 3 }, name);
			expect(ids(first)).toEqual(['g', 'f', 'e'].map((id) => id));
			const second = await ann.list({ limit: 3, after: first.next }, name);
			expect(ids(second)).toEqual(['d', 'c', 'b']);
			const third = await ann.list({ limit: 3, after: second.next }, name);
			expect(ids(third)).toEqual(['a']);
			expect(third.next).toBeUndefined();
			expect(await ann.list({ after: 'nonsense' }, name)).toMatchObject({ code: 'INVALID' });
		}
		await world.act('a', 'bob', send('to the top'));
		const ann = world.session('ann');
		const first = await ann.list({ limit: 4 });
		expect(ids(first)).toEqual(['a', 'g', 'f', 'e']);
		expect(ids(await ann.list({ after: first.next }))).toEqual(['d', 'c', 'b']);
	});

	test('[C1] channels of one moment are neither lost nor doubled between pages', async () => {
		const world = new ChannelWorld();
		for (const id of ['b', 'd', 'a', 'c']) {
			const channel = world.channel(id);
			channel.now = 5_000;
			await channel.command('ann', 'create', { kind: 'open', name: '', members: [] });
		}
		for (const name of ['list', 'public'] as const) {
			const ann = world.session('ann');
			const first = await ann.list({ limit: 2 }, name);
			const second = await ann.list({ limit: 2, after: first.next }, name);
			expect([...ids(first), ...ids(second)]).toEqual(['d', 'c', 'b', 'a']);
		}
	});

	test('[C1] public shows open channels only, without anything of a reader', async () => {
		const world = await worldOf({ tea: ['ann'] });
		await world.act('private', 'ann', create('group', 'bob'));
		await world.act('@ann@bob', 'ann', create('direct', 'bob'));
		const page = await world.session('ann').list({}, 'public');
		expect(ids(page)).toEqual(['tea']);
		expect(page.channels[0]).not.toHaveProperty('unread');
		expect(ids(await world.session('bob').list())).toEqual(['@ann@bob', 'private']);
	});

	test('[C8] more than 999 unread and mentions are told as 1,000', async () => {
		const world = await worldOf({ tea: ['ann', 'bob'] });
		const channel = world.channel('tea');
		for (let index = 0; index < 1_005; index++) {
			await channel.command('bob', 'send', { text: 'm', mentions: ['ann'] });
		}
		const ann = world.session('ann');
		expect(await ann.list()).toMatchObject({ channels: [{ unread: 1_000, mentions: 1_000 }] });
		await world.act('tea', 'ann', ['read', { seq: 4 }]);
		expect(await ann.list()).toMatchObject({ channels: [{ unread: 1_000, mentions: 1_000 }] });
		await world.act('tea', 'ann', ['read', { seq: 1_003 }]);
		expect(await ann.list()).toMatchObject({ channels: [{ unread: 2, mentions: 2 }] });
	});

	test('a store that cannot be read is refused as such, and asked again', async () => {
		const world = await worldOf({ tea: ['ann'] });
		await world.project();
		world.gate = Promise.reject(new Error('disk away'));
		world.gate.catch(() => {});
		const ann = world.session('ann');
		expect(await ann.list()).toMatchObject({ code: 'UNAVAILABLE' });
		expect(await ann.list({}, 'public')).toMatchObject({ code: 'UNAVAILABLE' });
		world.gate = undefined;
		expect(ids(await ann.list())).toEqual(['tea']);
	});
});

describe('change', () => {
	/** Ann and Bob in one channel, both listening. */
	async function listening() {
		const world = await worldOf({ tea: ['ann', 'bob'], work: ['ann'] });
		const ann = world.session('ann');
		await ann.list();
		await world.runtime.advance(5_000);
		ann.told.length = 0;
		return { world, ann };
	}

	test('[C8] a badge comes at once, then at most once a second, always the newest', async () => {
		const { world, ann } = await listening();
		const times: [number, unknown][] = [];
		const start = world.runtime.now();
		for (let step = 0; step < 25; step++) {
			await world.act('tea', 'bob', send(`m${step + 1}`));
			await world.project();
			await world.runtime.advance(99);
			for (const [, data] of ann.told.splice(0)) {
				times.push([world.runtime.now() - start, (data as { unread: number }).unread]);
			}
		}
		expect(times.length).toBe(3);
		await world.runtime.advance(2_000);
		expect(ann.told).toMatchObject([['change', { id: 'tea', unread: 25 }]]);
		expect(ann.told[0]?.[1]).toMatchObject({ lastMessage: { text: 'm25' }, lastSeq: 25 });
		expect(times[0]).toEqual([100, 1]);
		ann.told.length = 0;
		await world.runtime.advance(10_000);
		expect(ann.told).toEqual([]);
	});

	test('[C8] one’s own marker and mentions are live, on every device', async () => {
		const { world, ann } = await listening();
		const tablet = world.session('ann', 'tablet');
		await world.act('tea', 'bob', send('hey', { mentions: ['ann'] }));
		await world.act('tea', 'bob', send('you', { mentions: ['ann'] }));
		await world.project();
		await world.runtime.advance(1_000);
		const told = ['change', { id: 'tea', unread: 2, mentions: 2, marker: 0 }];
		expect(ann.told).toMatchObject([told]);
		expect(tablet.told).toMatchObject([told]);
		await world.act('tea', 'bob', ['delete', { seq: 2 }]);
		await world.project();
		await world.runtime.advance(1_000);
		expect(ann.told.at(-1)).toMatchObject(['change', { unread: 1, mentions: 1 }]);
		await world.act('tea', 'ann', ['read', { seq: 2 }]);
		await world.project();
		await world.runtime.advance(1_000);
		expect(tablet.told.at(-1)).toMatchObject(['change', { unread: 0, mentions: 0, marker: 2 }]);
	});

	test('[C8] a reader’s marker is nobody else’s business', async () => {
		const { world, ann } = await listening();
		const bob = world.session('bob');
		await world.act('tea', 'ann', send('hello'));
		await world.project();
		await world.runtime.advance(2_000);
		ann.told.length = 0;
		await world.act('tea', 'bob', ['read', { seq: 1 }]);
		await world.project();
		await world.runtime.advance(2_000);
		expect(ann.told).toEqual([]);
		expect(bob.told.at(-1)).toMatchObject(['change', { marker: 1, unread: 0 }]);
	});

	test('[C1] a new membership appears, an ended one is gone, at once', async () => {
		const { world, ann } = await listening();
		await world.act('club', 'bob', create('group', 'ann'));
		await world.project();
		await world.runtime.advance(1);
		expect(ann.told).toMatchObject([['change', { id: 'club', kind: 'group', memberCount: 2 }]]);
		await world.act('club', 'bob', ['kick', { userId: 'ann' }]);
		await world.project();
		expect(ann.told.at(-1)).toEqual(['gone', { id: 'club' }]);
		ann.told.length = 0;
		await world.act('club', 'bob', send('behind her back'));
		await world.project();
		await world.runtime.advance(5_000);
		expect(ann.told).toEqual([]);
	});

	test('[C8] [P3] what a slow reader missed is told when it is there again, as it is then', async () => {
		const { world, ann } = await listening();
		await world.act('club', 'bob', create('group', 'ann'));
		await world.project();
		await world.runtime.advance(5_000);
		ann.told.length = 0;
		ann.reader.isSlow = true;
		for (const text of ['one', 'two']) await world.act('tea', 'bob', send(text));
		await world.act('club', 'bob', ['kick', { userId: 'ann' }]);
		await world.project();
		await world.runtime.advance(5_000);
		ann.caughtUp();
		await world.runtime.advance(5_000);
		expect(ann.told, 'it is slow again already').toEqual([]);
		ann.reader.isSlow = false;
		ann.caughtUp();
		await world.runtime.advance(5_000);
		expect(ann.told).toHaveLength(2);
		expect(ann.told).toContainEqual(['gone', { id: 'club' }]);
		const [, tea] = ann.told.find(([type]) => type === 'change') ?? [];
		expect(tea).toMatchObject({ id: 'tea', unread: 2, lastMessage: { text: 'two' } });
		ann.caughtUp();
		await world.runtime.advance(5_000);
		expect(ann.told, 'once').toHaveLength(2);
	});

	test('[C8] rows of others’ channels cost no read; a closed session is told nothing', async () => {
		const { world, ann } = await listening();
		await world.act('other', 'eve', create('open', 'dan'));
		world.reads = 0;
		for (let index = 0; index < 10; index++) await world.act('other', 'eve', send('m'));
		await world.project();
		await world.runtime.advance(2_000);
		expect(world.reads).toBe(0);
		ann.close();
		await world.act('tea', 'bob', send('m'));
		await world.project();
		await world.runtime.advance(2_000);
		expect([world.reads, ann.told]).toEqual([0, []]);
	});

	test('[C8] a channel of many members is told in slices, each member once', async () => {
		const people = Array.from({ length: 100 }, (_, index) => `user${index}`);
		const world = await worldOf({ tea: ['ann', ...people.slice(0, 99)] });
		for (let index = 100; index < 300; index++) {
			people.push(`user${index}`);
			await world.channel('tea').command(`user${index}`, 'join');
		}
		await world.channel('tea').command('user99', 'join');
		await world.project();
		const sessions = people.map((userId) => world.session(userId));
		await world.runtime.advance(5_000);
		await world.act('tea', 'ann', send('hello all'));
		world.reads = 0;
		await world.project();
		await world.runtime.advance(0);
		const told = sessions.map((session) => session.told.length);
		expect(told).toEqual(people.map(() => 1));
	});

	test('what changes while memberships are read is not lost', async () => {
		const world = await worldOf({ tea: ['ann', 'bob'], club: ['bob', 'ann'] });
		await world.act('tea', 'bob', send('one'));
		await world.project();
		const { gate, open } = closedGate();
		world.gate = gate;
		const ann = world.session('ann');
		await world.act('tea', 'ann', ['read', { seq: 1 }]);
		await world.act('club', 'bob', ['kick', { userId: 'ann' }]);
		await world.act('new', 'bob', create('group', 'ann'));
		await world.project();
		world.gate = undefined;
		open();
		expect(await ann.list()).toMatchObject({
			channels: [
				{ id: 'new', unread: 0 },
				{ id: 'tea', unread: 0, marker: 1 },
			],
		});
	});

	test('a mention deleted while mentions are read is not counted', async () => {
		const { world, ann } = await listening();
		await world.act('tea', 'bob', send('a', { mentions: ['ann'] }));
		await world.act('tea', 'bob', send('b', { mentions: ['ann'] }));
		const { gate, open } = closedGate();
		world.gate = gate;
		world.gated = 'mentions';
		await world.project();
		await world.runtime.advance(1);
		// Ann is being told; the page of her mentions is on its way.
		await world.act('tea', 'bob', ['delete', { seq: 1 }]);
		await world.project();
		await world.runtime.advance(1);
		world.gate = undefined;
		open();
		await world.project();
		await world.runtime.advance(2_000);
		expect(ann.told.at(-1)).toMatchObject(['change', { unread: 1, mentions: 1 }]);
	});

	test('a store that fails for a while delays a change, and loses none', async () => {
		const { world, ann } = await listening();
		world.gate = Promise.reject(new Error('disk away'));
		world.gate.catch(() => {});
		await world.act('tea', 'bob', send('hello'));
		await world.project();
		await world.runtime.advance(3_500);
		expect(ann.told).toEqual([]);
		world.gate = undefined;
		await world.runtime.advance(1_000);
		expect(ann.told).toMatchObject([['change', { unread: 1 }]]);
	});
});
