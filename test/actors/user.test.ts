import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { userKind } from '../../actors/user/user-kind.ts';
import { NOTICES_BYTES_MAX } from '../../actors/user/user-state.ts';
import { SYSTEM } from '../../src/core/actor-kind.ts';
import type { StoredEvent } from '../../src/core/journal.ts';
import { NOTICES_MAX, type Notice } from '../../src/protocol/user.ts';
import { outcome } from '../support/channel-actor.ts';
import { PureActor, person } from '../support/pure-actor.ts';

const SHOP = person('shop', { roles: ['service'] });

const inbox = () => new PureActor(userKind, 'ann');

const post = (user: ReturnType<typeof inbox>, data: unknown, ttlSeconds = 60) =>
	user.command(SHOP, 'post', { type: 'order', data, ttlSeconds });

const notices = async (user: ReturnType<typeof inbox>) =>
	((await user.open('ann')) as { notices: Notice[] }).notices;

describe('[P5] notices', () => {
	test('[P5] wait in order, on every device, until one acknowledges', async () => {
		const user = inbox();
		for (const data of ['one', 'two', 'three']) await post(user, data);
		expect(await notices(user)).toMatchObject([
			{ data: 'one' },
			{ data: 'two' },
			{ data: 'three' },
		]);
		const [, second] = await notices(user);
		expect(outcome(await user.command('ann', 'ack', { id: second?.id }))).toBe('OK');
		expect(outcome(await user.command('ann', 'ack', { id: second?.id }))).toBe('OK-');
		expect(await notices(user)).toMatchObject([{ data: 'one' }, { data: 'three' }]);
		expect(user.heard.at(-1)).toMatchObject({ type: 'acked', data: { id: second?.id } });
	});

	test('[P5] only services post, only the user reads and acknowledges', async () => {
		const user = inbox();
		const args = { type: 'order', data: 1, ttlSeconds: 1 };
		expect(outcome(await user.command('ann', 'post', args))).toBe('FORBIDDEN');
		expect(outcome(await user.command(SYSTEM, 'post', args))).toBe('OK');
		const [notice] = await notices(user);
		const ack = { id: notice?.id };
		for (const other of [person('bob'), SHOP, person('eve', { roles: ['ops'] })]) {
			expect(await user.open(other)).toMatchObject({ code: 'FORBIDDEN' });
			expect(await user.query(other, 'list')).toMatchObject({ code: 'FORBIDDEN' });
			expect(outcome(await user.command(other, 'ack', ack))).toBe('FORBIDDEN');
			expect(outcome(await user.command(other, 'wake'))).toBe('FORBIDDEN');
		}
	});

	test('[P5] expired ones go by a timer, also from every device', async () => {
		const user = inbox();
		await post(user, 'long', 60);
		await post(user, 'short', 10);
		const due = user.now + 10_000;
		expect(userKind.nextWakeAt?.(user.state)).toBe(due);
		user.now = due;
		expect(await notices(user)).toMatchObject([{ data: 'long' }]);
		expect(outcome(await user.command(SYSTEM, 'wake'))).toBe('OK');
		expect(user.heard.at(-1)).toMatchObject({ type: 'acked' });
		expect(userKind.nextWakeAt?.(user.state)).toBe(due + 50_000);
		expect(outcome(await user.command(SYSTEM, 'wake'))).toBe('OK-');
		user.now += 50_000;
		await user.command(SYSTEM, 'wake');
		expect(userKind.nextWakeAt?.(user.state)).toBeUndefined();
	});

	test('[P5] many that expire at once go in several turns', async () => {
		const user = inbox();
		for (let index = 0; index < 150; index++) await post(user, index, 1);
		user.now += 1_000;
		await user.command(SYSTEM, 'wake');
		expect(user.state.notices.size).toBe(50);
		expect(userKind.nextWakeAt?.(user.state)).toBe(user.now);
		await user.command(SYSTEM, 'wake');
		expect(user.state).toMatchObject({ bytes: 0, notices: new Map() });
	});

	test('[P5] at most 1,000 wait: the oldest give way', async () => {
		const user = inbox();
		for (let index = 0; index < NOTICES_MAX; index++) await post(user, index);
		const [first, second] = await notices(user);
		expect(outcome(await post(user, 'new'))).toBe('OK');
		expect(user.heard.slice(-2)).toMatchObject([
			{ type: 'acked', data: { id: first?.id } },
			{ type: 'notice', data: { data: 'new' } },
		]);
		expect(user.state.notices.size).toBe(NOTICES_MAX);
		expect((await notices(user))[0]?.id).toBe(second?.id);
	});

	test('[P5] their bytes are bounded too', async () => {
		const user = inbox();
		for (let index = 0; index < 300; index++) await post(user, 'x'.repeat(16_000));
		expect(user.state.bytes).toBeLessThanOrEqual(NOTICES_BYTES_MAX);
		expect(user.state.notices.size).toBeGreaterThan(250);
		expect(outcome(await post(user, 'x'.repeat(16_384)))).toBe('TOO_LARGE');
		expect(outcome(await post(user, new Uint8Array(1)))).toBe('INVALID');
	});

	test('[P5] list goes back in pages, bounded in bytes', async () => {
		const user = inbox();
		for (let index = 0; index < 5; index++) await post(user, index);
		const list = async (args: object) => {
			const page = (await user.query('ann', 'list', args)) as {
				notices: Notice[];
				hasMore: boolean;
			};
			return { ...page, data: page.notices.map(({ data }) => data) };
		};
		const last = await list({ limit: 2 });
		expect(last).toMatchObject({ data: [3, 4], hasMore: true });
		expect(await list({ limit: 3, before: last.notices[0]?.id })).toMatchObject({
			data: [0, 1, 2],
			hasMore: false,
		});
		await user.command('ann', 'ack', { id: last.notices[0]?.id });
		expect(await list({ before: last.notices[0]?.id })).toMatchObject({ data: [0, 1, 2] });
		for (let index = 0; index < 30; index++) await post(user, 'x'.repeat(16_000));
		expect((await list({ limit: 30 })).notices.length).toBeLessThan(20);
		expect((await notices(user)).length).toBeLessThan(20);
	});

	test('[P13] a restart from a snapshot keeps them', async () => {
		const user = inbox();
		for (let index = 0; index < 250; index++) await post(user, index);
		const { bytes } = user.state;
		const ids = [...user.state.notices.keys()];
		const cut = user.cut();
		await post(user, 'behind the cut');
		user.restart(cut);
		expect([...user.state.notices.keys()]).toEqual(ids);
		expect(user.state.bytes).toBe(bytes);
	});

	test('[P13] what version 1 stored is read for ever', () => {
		const stored = JSON.parse(
			readFileSync(new URL('./fixtures/user-v1.json', import.meta.url), 'utf8'),
		) as { events: StoredEvent[]; snapshot: unknown[] };
		const types = new Set(stored.events.map(({ type }) => type));
		expect([...types].toSorted()).toEqual(['acked', 'dropped', 'expired', 'notice']);
		const user = inbox();
		for (const event of stored.events) user.replay(event);
		expect(user.state).toEqual(userKind.restore('ann', stored.snapshot));
		expect([...user.state.notices.keys()]).toEqual(['id00000004']);
		const later = { type: 'notice', version: 2, data: {} };
		expect(() => user.replay(later)).toThrow('version 2');
		expect(() => userKind.restore('ann', [{ version: 3, notices: [] }])).toThrow('version 3');
	});
});
