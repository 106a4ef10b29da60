import { describe, expect, test } from 'vitest';
import type { Channel } from '../../client-sdk/src/channel.ts';
import type { Naru } from '../../client-sdk/src/naru.ts';
import { CLOSE } from '../../src/protocol/errors.ts';
import type { FakeChannel } from './support/fake-channel.ts';
import { FakeServer } from './support/fake-server.ts';
import { outcome, type Sdk } from './support/sdk.ts';
import { VirtualWorld } from './support/virtual-world.ts';

/** What browsers have; shared by all pages of a device. */
class Kept {
	readonly values = new Map<string, string>();
	getItem = (key: string) => this.values.get(key) ?? null;
	setItem = (key: string, value: string) => void this.values.set(key, value);
	removeItem = (key: string) => void this.values.delete(key);

	texts(userId: string): string[] {
		const kept = JSON.parse(this.values.get(`naru/unsent/${userId}`) ?? '[]');
		return (kept as { args: { text: string } }[]).map(({ args }) => args.text);
	}
}

/** A token that says whose it is, as those of a real server do. */
function jwt(sub: string): string {
	const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
	return `${part({ alg: 'HS256' })}.${part({ name: '나루 "ü"', sub, exp: 1 })}.signature`;
}

const subject = (token: string) =>
	JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sub as string;

interface Page {
	readonly naru: Naru;
	readonly channel: Channel;
}

/** A device whose pages share a storage, in front of a channel with Ann and Bob. */
class Desk {
	readonly world = new VirtualWorld();
	readonly server = new FakeServer(this.world);
	readonly general: FakeChannel = this.server.made('general', 'ann', 'bob');
	readonly storage = new Kept();
	readonly #sdk: Sdk;

	constructor(sdk: Sdk) {
		this.#sdk = sdk;
		this.server.verify = (token) => ({ userId: subject(token) });
	}

	async page(token: string | (() => string) = jwt('ann')): Promise<Page> {
		const { storage } = this;
		const naru = this.#sdk.connect(this.world, { url: 'ws://x/', token, storage });
		await this.world.advance(50);
		return { naru, channel: naru.channel('general') };
	}

	/** The server is away for a while. */
	away(): void {
		this.server.accepts = 'refuse';
		for (const { socket } of this.server.connections) socket.cut();
	}

	back(): void {
		this.server.accepts = 'yes';
	}

	said(): string[] {
		return this.general.messages.map(({ userId, text }) => `${userId}: ${text}`);
	}
}

function overRestarts(sdk: Sdk): void {
	test('unsent messages are kept over a restart of the app, for their user only', async () => {
		const desk = new Desk(sdk);
		const page = await desk.page();
		desk.away();
		void page.channel.send('one');
		void page.channel.send('two');
		await desk.world.advance(100);
		await page.naru.close();

		desk.back();
		const bob = await desk.page(jwt('bob'));
		await desk.world.advance(100);
		expect(desk.said()).toEqual([]);
		await bob.naru.close();

		const later = await desk.page();
		await desk.world.advance(100);
		expect(desk.said()).toEqual(['ann: one', 'ann: two']);
		expect(later.channel.pending).toEqual([]);
		expect([...desk.storage.values.keys()]).toEqual(['naru/device']);
	});

	test('what was given before the first connection is kept too', async () => {
		const desk = new Desk(sdk);
		desk.away();
		const page = await desk.page();
		void page.channel.send('offline from the start');
		await desk.world.advance(100);
		expect(desk.storage.texts('ann')).toEqual(['offline from the start']);
		await page.naru.close();
		desk.back();
		await desk.page();
		await desk.world.advance(100);
		expect(desk.said()).toEqual(['ann: offline from the start']);
	});

	test('what was given before anybody knew the user is kept as soon as it is known', async () => {
		const desk = new Desk(sdk);
		desk.server.verify = (token) => ({ userId: token });
		const page = await desk.page('ann');
		desk.server.isSilent = true;
		const naru = sdk.connect(desk.world, { url: 'ws://x/', token: 'ann', storage: desk.storage });
		void naru.channel('general').send('early');
		await desk.world.advance(100);
		expect(desk.storage.texts('ann')).toEqual([]);
		desk.server.isSilent = false;
		desk.server.refuseCommand = () => ({ code: 'BUSY', retryAfterMs: 60_000 });
		await desk.world.advance(40_000);
		expect(desk.storage.texts('ann')).toEqual(['early']);
		await page.naru.close();
	});

	test('more messages than may wait at a time are all sent, over several starts, each once', async () => {
		const desk = new Desk(sdk);
		const texts = Array.from({ length: 150 }, (_, at) => `m${at}`);
		const kept = texts.map((text) => ({
			channel: 'general',
			clientId: `id-${text}`,
			at: 1,
			args: { text },
		}));
		desk.storage.setItem('naru/unsent/ann', JSON.stringify(kept));
		for (let start = 0; start < 2; start++) {
			const { naru } = await desk.page();
			await desk.world.advance(1_000);
			await naru.close();
		}
		expect(desk.said().sort()).toEqual(texts.map((text) => `ann: ${text}`).sort());
		expect(desk.storage.texts('ann')).toEqual([]);
	});

	test('a storage with rubbish in it harms nothing', async () => {
		const desk = new Desk(sdk);
		const rubbish = [null, 1, { channel: 'general', clientId: 'x', args: null }, { args: {} }];
		desk.storage.setItem('naru/unsent/ann', JSON.stringify(rubbish));
		desk.storage.setItem('naru/device', 'not an id');
		const page = await desk.page();
		const sent = outcome(page.channel.send('hi'));
		await desk.world.advance(100);
		expect(sent.value?.seq).toBe(1);
		expect(page.naru.status).toBe('online');
	});
}

function users(sdk: Sdk): void {
	test('what one user wrote is never sent with the token of another, also before the first welcome', async () => {
		const desk = new Desk(sdk);
		desk.away();
		let user = 'ann';
		const page = await desk.page(() => jwt(user));
		const sent = outcome(page.channel.send('by ann'));
		desk.server.accepts = 'yes';
		desk.server.verify = () => ({ close: 'expired' });
		user = 'bob';
		await desk.world.advance(20_000);
		expect(page.naru.status).toBe('closed');
		expect(sent.error?.code).toBe('UNAUTHORIZED');
		expect(desk.server.connections.map(({ hello }) => subject(hello?.token ?? ''))).toEqual([
			'ann',
		]);
		desk.server.verify = (token) => ({ userId: subject(token) });
		await desk.page(jwt('bob'));
		await desk.page(jwt('ann'));
		await desk.world.advance(100);
		expect(desk.said()).toEqual(['ann: by ann']);
	});

	test.each(['revoked', 'unauthorized', 'version'] as const)(
		'ended by %s, unsent messages stay for the next start',
		async (name) => {
			const desk = new Desk(sdk);
			const page = await desk.page();
			desk.server.isSilent = true;
			const sent = outcome(page.channel.send('unsent'));
			await desk.world.advance(10);
			desk.server.last.socket.end(CLOSE[name].code);
			await desk.world.advance(20);
			expect(page.naru.status).toBe('closed');
			expect(sent.error).toBeDefined();
			desk.server.isSilent = false;
			await desk.page();
			await desk.world.advance(100);
			expect(desk.said()).toEqual(['ann: unsent']);
		},
	);

	test.each(['badFrame', 'tooLarge'] as const)(
		'what ended the client by %s is not sent again at the next start',
		async (name) => {
			const desk = new Desk(sdk);
			const page = await desk.page();
			desk.server.isSilent = true;
			void page.channel.send('poison');
			await desk.world.advance(10);
			desk.server.last.socket.end(CLOSE[name].code);
			await desk.world.advance(20);
			expect(page.channel.pending).toMatchObject([{ status: 'failed' }]);
			expect(desk.storage.texts('ann')).toEqual([]);
		},
	);

	test('a message that was discarded is not sent at the next start', async () => {
		const desk = new Desk(sdk);
		const page = await desk.page();
		desk.away();
		void page.channel.send('never mind', { clientId: 'mine' });
		await desk.world.advance(10);
		page.channel.close();
		await desk.world.advance(10);
		expect(desk.storage.texts('ann')).toEqual(['never mind']);
		page.channel.discard('mine');
		await page.naru.close();
		desk.back();
		await desk.page();
		await desk.world.advance(100);
		expect(desk.said()).toEqual([]);
	});
}

function pages(sdk: Sdk): void {
	test('two pages that share a storage keep what each has unsent', async () => {
		const desk = new Desk(sdk);
		const [one, two] = [await desk.page(), await desk.page()];
		desk.away();
		void one.channel.send('of one');
		await desk.world.advance(10);
		void two.channel.send('of two');
		await desk.world.advance(10);
		expect(desk.storage.texts('ann').sort()).toEqual(['of one', 'of two']);
		two.channel.close();
		await desk.world.advance(10);
		two.channel.discard(two.channel.pending[0]?.clientId ?? '');
		await desk.world.advance(10);
		expect(desk.storage.texts('ann')).toEqual(['of one']);
		await one.naru.close();
		await two.naru.close();
		desk.back();
		await desk.page();
		await desk.world.advance(100);
		expect(desk.said()).toEqual(['ann: of one']);
	});

	test('[C5] what two pages take up from the same storage takes effect once', async () => {
		const desk = new Desk(sdk);
		const first = await desk.page();
		desk.away();
		void first.channel.send('once', { clientId: 'mine' });
		await desk.world.advance(20_000);
		desk.back();
		// The first page is still there, and waits out its back-off; two more are opened meanwhile.
		const [two, three] = await Promise.all([desk.page(), desk.page()]);
		await desk.world.advance(20_000);
		expect(desk.said()).toEqual(['ann: once']);
		expect(desk.general.effects.get('mine')).toBe(1);
		for (const { channel, naru } of [first, two, three]) {
			expect(naru.status).toBe('online');
			expect(channel.pending).toEqual([]);
		}
		expect(desk.storage.texts('ann')).toEqual([]);
	});
}

function pending(sdk: Sdk): void {
	test('a message of another user with the same client id is not taken for the own one', async () => {
		const desk = new Desk(sdk);
		const page = await desk.page();
		await Promise.all([page.channel.open(), desk.world.advance(10)]);
		desk.server.refuseCommand = () => ({ code: 'BUSY', retryAfterMs: 5_000 });
		const sent = outcome(page.channel.send('mine', { clientId: 'm1' }));
		await desk.world.advance(10);
		desk.server.refuseCommand = () => undefined;
		const args = { text: 'of bob' };
		desk.server.by(desk.general, { userId: 'bob', name: 'send', args, requestId: 'm1' });
		await desk.world.advance(10);
		expect(page.channel.pending).toMatchObject([{ text: 'mine', status: 'pending' }]);
		expect(desk.storage.texts('ann')).toEqual(['mine']);
		await desk.world.advance(10_000);
		expect(sent.value?.seq).toBe(2);
		expect(page.channel.pending).toEqual([]);
	});

	test('a message that was sent is not pending behind a fresh view that does not hold it', async () => {
		const desk = new Desk(sdk);
		const page = await desk.page();
		await Promise.all([page.channel.open({ last: 2 }), desk.world.advance(10)]);
		let isCut = false;
		desk.server.afterFrame = (direction, { socket }) => {
			// The answer arrives, the message itself does not.
			if (direction !== 'down' || isCut || desk.general.messages.length === 0) return;
			isCut = true;
			desk.world.setTimeout(() => socket.cut(), 1);
		};
		const sent = outcome(page.channel.send('mine'));
		await desk.world.advance(3);
		expect(sent.value?.seq).toBe(1);
		desk.general.writer = 'writer-2';
		for (const text of ['a', 'b', 'c']) {
			desk.general.run({ userId: 'bob', name: 'send', args: { text } });
		}
		await desk.world.advance(1_000);
		expect(page.channel.messages.map(({ text }) => text)).toEqual(['b', 'c']);
		expect(page.channel.pending).toEqual([]);
	});

	test('of messages that failed the last 100 are remembered', async () => {
		const desk = new Desk(sdk);
		const page = await desk.page();
		for (let count = 0; count < 120; count++) {
			void page.channel.send('');
			await desk.world.advance(3);
		}
		expect(page.channel.pending).toHaveLength(100);
	});
}

/** What becomes of messages that were not sent. */
export function storageSuite(sdk: Sdk): void {
	describe(`storage (${sdk.name})`, () => {
		overRestarts(sdk);
		users(sdk);
		pages(sdk);
		pending(sdk);
	});
}
