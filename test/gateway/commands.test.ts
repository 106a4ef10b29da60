import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import type { Service, ServiceSession, Tell } from '../../src/gateway/ports.ts';
import { OP } from '../../src/protocol/frames.ts';
import { presenceContract } from '../../src/protocol/user.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

const KEY = 'board/a';
const BOARD = { kind: 'board', id: 'a' };
const BUSY: CommandAnswer = { ok: false, code: 'BUSY', retryAfterMs: 10 };

let world: TestGateway;
let tell: Tell | undefined;
let sessions: number;
const presence: Service = {
	contract: presenceContract,
	open: (connection, tellHandle): ServiceSession => {
		tell = tellHandle;
		sessions++;
		return {
			command: (name, args) => {
				if (name === 'logout') return Promise.reject(new Error('broken'));
				return Promise.resolve({ ok: true, reply: { of: connection.identity.userId, args } });
			},
			close: () => {
				sessions--;
			},
		};
	},
};

beforeEach(async () => {
	sessions = 0;
	world = await TestGateway.start({ services: [presence], limits: { commandsWaitingMax: 3 } });
	world.actors.create(KEY);
});
afterEach(() => world.stop());

async function opened(token = 'ann'): Promise<FrameClient> {
	const client = await world.connect(token);
	await client.open(1, BOARD);
	return client;
}

/** Answers the first commands so, in this order. */
function answers(...first: CommandAnswer[]): void {
	world.actors.intercept = () => first.shift();
}

describe('commands', () => {
	test('[H4] the owner gets the size of a command, for the bounds of its mailbox', async () => {
		const ann = await opened();
		await ann.command(1, 1, 'say', { text: 'x'.repeat(1_000) });
		expect(world.actors.commands[0]?.request.bytes).toBeGreaterThan(1_000);
		expect(world.actors.commands[0]?.request.bytes).toBeLessThan(1_100);
	});

	test('[W22] the owner gets who asks, the arguments as the contract reads them, and the number', async () => {
		const ann = await world.connect('ann roles=ops,user');
		await ann.open(1, BOARD);
		await ann.command(1, 1, 'say', { text: 'x', more: 1 }, 'request-1', true);
		expect(world.actors.commands[0]?.request).toMatchObject({
			caller: { userId: 'ann', roles: ['ops', 'user'] },
			name: 'say',
			args: { text: 'x' },
			requestId: 'request-1',
			resend: true,
			sender: { n: 1 },
		});
		expect(world.actors.commands[0]?.request.args).not.toHaveProperty('more');
	});

	test('[P4][W24] a refused command is typed, names the place, and leaves the handle as it is', async () => {
		const ann = await opened();
		expect(await ann.command(1, 1, 'say', { text: 5 })).toMatchObject([
			1,
			null,
			{ code: 'INVALID', message: expect.stringMatching(/^text: /) },
		]);
		expect(await ann.command(1, 2, 'toString', {})).toMatchObject([2, null, { code: 'INVALID' }]);
		answers({ ok: false, code: 'MUTED' });
		expect(await ann.command(1, 3, 'say', { text: 'x' })).toMatchObject([
			3,
			null,
			{ code: 'MUTED' },
		]);
		expect(await ann.command(1, 4, 'say', { text: 'x' })).toMatchObject([4, { position: 2 }]);
	});

	test('[W24] on a handle that is not open the answer is NOT_OPEN', async () => {
		const ann = await opened();
		expect(await ann.command(9, 1, 'say', { text: 'x' })).toMatchObject([
			1,
			null,
			{ code: 'NOT_OPEN' },
		]);
	});

	test('[W22] commands before the answer to the opening run behind it, or end with it', async () => {
		const ann = await world.connect('ann');
		ann.send(1, OP.open, BOARD);
		expect(await ann.command(1, 1, 'say', { text: 'x' })).toMatchObject([1, { position: 2 }]);
		ann.send(2, OP.open, { kind: 'board', id: 'absent' });
		ann.send(2, OP.command, [1, 'say', { text: 'x' }]);
		expect((await ann.answer(2)).op).toBe(OP.error);
		await ann.settled();
		expect(world.actors.commands.length).toBe(1);
	});

	test('[W23] numbers for the owner have no holes where the edge refused for good', async () => {
		const ann = await opened();
		await ann.command(1, 1, 'say', { text: 5 });
		await ann.command(1, 2, 'say', { text: 'x' });
		await ann.command(1, 3, 'nothing', {});
		await ann.command(1, 4, 'say', { text: 'y' });
		const numbers = world.actors.commands.map(({ request }) => request.sender?.n);
		expect(numbers).toEqual([1, 2]);
	});

	test('[W23] what follows a retryable refusal is told to go back to it', async () => {
		const ann = await opened();
		answers(BUSY);
		expect(await ann.command(1, 1, 'say', { text: 'x' })).toMatchObject([
			1,
			null,
			{ code: 'BUSY' },
		]);
		expect(await ann.command(1, 2, 'say', { text: 'y' })).toMatchObject([
			2,
			null,
			{ code: 'AGAIN' },
		]);
		expect(await ann.command(1, 1, 'say', { text: 'z' })).toMatchObject([1, { position: 2 }]);
		expect(await ann.command(1, 2, 'say', { text: 'y' })).toMatchObject([2, { position: 3 }]);
		const numbers = world.actors.commands.map(({ request }) => request.sender?.n);
		expect(numbers).toEqual([1, 1, 2]);
	});

	test('[W23] a number that was taken is passed over when it comes again', async () => {
		const ann = await opened();
		await ann.command(1, 1, 'say', { text: 'x' });
		ann.send(1, OP.command, [1, 'say', { text: 'x' }]);
		await ann.settled();
		expect(world.actors.commands.length).toBe(1);
	});

	test('[P3][W24] too many commands of one handle wait: BUSY for them, not for another handle', async () => {
		world.actors.create('board/b');
		const ann = await opened();
		await ann.open(2, { kind: 'board', id: 'b' });
		const held: (() => void)[] = [];
		const { actors } = world;
		const command = actors.command.bind(actors);
		actors.command = (key, request, answer) => {
			command(key, request, (given) => {
				if (key === KEY) held.push(() => answer(given));
				else answer(given);
			});
		};
		for (let n = 1; n <= 3; n++) ann.send(1, OP.command, [n, 'say', { text: 'x' }]);
		expect(await ann.command(1, 4, 'say', { text: 'x' })).toMatchObject([
			4,
			null,
			{ code: 'BUSY' },
		]);
		expect(await ann.command(2, 1, 'say', { text: 'x' })).toMatchObject([1, {}]);
		actors.command = command;
		for (const answer of held) answer();
		expect(await ann.command(1, 4, 'say', { text: 'x' })).toMatchObject([4, {}]);
	});

	test('the owner hears when an opening that sent commands ends', async () => {
		const ann = await opened();
		await ann.command(1, 1, 'say', { text: 'x' });
		const opening = world.actors.commands[0]?.request.sender?.opening;
		ann.send(1, OP.close, {});
		await ann.open(1, BOARD);
		await ann.command(1, 1, 'say', { text: 'x' });
		expect(world.actors.closedOpenings).toEqual([opening]);
		expect(world.actors.commands[1]?.request.sender?.opening).not.toBe(opening);
	});
});

describe('ephemerals', () => {
	test('[W26] they are told to all, at most so many of one handle, and unknown ones to nobody', async () => {
		const ann = await opened();
		const bob = await opened('bob');
		for (let times = 0; times < 20; times++) ann.send(1, OP.ephemeral, ['waving', {}]);
		ann.send(1, OP.ephemeral, ['shouting', {}]);
		await ann.settled();
		await bob.settled();
		await bob.settled();
		const heard = bob.frames.filter(({ op }) => op === OP.ephemeral);
		expect(heard.length).toBe(5);
		expect(heard[0]?.payload).toEqual(['waving', { userId: 'ann' }]);
		world.clock.advance(1_000);
		for (let times = 0; times < 20; times++) ann.send(1, OP.ephemeral, ['waving', {}]);
		await ann.settled();
		await bob.settled();
		await bob.settled();
		expect(bob.frames.filter(({ op }) => op === OP.ephemeral).length).toBe(7);
	});
});

describe('services', () => {
	test('[W28] a service answers, tells, and ends with its handle', async () => {
		const ann = await world.connect('ann');
		const { payload } = await ann.open(3, { kind: 'presence', id: 'me' });
		expect(await ann.command(3, 1, 'watch', { users: ['bob'] })).toEqual([
			1,
			{ of: 'ann', args: { users: ['bob'] } },
		]);
		tell?.(['change', { states: [] }]);
		const told = await ann.next(({ op }) => op === OP.ephemeral);
		expect(told).toEqual({
			handle: (payload as { down: number }).down,
			op: OP.ephemeral,
			payload: ['change', { states: [] }],
		});
		expect(sessions).toBe(1);
		ann.send(3, OP.close, {});
		await ann.settled();
		expect(sessions).toBe(0);
	});

	test('[W13][W24] wrong ids and arguments, and a service that fails, are typed', async () => {
		const ann = await world.connect('ann');
		expect((await ann.open(3, { kind: 'presence', id: 'bob' })).payload).toMatchObject({
			code: 'NOT_FOUND',
		});
		await ann.open(3, { kind: 'presence', id: 'me' });
		expect(await ann.command(3, 1, 'watch', {})).toMatchObject([1, null, { code: 'INVALID' }]);
		expect(await ann.command(3, 2, 'logout', {})).toMatchObject([2, null, { code: 'INTERNAL' }]);
	});

	test('[W28] its session ends with the socket', async () => {
		const ann = await world.connect('ann');
		await ann.open(3, { kind: 'presence', id: 'me' });
		await ann.close();
		await expect.poll(() => sessions).toBe(0);
	});
});
