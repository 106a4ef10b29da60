import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PayloadError, unpackPlain } from '../../src/gateway/plain-payload.ts';
import { pack } from '../../src/protocol/codec.ts';
import {
	decodeFrames,
	encodeFrame,
	FrameError,
	HANDLE_MAX,
	OP,
	type Op,
} from '../../src/protocol/frames.ts';
import { FrameClient } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

const ops = Object.values(OP);
const opArbitrary = fc.constantFrom(...ops);
const bytesArbitrary = fc.uint8Array({ maxLength: 200 });
const handleArbitrary = fc.oneof(
	fc.integer({ min: 0, max: 4 }),
	fc.integer({ min: 0, max: HANDLE_MAX }),
);

describe('the decoder', () => {
	test('[P4][W1] any bytes are frames or a FrameError, and views of no more than the message', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
				try {
					const total = decodeFrames(bytes).reduce((sum, { payload }) => sum + payload.length, 0);
					expect(total).toBeLessThanOrEqual(bytes.length);
				} catch (error) {
					expect(error).toBeInstanceOf(FrameError);
				}
			}),
			{ numRuns: 2_000 },
		);
	});

	test('[P4][W1] what is encoded comes back', () => {
		const frames = fc.array(fc.tuple(handleArbitrary, opArbitrary, bytesArbitrary), {
			maxLength: 20,
		});
		fc.assert(
			fc.property(frames, (list) => {
				const message = Buffer.concat(
					list.map(([handle, op, payload]) => encodeFrame(handle, op, payload)),
				);
				const decoded = decodeFrames(message);
				expect(decoded.map(({ handle, op, payload }) => [handle, op, [...payload]])).toEqual(
					list.map(([handle, op, payload]) => [handle, op, [...payload]]),
				);
			}),
		);
	});

	test('[P4][W2] a payload is a plain value or a PayloadError', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
				try {
					unpackPlain(bytes);
				} catch (error) {
					expect(error).toBeInstanceOf(PayloadError);
				}
			}),
			{ numRuns: 5_000 },
		);
	});

	test('[W2] plain values come back as they went', () => {
		fc.assert(
			fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
				// The decoder renames this one key, so that it never sets a prototype.
				const plain = JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto'));
				expect(unpackPlain(pack(plain))).toEqual(plain);
			}),
		);
	});

	test.each([
		['an array that claims 4 billion elements', [0xdd, 0xff, 0xff, 0xff, 0xff]],
		['a map that claims 65,535 entries', [0xde, 0xff, 0xff, 0x01]],
		['a string cut short', [0xdb, 0x00, 0x10, 0x00, 0x00, 0x41]],
		['a record that would make code', [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01]],
		['a reference to itself', [0xd6, 0x69, 0, 0, 0, 1, 0x91, 0xd6, 0x70, 0, 0, 0, 1]],
		['a date', [0xd6, 0xff, 0, 0, 0, 0]],
		['two values', [0x01, 0x02]],
		['nothing', []],
	])('[P4][W2] %s is refused', (_name, bytes) => {
		expect(() => unpackPlain(Uint8Array.from(bytes))).toThrow(PayloadError);
	});

	test('[P4][W2] nesting is bounded', () => {
		expect(() => unpackPlain(new Uint8Array(500_000).fill(0x91))).toThrow(PayloadError);
	});
});

describe('a socket', () => {
	let world: TestGateway;
	beforeEach(async () => {
		world = await TestGateway.start({
			limits: {
				socketsPerUserMax: 1_000_000,
				connectsPerUserBurstMax: 1_000_000,
				framesBurstMax: 1e9,
				userFramesBurstMax: 1e9,
			},
		});
		world.actors.create('board/a');
	});
	afterEach(() => world.stop());

	const sensible = fc.oneof(
		fc.constant({ kind: 'board', id: 'a' }),
		fc.constant({ kind: 'board', id: 'a', resume: [1, 'x'] }),
		fc.constant({ kind: 'diary', id: 'ann', with: { name: 'post', args: { text: 'x' } } }),
		fc.constant([1, 'say', { text: 'x' }]),
		fc.constant([2, 'say', { text: 'x' }, 'request', true]),
		fc.constant(['waving', {}]),
		fc.constant({ versions: [1], token: 'ann' }),
		fc.constant({ t: 1 }),
		fc.jsonValue({ maxDepth: 3 }),
	);
	const frame = fc.tuple(
		handleArbitrary,
		fc.oneof({ weight: 9, arbitrary: opArbitrary }, fc.integer({ min: 0, max: 255 })),
		fc.oneof(
			{ weight: 8, arbitrary: sensible.map((value): Uint8Array => pack(value)) },
			{ weight: 1, arbitrary: bytesArbitrary },
		),
	);
	const message = fc.oneof(
		{
			weight: 9,
			arbitrary: fc
				.array(frame, { maxLength: 6 })
				.map((frames) =>
					Buffer.concat(
						frames.map(([handle, op, payload]) => encodeFrame(handle, op as Op, payload)),
					),
				),
		},
		{ weight: 1, arbitrary: bytesArbitrary.map((bytes) => Buffer.from(bytes)) },
	);

	test('[P4][W4] no input crashes or hangs the server, or leaves anything behind', async () => {
		const witness = await world.connect('eve');
		await witness.open(1, { kind: 'board', id: 'a' });
		let n = 0;
		await fc.assert(
			fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 12 }), async (messages) => {
				const client = await world.connect('ann', { keep: false });
				for (const bytes of messages) client.sendBytes(bytes);
				expect(await witness.command(1, ++n, 'list', {})).toMatchObject([n, {}]);
				witness.frames.length = 0;
				await client.close();
			}),
			{ numRuns: 150 },
		);
		await expect
			.poll(() => world.gateway.connections())
			.toMatchObject({ sockets: 1, handles: 1, bytesQueued: 0 });
		world.clock.advance(61_000);
		expect(world.gateway.connections().streams).toBeLessThanOrEqual(1);
	});

	test('[P4][W6] nor does any first message', async () => {
		await fc.assert(
			fc.asyncProperty(message, async (bytes) => {
				const client = new FrameClient(world.url, { keep: false });
				await client.whenOpen();
				client.sendBytes(bytes);
				await client.close();
			}),
			{ numRuns: 100 },
		);
		await expect.poll(() => world.gateway.connections().sockets).toBe(0);
	});
});
