import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OP } from '../../src/protocol/frames.ts';
import type { Data } from '../../src/protocol/wire.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { openedOf, resumedOf } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

let world: TestGateway;
beforeEach(async () => {
	world = await TestGateway.start();
});
afterEach(() => world.stop());

const board = (id: string, more: object = {}) => ({ kind: 'board', id, ...more });
const isData = (frame: { op: number }) => frame.op === OP.data;
const dataOf = async (client: FrameClient) => (await client.next(isData)).payload as Data;

describe('streams', () => {
	test('[P1] an opened handle hears what follows its position', async () => {
		world.actors.create('board/a');
		const ann = await world.connect('ann');
		const bob = await world.connect('bob');
		const opened = openedOf(await ann.open(1, board('a')));
		expect(opened).toMatchObject({ position: 1, view: { lines: [['made', null]] } });
		await bob.open(7, board('a'));
		expect(await bob.command(7, 1, 'say', { text: 'hi' })).toEqual([1, { position: 2 }]);
		const frame = await ann.next(isData);
		expect(frame).toEqual({
			handle: opened.down,
			op: OP.data,
			payload: { p: 2, e: [['said', { by: 'bob', text: 'hi' }]] },
		});
		expect(await bob.next(isData)).toEqual(frame);
	});

	test('[P2] a resume is answered from the ring without asking the owner', async () => {
		world.actors.create('board/a');
		const stays = await world.connect('bob');
		await stays.open(1, board('a'));
		const ann = await world.connect('ann');
		const { position, writer } = openedOf(await ann.open(1, board('a')));
		await ann.close();
		for (const text of ['one', 'two'])
			await stays.command(1, text === 'one' ? 1 : 2, 'say', { text });
		const asked = world.actors.opens.length;
		const again = await world.connect('ann');
		const resumed = resumedOf(await again.open(1, board('a', { resume: [position, writer] })));
		expect(resumed).toMatchObject({ position: 1, events: [], more: false });
		const data = await dataOf(again);
		expect(data).toEqual({
			p: 3,
			e: [
				['said', { by: 'bob', text: 'one' }],
				['said', { by: 'bob', text: 'two' }],
			],
		});
		expect(world.actors.opens.length).toBe(asked);
		expect(world.meter.counts.resumes).toBe(1);
		await stays.command(1, 3, 'say', { text: 'three' });
		expect((await dataOf(again)).p).toBe(4);
	});
});
