import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { channelContract } from '../../src/protocol/channel.ts';
import { cursorBoardContract } from '../../src/protocol/cursor-board.ts';
import { ERRORS } from '../../src/protocol/errors.ts';
import { encodeFrame, OP } from '../../src/protocol/frames.ts';
import type { KindContract } from '../../src/protocol/kind.ts';
import { channelsContract, presenceContract, userContract } from '../../src/protocol/user.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { World } from '../support/world.ts';

/** A longer run: `HOSTILE_RUNS=5000 vitest run --project unit test/integration/hostile-commands.test.ts`. */
const RUNS = Number(process.env.HOSTILE_RUNS ?? 300);
const USERS = ['ann', 'bob', 'eve'];
const PLACES: readonly (readonly [KindContract, string])[] = [
	[channelContract, 'lobby'],
	[channelContract, 'den'],
	[userContract, 'ann'],
	[channelsContract, 'me'],
	[presenceContract, 'me'],
];

const world = new World();
afterEach(() => world.end());

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'length'];
const text = fc.oneof(
	fc.constantFrom(
		...NAMES,
		...USERS,
		'',
		' ',
		'\0',
		'\ud800',
		'👍',
		'a\u0301',
		'@ann@bob',
		'../den',
	),
	fc.string({ maxLength: 40 }),
	fc.string({ unit: 'binary', maxLength: 40 }),
);
const number = fc.oneof(
	fc.integer({ min: -2, max: 12 }),
	fc.constantFrom(
		0.5,
		1e300,
		-1e300,
		2 ** 31,
		2 ** 32,
		2 ** 53 - 1,
		2 ** 53,
		2 ** 60,
		NaN,
		Infinity,
	),
);
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
	any: fc.oneof(
		{ depthSize: 'small' },
		text,
		number,
		fc.boolean(),
		fc.constant(null),
		fc.uint8Array({ maxLength: 10 }),
		fc.array(tie('any'), { maxLength: 4 }),
		fc.dictionary(text, tie('any'), { maxKeys: 4 }),
	),
})).any;

/** Arguments that look right here and there, so that they get beyond the schema. */
const FIELDS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
	seq: number,
	text,
	emoji: text,
	on: fc.boolean(),
	userId: text,
	users: fc.array(text, { maxLength: 5 }),
	members: fc.array(text, { maxLength: 5 }),
	mentions: fc.array(text, { maxLength: 5 }),
	kind: fc.constantFrom('direct', 'group', 'open', 'other'),
	role: fc.constantFrom('owner', 'moderator', 'member', 'god'),
	name: text,
	ms: number,
	before: number,
	after: fc.oneof(number, text),
	around: number,
	limit: number,
	replyTo: number,
	data: value,
	id: text,
	state: fc.constantFrom('online', 'away', 'offline'),
	visible: fc.boolean(),
	ttlSeconds: number,
	type: text,
};

/** What a schema names, mostly as it wants it, sometimes anything. */
function argsOf(contract: KindContract, name: string): fc.Arbitrary<unknown> {
	const shape = (contract.commands[name]?.args as { shape?: object } | undefined)?.shape ?? {};
	const fields = Object.keys(shape).map((field) => {
		const wanted = FIELDS[field] ?? value;
		return [field, fc.oneof({ weight: 8, arbitrary: wanted }, { weight: 1, arbitrary: value })];
	});
	const record = fc.record(Object.fromEntries(fields), { requiredKeys: [] });
	return fc.oneof({ weight: 9, arbitrary: record }, { weight: 1, arbitrary: value });
}

interface Shot {
	readonly user: number;
	readonly place: number;
	readonly name: string;
	readonly args: unknown;
	readonly requestId: string | undefined;
}

const shot: fc.Arbitrary<Shot> = fc
	.record({ user: fc.nat(USERS.length - 1), place: fc.nat(PLACES.length - 1) })
	.chain(({ user, place }) => {
		const [contract] = PLACES[place] as (typeof PLACES)[number];
		const names = [...Object.keys(contract.commands), ...NAMES];
		return fc.constantFrom(...names).chain((name) =>
			fc.record({
				user: fc.constant(user),
				place: fc.constant(place),
				name: fc.constant(name),
				args: argsOf(contract, name),
				requestId: fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: undefined }),
			}),
		);
	});

/** A user's socket with everything open on it. */
class Attacker {
	readonly #client: FrameClient;
	readonly #next = PLACES.map(() => 1);

	constructor(client: FrameClient) {
		this.#client = client;
	}

	async open(place: number): Promise<void> {
		const [{ kind }, id] = PLACES[place] as (typeof PLACES)[number];
		const first = kind === 'channel' ? { with: { name: 'join', args: {} } } : {};
		await this.#client.open(place + 1, { kind, id, ...first });
	}

	/** Code of the refusal; `undefined` when it was taken. */
	async shoot({ place, name, args, requestId }: Shot) {
		const handle = place + 1;
		const n = this.#next[place] ?? 1;
		const [, , refusal] = await this.#client.command(handle, n, name, args, requestId ?? null);
		if (refusal?.code === 'NOT_OPEN') {
			this.#next[place] = 1;
			await this.open(place);
		} else if (refusal === undefined || !ERRORS[refusal.code].retryable) {
			this.#next[place] = n + 1;
		}
		return refusal?.code;
	}

	get isAlive(): boolean {
		return this.#client.socket.readyState === 1;
	}
}

test('[P4][P10] no command with whatever arguments ends in INTERNAL, costs its socket, or stops an actor', {
	timeout: 60_000 + RUNS * 20,
}, async () => {
	const server = await world.server();
	const attackers: Attacker[] = [];
	for (const user of USERS) {
		const attacker = new Attacker(await world.frames(server.url, user));
		for (const place of PLACES.keys()) await attacker.open(place);
		attackers.push(attacker);
	}
	const taken = new Set<string>();
	await fc.assert(
		fc.asyncProperty(shot, async (given) => {
			const attacker = attackers[given.user] as Attacker;
			const code = await attacker.shoot(given);
			if (code === undefined) taken.add(given.name);
			expect(['INTERNAL', 'UNAVAILABLE', 'MOVED', 'AGAIN']).not.toContain(code);
			expect(attacker.isAlive).toBe(true);
		}),
		{ numRuns: RUNS, endOnFailure: true },
	);
	await server.actors.settle();
	const again = world.device(server.url, 'ann').naru.channel('lobby');
	await again.join();
	expect((await again.send('still here')).seq).toBeGreaterThan(0);
	expect(taken.size).toBeGreaterThan(5);
});

test('[P6] no opening of a room with whatever arguments costs more than its handle', async () => {
	const server = await world.server();
	const client = await world.frames(server.url, 'ann');
	let id = 0;
	await fc.assert(
		fc.asyncProperty(value, text, fc.uint8Array({ maxLength: 30 }), async (args, room, bytes) => {
			id++;
			const isId = /^[A-Za-z0-9_-]{1,64}$/.test(room);
			const key = { kind: cursorBoardContract.kind, id: isId ? room : `r${id}` };
			const answer = await client.open(id, { ...key, args });
			if (answer.op === OP.opened) {
				client.sendBytes(encodeFrame(id, OP.data, bytes));
				client.send(id, OP.close, {});
			} else expect((answer.payload as { code: string }).code).not.toBe('INTERNAL');
			await client.settled();
		}),
		{ numRuns: 50 },
	);
});
