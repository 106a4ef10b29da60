import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frameCommit } from '../../src/gateway/commit-frames.ts';
import { contentOf } from '../../src/gateway/socket-message.ts';
import { type RingEntry, StreamRing } from '../../src/gateway/stream-ring.ts';
import { pack, unpack } from '../../src/protocol/codec.ts';
import { decodeFrames, OP } from '../../src/protocol/frames.ts';
import type { Data, WireEvent } from '../../src/protocol/wire.ts';
import type { Line } from '../support/memory-actors.ts';

const ring = () => new StreamRing({ bytesMax: () => 1e9, eventsMax: 1e9 });
const USERS = ['ann', 'bob', 'eve'];

function commit(lines: readonly Line[], first = 1, writer = 'w'): RingEntry {
	const told = lines.map((line, index) => ({ ...line, position: first + index }));
	const position = first + lines.length - 1;
	return ring().push({ position, writer, told }) as RingEntry;
}

const frame = (entry: RingEntry, listening: readonly string[] = USERS, writerBefore = 'w') =>
	frameCommit(entry, { down: 5, writerBefore, listens: (userId) => listening.includes(userId) });

/** What messages say, whole WebSocket messages checked on the way. */
function read(messages: readonly { readonly message: Buffer }[]): Data[] {
	return messages.map(({ message }) => {
		const [only, ...more] = decodeFrames(contentOf(message as never));
		expect(more).toEqual([]);
		expect(only).toMatchObject({ handle: 5, op: OP.data });
		return unpack(Buffer.from(only?.payload ?? [])) as Data;
	});
}

const event = (number: number): WireEvent => ['said', { number }];

describe('framing a commit', () => {
	test('[P1] all get the same message, made once', () => {
		const { common, personal } = frame(commit([{ event: event(1), audience: 'all' }]));
		expect(read(common.messages)).toEqual([{ p: 1, e: [event(1)] }]);
		expect(personal.size).toBe(0);
	});

	test('[P1] users who may hear the same share a message, whoever else is named', () => {
		const { personal } = frame(
			commit([
				{ event: event(1), audience: ['ann', 'bob'] },
				{ event: event(2), audience: 'all' },
			]),
		);
		expect(personal.get('ann')?.messages).toBe(personal.get('bob')?.messages);
		expect(personal.has('eve')).toBe(false);
	});

	test('[W19] nothing is made for users who do not listen', () => {
		const entry = commit([{ event: event(1), audience: USERS }]);
		const { common, personal } = frame(entry, ['eve']);
		expect(common.messages).toEqual([]);
		expect([...personal.keys()]).toEqual(['eve']);
	});

	test('[W17] a new writer is told to everybody, also to those who hear nothing else', () => {
		const entry = commit([{ event: event(1), audience: ['ann'] }]);
		expect(read(frame(entry, USERS, 'other').common.messages)).toEqual([{ p: 1, e: [], w: 'w' }]);
	});

	test('[W17] a large commit is cut into messages that each carry the position they reach', () => {
		const text = 'x'.repeat(100_000);
		const lines = [1, 2, 3, 4, 5].map((): Line => ({ event: ['said', text], audience: 'all' }));
		const { common } = frame(commit(lines, 11));
		const data = read(common.messages);
		expect(data.map(({ p, e }) => [p, e.length])).toEqual([
			[12, 2],
			[14, 2],
			[15, 1],
		]);
		expect(common.messages.map(({ position }) => position)).toEqual([12, 14, 15]);
	});

	test('[W17] positions and lists of any size are written as msgpack reads them', () => {
		for (const first of [1, 127, 128, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 40]) {
			for (const count of [1, 15, 16, 300]) {
				const lines = Array.from(
					{ length: count },
					(_, index): Line => ({ event: event(index), audience: 'all' }),
				);
				const data = read(frame(commit(lines, first)).common.messages);
				expect(data).toEqual([{ p: first + count - 1, e: lines.map((line) => line.event) }]);
			}
		}
	});

	test('[W19] any commit gives each user what the rules say, word for word', () => {
		const users = fc.subarray(USERS);
		const lines = fc.array(
			fc.record({
				audience: fc.oneof(fc.constant('all' as const), users),
				revoked: fc.oneof(
					{ weight: 6, arbitrary: fc.constant(undefined) },
					{ weight: 2, arbitrary: users },
					{ weight: 1, arbitrary: fc.constant('all' as const) },
				),
			}),
			{ minLength: 1, maxLength: 8 },
		);
		fc.assert(
			fc.property(lines, (list) => {
				const entry = commit(
					list.map(({ audience, revoked }, index): Line => {
						return { event: event(index), audience, ...(revoked === undefined ? {} : { revoked }) };
					}),
				);
				const { common, personal } = frame(entry);
				for (const user of USERS) {
					const end = list.findIndex(({ revoked }) => revoked === 'all' || revoked?.includes(user));
					const may = list.flatMap(({ audience }, index) => {
						const hears = audience === 'all' || audience.includes(user);
						return hears && (end === -1 || index <= end) ? [event(index)] : [];
					});
					const { messages, revoked } = personal.get(user) ?? common;
					expect(read(messages).flatMap(({ e }) => e)).toEqual(may);
					expect(revoked).toBe(end !== -1);
				}
			}),
			{ numRuns: 500 },
		);
	});

	test('the bytes are those of msgpack itself', () => {
		const entry = commit([{ event: event(1), audience: 'all' }]);
		const [made] = frame(entry).common.messages;
		const [only] = decodeFrames(contentOf(made?.message as never));
		expect([...(only?.payload ?? [])]).toEqual([...pack({ p: 1, e: [event(1)] })]);
	});
});
