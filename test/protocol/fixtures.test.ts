/** Frames of version 1 as they were first written: every later build must read and write them so. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { pack, unpack } from '../../src/protocol/codec.ts';
import { CLOSE } from '../../src/protocol/errors.ts';
import { decodeFrames, encodeFrame, OP } from '../../src/protocol/frames.ts';
import {
	commandSchema,
	ephemeralSchema,
	helloSchema,
	openSchema,
	pingSchema,
	VERSIONS,
} from '../../src/protocol/wire.ts';

interface Fixture {
	readonly name: string;
	readonly way: 'up' | 'down';
	readonly op: keyof typeof OP;
	readonly handle: number;
	readonly payload: unknown;
	readonly hex: string;
}

const fixtures: readonly Fixture[] = JSON.parse(
	readFileSync(new URL('./fixtures/frames-v1.json', import.meta.url), 'utf8'),
);
const up: Partial<Record<keyof typeof OP, z.ZodType>> = {
	hello: helloSchema,
	open: openSchema,
	command: commandSchema,
	ephemeral: ephemeralSchema,
	ping: pingSchema,
};

describe('frames of version 1', () => {
	test('[P4] it is still spoken', () => {
		expect(VERSIONS).toContain(1);
	});

	test.each(fixtures)('[P4][W1] $way: $name', ({ way, op, handle, payload, hex }) => {
		const bytes = Buffer.from(hex, 'hex');
		const [frame, ...more] = decodeFrames(bytes);
		expect(more).toEqual([]);
		expect(frame).toMatchObject({ handle, op: OP[op] });
		const value = unpack(Buffer.from(frame?.payload ?? []));
		expect(value).toEqual(payload);
		if (way === 'up') expect(up[op]?.parse(value) ?? value).toEqual(payload);
		else expect(Buffer.from(encodeFrame(handle, OP[op], pack(payload))).toString('hex')).toBe(hex);
	});

	test('[P4][W5] fields of later versions are passed over', () => {
		const hello = { versions: [3, 1], token: 'x', later: { more: true } };
		expect(helloSchema.parse(hello)).toEqual({ versions: [3, 1], token: 'x' });
		expect(openSchema.parse({ kind: 'channel', id: 'a', later: 1 })).toEqual({
			kind: 'channel',
			id: 'a',
		});
	});

	test('[P4] ops and close codes keep their numbers', () => {
		expect(Object.values(OP)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
		expect(Object.entries(CLOSE).map(([name, { code }]) => `${name} ${code}`)).toEqual([
			'internal 1011',
			'goingAway 1001',
			'slow 4100',
			'badFrame 4101',
			'noHello 4102',
			'unauthorized 4103',
			'revoked 4104',
			'expired 4105',
			'version 4106',
			'tooLarge 4107',
			'flood 4108',
			'idle 4109',
			'tooMany 4110',
			'drain 4111',
			'origin 4112',
		]);
	});
});
