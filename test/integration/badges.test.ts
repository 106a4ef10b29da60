import { afterEach, expect, test } from 'vitest';
import type { ChannelSummary } from '../../client-sdk/src/index.ts';
import type { Device } from '../support/device.ts';
import { metrics, until, World } from '../support/world.ts';

const CHANNELS = ['lobby', 'news', 'games'];

const world = new World();
afterEach(() => world.end());

/** A device that shows a list of channels, kept live, and opens none of them. */
class Shelf {
	readonly shown = new Map<string, ChannelSummary>();
	readonly gone: string[] = [];
	readonly device: Device;

	private constructor(device: Device) {
		this.device = device;
		device.naru.channels.on('change', (summary) => this.shown.set(summary.id, summary));
		device.naru.channels.on('gone', ({ id }) => {
			this.shown.delete(id);
			this.gone.push(id);
		});
	}

	static async of(device: Device): Promise<Shelf> {
		const shelf = new Shelf(device);
		await shelf.list();
		return shelf;
	}

	/** Asks for the list, as after a start or a `reset`. */
	async list(): Promise<readonly ChannelSummary[]> {
		const { channels } = await this.device.naru.channels.list();
		for (const summary of channels) this.shown.set(summary.id, summary);
		return channels;
	}

	unread(id: string): number | undefined {
		return this.shown.get(id)?.unread;
	}
}

test('[C1][C8] badges of channels that are not open follow sends, mentions, deletions and reads on any device', async () => {
	const server = await world.server();
	const ann = world.device(server.url, 'ann').naru;
	const laptop = world.device(server.url, 'bob');
	for (const id of CHANNELS) {
		await ann.channel(id).join();
		await laptop.naru.channel(id).join();
	}
	const phone = await Shelf.of(world.device(server.url, 'bob'));
	for (let n = 1; n <= 5; n++) await ann.channel('lobby').send(`m${n}`);
	await ann.channel('news').send({ text: 'hello @bob', mentions: ['bob'] });
	await until(() => phone.unread('lobby') === 5 && phone.unread('news') === 1);
	expect(phone.shown.get('news')).toMatchObject({ mentions: 1, lastMessage: { userId: 'ann' } });
	expect(phone.unread('games')).toBe(0);
	await ann.channel('lobby').delete(2);
	await ann.channel('news').delete(1);
	await until(() => phone.unread('lobby') === 4 && phone.unread('news') === 0);
	await until(() => phone.shown.get('news')?.mentions === 0);
	expect(phone.shown.get('news')?.lastMessage).toMatchObject({ text: '' });
	await laptop.naru.channel('lobby').read(4);
	await until(() => phone.unread('lobby') === 1);
	await laptop.naru.channel('games').leave();
	await until(() => phone.gone.length > 0);
	expect(phone.gone).toEqual(['games']);
	const live = [...phone.shown.values()].sort((one, other) => one.id.localeCompare(other.id));
	const asked = [...(await phone.list())].sort((one, other) => one.id.localeCompare(other.id));
	expect(live).toEqual(asked);
});

test('[C8][P13] badges are exact right after a kill and a start, and nothing is activated for them', async () => {
	const directory = world.directory();
	const first = await world.process({ directory });
	const ann = world.device(first.url, 'ann');
	const bob = world.device(first.url, 'bob');
	for (const id of CHANNELS) {
		await ann.naru.channel(id).join();
		await bob.naru.channel(id).join();
	}
	for (const [index, id] of CHANNELS.entries()) {
		for (let n = 0; n <= index; n++) await ann.naru.channel(id).send(`m${n}`);
	}
	await first.kill();
	await Promise.all([ann.naru.close(), bob.naru.close()]);
	const second = await world.process({ directory });
	const phone = await Shelf.of(world.device(second.url, 'bob'));
	expect(CHANNELS.map((id) => phone.unread(id))).toEqual([1, 2, 3]);
	await second.terminate();
	const third = await world.process({ directory });
	const laptop = await Shelf.of(world.device(third.url, 'bob'));
	expect(CHANNELS.map((id) => laptop.unread(id))).toEqual([1, 2, 3]);
	expect((await metrics(third.url))('naru_actors')).toBe(0);
});

test('[C1][C8] a list has as many pages as it needs, by last activity, each channel once', async () => {
	const server = await world.server();
	const ann = world.device(server.url, 'ann').naru;
	const ids = Array.from({ length: 45 }, (_, index) => `room-${index}`);
	for (const id of ids) await ann.channel(id).join();
	for (const id of [...ids].reverse()) await ann.channel(id).send('x');
	const listed: string[] = [];
	for (let after: string | undefined, more = true; more; ) {
		const page = await ann.channels.list({ limit: 10, ...(after === undefined ? {} : { after }) });
		listed.push(...page.channels.map(({ id }) => id));
		after = page.next;
		more = after !== undefined;
	}
	expect(new Set(listed)).toEqual(new Set(ids));
	expect(listed.length).toBe(ids.length);
	// Sent one after the other, the last one first in the list; equal times are in any order.
	const times = (await ann.channels.list({ limit: 200 })).channels.map(({ lastAt }) => lastAt);
	expect(times).toEqual([...times].sort((one, other) => other - one));
});
