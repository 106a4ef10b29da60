import { afterEach, expect, test } from 'vitest';
import type { Notice } from '../../client-sdk/src/index.ts';
import type { NaruServer } from '../../src/server.ts';
import type { Device } from '../support/device.ts';
import { devToken, rest, until, World } from '../support/world.ts';

const NOTICES = '/api/v1/notices';

const world = new World();
afterEach(() => world.end());

interface Posted {
	readonly posted: readonly { readonly userId: string; readonly id: string }[];
	readonly failed: readonly unknown[];
}

/** A backend that posts notices. */
class Backend {
	readonly #url: string;
	readonly #token: string;
	#keys = 0;

	private constructor(url: string, token: string) {
		this.#url = url;
		this.#token = token;
	}

	static async of({ url }: { url: string }): Promise<Backend> {
		return new Backend(url, await devToken(url, { userId: 'backend', roles: ['service'] }));
	}

	async post(
		to: readonly string[],
		n: number,
		{ ttlSeconds = 60, key = `k${++this.#keys}` } = {},
	): Promise<Posted> {
		const body = { to, type: 'numbered', data: { n }, ttlSeconds };
		const answer = await rest(this.#url, NOTICES, { token: this.#token, key, body });
		expect(answer.status).toBe(200);
		return answer.body as Posted;
	}
}

/** What a device was told. */
class Told {
	readonly notices: Notice[] = [];
	readonly acked: string[] = [];
	readonly device: Device;

	constructor(device: Device) {
		this.device = device;
		device.naru.inbox.on('notice', (notice) => this.notices.push(notice));
		device.naru.inbox.on('acked', ({ id }) => this.acked.push(id));
	}

	get numbers(): unknown[] {
		return this.notices.map(({ data }) => (data as { n: number }).n);
	}

	get waiting(): unknown[] {
		return this.device.naru.inbox.notices.map(({ data }) => (data as { n: number }).n);
	}
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

test('[P5] a user who was offline gets what waits, in order, on every device, over the one socket', async () => {
	const server = await world.server();
	const backend = await Backend.of(server);
	for (const n of upTo(5)) await backend.post(['ann', 'bob'], n);
	const phone = new Told(world.device(server.url, 'ann'));
	const laptop = new Told(world.device(server.url, 'ann'));
	await until(() => phone.numbers.length === 5 && laptop.numbers.length === 5);
	for (const n of [6, 7, 8]) await backend.post(['ann'], n);
	await until(() => phone.numbers.length === 8 && laptop.numbers.length === 8);
	expect(phone.numbers).toEqual(upTo(8));
	expect(laptop.numbers).toEqual(upTo(8));
	expect(phone.device.naru.stats.sockets).toBe(1);
	const bob = new Told(world.device(server.url, 'bob'));
	await until(() => bob.numbers.length === 5);
	expect(bob.numbers).toEqual(upTo(5));
});

test('[P5] acknowledged on one device is acknowledged on all, also on one that was away, and after a restart', async () => {
	const directory = world.directory();
	const server = await world.server({ directory });
	const backend = await Backend.of(server);
	const phone = new Told(world.device(server.url, 'ann'));
	const laptop = new Told(world.device(server.url, 'ann'));
	const tablet = new Told(world.device(server.url, 'ann'));
	for (const n of upTo(4)) await backend.post(['ann'], n);
	await until(() => [phone, laptop, tablet].every(({ numbers }) => numbers.length === 4));
	tablet.device.cut();
	const [first, second] = phone.notices as [Notice, Notice];
	await phone.device.naru.inbox.ack(first.id);
	await laptop.device.naru.inbox.ack(second.id);
	await until(() => phone.acked.length === 2 && laptop.acked.length === 2);
	await tablet.device.comeBack();
	await until(() => tablet.acked.length === 2);
	for (const told of [phone, laptop, tablet]) {
		expect(told.waiting).toEqual([3, 4]);
		expect(told.numbers).toEqual(upTo(4));
	}
	await server.close();
	const next = await world.server({ directory, env: { PORT: new URL(server.url).port } });
	await Promise.all([phone, laptop, tablet].map(({ device }) => device.comeBack()));
	await (await Backend.of(next)).post(['ann'], 5, { key: 'after' });
	await until(() => [phone, laptop, tablet].every(({ numbers }) => numbers.length === 5));
	for (const told of [phone, laptop, tablet]) expect(told.waiting).toEqual([3, 4, 5]);
	const fresh = new Told(world.device(next.url, 'ann'));
	await until(() => fresh.numbers.length === 3);
	expect(fresh.numbers).toEqual([3, 4, 5]);
});

test('[P5] an idempotency key posts once, also over a kill of the process', async () => {
	const directory = world.directory();
	const first = await world.process({ directory });
	const { posted } = await (await Backend.of(first)).post(['ann', 'bob'], 1, { key: 'same' });
	await first.kill();
	const second = await world.process({ directory, port: first.port });
	const backend = await Backend.of(second);
	expect(await backend.post(['ann', 'bob'], 1, { key: 'same' })).toEqual({ posted, failed: [] });
	await backend.post(['ann'], 2, { key: 'other' });
	const ann = new Told(world.device(second.url, 'ann'));
	await until(() => ann.numbers.length === 2);
	expect(ann.numbers).toEqual([1, 2]);
	expect(ann.notices[0]?.id).toBe(posted.find(({ userId }) => userId === 'ann')?.id);
});

test('[P5] an expired notice is taken away on every device, and is not there for one that comes later', async () => {
	const server = await world.server();
	const backend = await Backend.of(server);
	const phone = new Told(world.device(server.url, 'ann'));
	await backend.post(['ann'], 1, { ttlSeconds: 1 });
	await backend.post(['ann'], 2, { ttlSeconds: 60 });
	await until(() => phone.numbers.length === 2);
	await until(() => phone.acked.length === 1);
	expect(phone.waiting).toEqual([2]);
	const late = new Told(world.device(server.url, 'ann'));
	await until(() => late.numbers.length > 0);
	expect(late.numbers).toEqual([2]);
	const page = await late.device.naru.inbox.list();
	expect(page.notices.map(({ data }) => data)).toEqual([{ n: 2 }]);
});

test('[P5] a thousand users in one request, posted at once from several sides, each get theirs once and in order', async () => {
	const server: NaruServer = await world.server();
	const backend = await Backend.of(server);
	const users = Array.from({ length: 1_000 }, (_, index) => `u${index}`);
	const some = users.filter((_, index) => index % 100 === 0);
	const told = some.map((userId) => new Told(world.device(server.url, userId)));
	await until(() => told.every(({ device }) => device.naru.status === 'online'));
	await backend.post(users, 1, { key: 'one' });
	await Promise.all([
		backend.post(users, 2, { key: 'two' }),
		backend.post(users, 2, { key: 'two' }),
	]);
	await backend.post(users, 3, { key: 'three' });
	await until(() => told.every(({ numbers }) => numbers.length >= 3));
	for (const { numbers } of told) expect(numbers).toEqual([1, 2, 3]);
});

test('[P5][P42] only a service may post, and a user hears nothing of the notices of others', async () => {
	const server = await world.server();
	const backend = await Backend.of(server);
	const token = await devToken(server.url, { userId: 'ann' });
	const body = { to: ['bob'], type: 'fake', data: {}, ttlSeconds: 60 };
	expect((await rest(server.url, NOTICES, { token, key: 'k', body })).status).toBe(403);
	expect((await rest(server.url, NOTICES, { key: 'k', body })).status).toBe(401);
	const ann = new Told(world.device(server.url, 'ann'));
	const bob = new Told(world.device(server.url, 'bob'));
	await backend.post(['bob'], 1);
	await backend.post(['ann'], 2);
	await until(() => ann.numbers.length > 0 && bob.numbers.length > 0);
	expect([ann.numbers, bob.numbers]).toEqual([[2], [1]]);
});
