import { expect, test } from 'vitest';
import {
	bare,
	headLength,
	type PacketHead,
	type PacketKind,
	readPacket,
	readPieces,
	writeHead,
	writePiece,
} from '../../src/cluster/link-packet.ts';
import { text } from './support/link-world.ts';

const head = (kind: PacketKind): PacketHead => ({
	kind,
	from: '12',
	mine: 1_700_000_000_001,
	theirs: 1_700_000_000_000,
	ack: 3,
	seq: 2 ** 40,
});

/** `data` with the pieces `ab`, which goes on, and the empty one. */
function dataPacket(): Uint8Array {
	const start = headLength('12');
	const packet = new Uint8Array(start + 10);
	writeHead(packet, head('data'));
	const next = writePiece(packet, start, { bytes: text('ab'), goesOn: true });
	writePiece(packet, next, { bytes: text(''), goesOn: false });
	return packet;
}

const NUMBERS = '4278bcfe568010004278bcfe5680000040080000000000004270000000000000';

/** What nodes of this release have written: later ones must read it (P21). */
const WRITTEN: Record<PacketKind, string> = {
	hello: `01010102${NUMBERS}3132`,
	beat: `01010202${NUMBERS}3132`,
	data: `01010302${NUMBERS}3132${'00000005'}6162${'00000000'}`,
	ask: `01010402${NUMBERS}3132`,
	bye: `01010502${NUMBERS}3132`,
};

test.each(Object.entries(WRITTEN) as [PacketKind, string][])(
	'[P21] %s is written and read as in version 1',
	(kind, hex) => {
		const bytes = kind === 'data' ? dataPacket() : bare(head(kind));
		expect(Buffer.from(bytes).toString('hex')).toBe(hex);
		const { body, ...read } = readPacket(Uint8Array.from(Buffer.from(hex, 'hex'))) ?? {};
		expect(read).toEqual(head(kind));
		const pieces = [
			{ bytes: text('ab'), goesOn: true },
			{ bytes: text(''), goesOn: false },
		];
		expect(readPieces(body ?? text('none'))).toEqual(kind === 'data' ? pieces : []);
	},
);

test('[P21] a newer release that says it speaks more is understood, a newer format is not', () => {
	const bytes = bare(head('beat'));
	bytes[1] = 2;
	expect(readPacket(bytes)).toMatchObject({ kind: 'beat', from: '12' });
	bytes[0] = 2;
	expect(readPacket(bytes)).toBeUndefined();
});

test.each([
	['an empty one', () => new Uint8Array(0)],
	['one cut short', () => bare(head('beat')).subarray(0, 37)],
	['no kind', () => bare(head('beat')).fill(0, 2, 3)],
	['an unknown kind', () => bare(head('beat')).fill(6, 2, 3)],
	['no number', () => bare(head('beat')).fill(255, 4, 12)],
	['a negative number', () => bare({ ...head('beat'), seq: -1 })],
	['a fraction', () => bare({ ...head('beat'), ack: 0.5 })],
	['no id', () => bare({ ...head('beat'), from: '' })],
	['an id that is no part of a subject', () => bare({ ...head('beat'), from: '*' })],
])('%s is no packet', (_, bytes) => {
	expect(readPacket(bytes())).toBeUndefined();
});

test('a body that ends inside a piece is not made of pieces', () => {
	const { body = text('') } = readPacket(dataPacket()) ?? {};
	const whole = [0, 6, 10];
	for (let length = 0; length <= body.length; length++) {
		expect(readPieces(body.subarray(0, length)) !== undefined).toBe(whole.includes(length));
	}
});
