import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OP } from '../../src/protocol/frames.ts';
import type { Data } from '../../src/protocol/wire.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

let world: TestGateway;
beforeEach(async () => {
	world = await TestGateway.start();
});
afterEach(() => world.stop());

const said = (text: string) => ({ event: ['said', { text }] as const, audience: 'all' as const });
const dataOf = async (client: FrameClient) =>
	(await client.next(({ op }) => op === OP.data)).payload as Data;

describe('kinds of one user', () => {
	const DIARY = { kind: 'diary', id: 'ann' };

	test('[W13] a kind with `own` is opened by its user only', async () => {
		const ann = await world.connect('ann');
		const answer = await ann.open(1, { kind: 'diary', id: 'bob' });
		expect(answer).toMatchObject({ op: OP.error, payload: { code: 'FORBIDDEN' } });
	});

	test('[W15] opening one that was never written wakes nobody and shows the empty view', async () => {
		const ann = await world.connect('ann');
		const answer = await ann.open(1, DIARY);
		expect(answer).toMatchObject({
			op: OP.opened,
			payload: { position: 0, writer: '', view: { lines: [] } },
		});
		expect(world.actors.opens).toEqual([]);
		expect(await ann.command(1, 1, 'list', {})).toMatchObject([1, null, { code: 'NOT_FOUND' }]);
	});

	test('[P5][W15] the handle opens by itself when the actor comes alive', async () => {
		const ann = await world.connect('ann');
		await ann.open(1, DIARY);
		world.actors.create('diary/ann');
		world.gateway.announce('diary/ann');
		const answer = await ann.answer(1);
		expect([OP.reset, OP.resume]).toContain(answer.op);
		world.actors.publish('diary/ann', [said('one')]);
		expect(await dataOf(ann)).toMatchObject({ p: 2, e: [['said', { text: 'one' }]] });
	});

	test('[W15] a command that creates goes through, and what it wrote comes', async () => {
		const ann = await world.connect('ann');
		await ann.open(1, DIARY);
		expect(await ann.command(1, 1, 'post', { text: 'x' })).toEqual([1, { position: 2 }]);
		const answer = await ann.answer(1);
		expect(answer.payload).toMatchObject({ position: 2 });
	});

	test('[W15] an actor that comes alive while it is looked for is opened', async () => {
		let found = (_: undefined) => {};
		world.actors.peek = () => new Promise((resolve) => (found = resolve));
		const ann = await world.connect('ann');
		ann.send(1, OP.open, DIARY);
		await ann.settled();
		world.actors.create('diary/ann');
		world.gateway.announce('diary/ann');
		found(undefined);
		expect(await ann.answer(1)).toMatchObject({ op: OP.opened, payload: { position: 1 } });
	});

	test('[W15] when its owner goes, a handle waits until something is written', async () => {
		world.actors.create('diary/ann');
		const ann = await world.connect('ann');
		await ann.open(1, DIARY);
		world.actors.move('diary/ann');
		await ann.settled();
		expect(world.actors.opens.length).toBe(1);
		world.actors.publish('diary/ann', [said('one')]);
		await ann.settled();
		world.gateway.announce('diary/ann');
		expect(await ann.answer(1)).toMatchObject({ op: OP.resume, payload: { position: 2 } });
	});
});
