import { describe, expect, test } from 'vitest';
import { CommandQueue, WaitingBudget } from '../../client-sdk/src/command-queue.ts';
import type { CommandFrame } from '../../src/protocol/wire.ts';
import { VirtualWorld } from './support/virtual-world.ts';

function openQueue() {
	const world = new VirtualWorld();
	const sent: CommandFrame[] = [];
	let disagreements = 0;
	const queue = new CommandQueue(world.environment(), new WaitingBudget(), {
		command: (frame) => sent.push(frame),
		disagreed: () => disagreements++,
	});
	queue.opened(undefined);
	const add = (name: string, timeoutMs?: number) => {
		void queue.add(name, { args: {}, flags: {}, options: { timeoutMs } }).catch(() => {});
	};
	const names = () => sent.map(([n, name]) => `${n} ${name}`);
	return { world, sent, queue, add, names, disagreements: () => disagreements };
}

describe('command queue', () => {
	test('sends again only when all behind the refused command came back', async () => {
		const { world, sent, queue, add, names } = openQueue();
		for (const name of ['a', 'b', 'c']) add(name);
		queue.reply(1, null, { code: 'BUSY', retryAfterMs: 10 });
		queue.reply(2, null, { code: 'AGAIN' });
		await world.advance(1_000);
		expect(sent).toHaveLength(3);
		queue.reply(3, null, { code: 'AGAIN' });
		await world.advance(1_000);
		expect(names().slice(3)).toEqual(['1 a', '2 b', '3 c']);
	});

	test('[P22] comes back when the refused command may, however often that was refused', async () => {
		const { world, sent, queue, add } = openQueue();
		for (const name of ['a', 'b', 'c']) add(name);
		for (let round = 1; round <= 20; round++) {
			expect(sent).toHaveLength(3 * round);
			queue.reply(1, null, { code: 'MOVED', retryAfterMs: 100 });
			for (const n of [2, 3]) queue.reply(n, null, { code: 'AGAIN' });
			await world.advance(150);
		}
	});

	test('[W23] gives the numbers of what was refused and timed out to those behind it', async () => {
		const { world, queue, add, names } = openQueue();
		for (const name of ['a', 'b', 'c', 'd']) add(name, name < 'c' ? 500 : undefined);
		queue.reply(1, null, { code: 'BUSY', retryAfterMs: 1_000 });
		for (const n of [2, 3, 4]) queue.reply(n, null, { code: 'AGAIN' });
		await world.advance(2_000);
		expect(names().slice(4)).toEqual(['1 c', '2 d']);
		queue.reply(1, {});
		queue.reply(2, {});
		add('e');
		expect(names().at(-1)).toBe('3 e');
	});

	test('[W23] keeps the number of what timed out on its way', async () => {
		const { world, queue, add, names } = openQueue();
		add('a', 500);
		await world.advance(1_000);
		add('b');
		queue.reply(1, {});
		queue.reply(2, {});
		add('c');
		expect(names()).toEqual(['1 a', '2 b', '3 c']);
	});

	test('[W23] gives the number of what was refused and timed out to what comes later', async () => {
		const { world, queue, add, names } = openQueue();
		add('a', 500);
		queue.reply(1, null, { code: 'BUSY', retryAfterMs: 1_000 });
		await world.advance(2_000);
		expect(queue.isEmpty).toBe(true);
		add('b');
		expect(names()).toEqual(['1 a', '1 b']);
	});

	test('does not wait for what is before the refused command', async () => {
		const { world, queue, add, names } = openQueue();
		for (const name of ['slow', 'b', 'c']) add(name);
		queue.reply(2, null, { code: 'BUSY', retryAfterMs: 10 });
		queue.reply(3, null, { code: 'AGAIN' });
		await world.advance(1_000);
		expect(names().slice(3)).toEqual(['2 b', '3 c']);
	});

	test('marks as a re-send only what may have taken effect', async () => {
		const { world, sent, queue, add } = openQueue();
		add('a');
		queue.reply(1, null, { code: 'BUSY', retryAfterMs: 10 });
		await world.advance(1_000);
		queue.reply(1, null, { code: 'UNAVAILABLE', retryAfterMs: 10 });
		await world.advance(1_000);
		expect(sent.map(([, , , , resend]) => resend ?? false)).toEqual([false, false, true]);
	});

	test('asks for a new opening when the first of all is answered with AGAIN', () => {
		const { queue, add, disagreements } = openQueue();
		add('a');
		add('b');
		queue.reply(2, null, { code: 'AGAIN' });
		expect(disagreements()).toBe(0);
		queue.reply(1, null, { code: 'AGAIN' });
		expect(disagreements()).toBe(1);
	});

	test('numbers begin at 1 in each opening', () => {
		const { queue, add, names } = openQueue();
		add('a');
		add('b');
		queue.reply(1, {});
		queue.detached();
		queue.opened(undefined);
		expect(names()).toEqual(['1 a', '2 b', '1 b']);
	});

	test('answers to numbers that nobody has are passed over', () => {
		const { queue, add } = openQueue();
		add('a');
		queue.reply(7, {});
		queue.reply(1, {});
		queue.reply(1, {});
		expect(queue.isEmpty).toBe(true);
	});
});
