import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OP } from '../../src/protocol/frames.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

let bench: TestGateway;
beforeEach(async () => {
	bench = await TestGateway.start();
});
afterEach(() => bench.stop());

const make = { name: 'make', args: {} };
const openBoard = (client: FrameClient, handle: number) =>
	client.open(handle, { kind: 'board', id: 'lobby', with: make });
const idsOf = (limit: number, after?: string) =>
	bench.gateway.sockets({ limit, after }).sockets.map(({ id }) => id);

describe('[P40] sockets', () => {
	test('are listed by their ids, page by page, each once', async () => {
		for (const name of ['ann', 'bob', 'cid', 'ann', 'dan']) await bench.connect(name);
		const first = bench.gateway.sockets({ limit: 3 });
		expect(first.more).toBe(true);
		const ids = [...idsOf(3), ...idsOf(3, first.sockets.at(-1)?.id)];
		expect(ids).toEqual([...new Set(ids)].sort());
		expect(ids).toHaveLength(5);
		expect(bench.gateway.sockets({ limit: 5 }).more).toBe(false);
	});

	test('are found by their user, and are gone with their sockets', async () => {
		const ann = await bench.connect('ann');
		await bench.connect('ann');
		await bench.connect('bob');
		const ofAnn = () => bench.gateway.sockets({ userId: 'ann', limit: 9 }).sockets;
		expect(ofAnn().map(({ userId }) => userId)).toEqual(['ann', 'ann']);
		expect(bench.gateway.sockets({ userId: 'ann', limit: 1 }).more).toBe(true);
		await ann.close();
		await expect.poll(ofAnn).toHaveLength(1);
		expect(idsOf(9)).toHaveLength(2);
	});

	test('say what they run on and for how long they are silent', async () => {
		const client = await bench.plain();
		const hello = { versions: [1], token: 'ann', deviceId: 'phone', platform: 'react-native' };
		client.send(0, OP.hello, hello);
		await client.next((frame) => frame.op === OP.welcome);
		bench.clock.advance(700);
		expect(bench.gateway.sockets({ limit: 1 }).sockets[0]).toMatchObject({
			userId: 'ann',
			deviceId: 'phone',
			platform: 'react-native',
			silentMs: 700,
			behindMs: 0,
		});
	});

	test('show each handle with its position', async () => {
		const ann = await bench.connect('ann');
		await openBoard(ann, 2);
		await ann.open(1, { kind: 'diary', id: 'ann' });
		await ann.command(2, 1, 'say', { text: 'hello' });
		const [id = ''] = idsOf(1);
		const { socket, handles } = bench.gateway.socket(id) ?? {};
		expect(socket?.handles).toBe(2);
		expect(handles).toMatchObject([
			{ id: 1, key: 'diary/ann', style: 'stream', state: 'dormant', position: 0, lag: 0 },
			{ id: 2, key: 'board/lobby', style: 'stream', state: 'live', lag: 0 },
		]);
		expect(handles?.[1]?.position).toBeGreaterThan(0);
		expect(JSON.stringify(handles)).not.toContain('hello');
		expect(bench.gateway.socket('none')).toBeUndefined();
	});
});
