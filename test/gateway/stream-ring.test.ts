import { describe, expect, test } from 'vitest';
import { StreamRing } from '../../src/gateway/stream-ring.ts';
import type { Line } from '../support/memory-actors.ts';

const LINE: Line = { event: ['said', 'x'.repeat(100)], audience: 'all' };

function filled({ from = 1, to = 10, bytesMax = 1e9, eventsMax = 1e9 } = {}): StreamRing {
	const ring = new StreamRing({ bytesMax: () => bytesMax, eventsMax });
	ring.anchor(from, 'a');
	for (let position = from + 1; position <= to; position++) push(ring, position);
	return ring;
}

const push = (
	ring: StreamRing,
	position: number,
	{ writer = 'a', ...line }: Partial<Line> & { writer?: string } = {},
) => ring.push({ position, writer, told: [{ ...LINE, ...line, position }] });

describe('the ring', () => {
	test('[W20] it holds pairs from its anchor on, of the writer that it knows', () => {
		const ring = filled({ from: 5, to: 10 });
		expect(ring.holds([4, 'a'])).toBe(false);
		expect(ring.holds([5, 'a'])).toBe(true);
		expect(ring.holds([10, 'a'])).toBe(true);
		expect(ring.holds([11, 'a'])).toBe(false);
		expect(ring.holds([7, 'b'])).toBe(false);
	});

	test('[W20] it knows where another writer began', () => {
		const ring = filled({ to: 3 });
		push(ring, 4, { writer: 'b' });
		expect([ring.holds([3, 'a']), ring.holds([3, 'b'])]).toEqual([true, false]);
		expect([ring.holds([4, 'a']), ring.holds([4, 'b'])]).toEqual([false, true]);
	});

	test('[P3] it is bounded in bytes and in events, and then covers less', () => {
		expect(filled({ to: 1_000, bytesMax: 10_000 }).bytes).toBeLessThanOrEqual(10_000);
		const ring = filled({ to: 1_000, eventsMax: 20 });
		expect(ring.covers(980)).toBe(true);
		expect(ring.covers(979)).toBe(false);
		expect(ring.holds([980, 'a'])).toBe(true);
	});

	test('[P3] a commit larger than the ring leaves it empty and right', () => {
		const ring = filled({ bytesMax: 50 });
		expect(ring.bytes).toBe(0);
		expect(ring.holds([10, 'a'])).toBe(true);
		expect(ring.covers(9)).toBe(false);
	});

	test('[W18] commits that come before the first answer are kept for it', () => {
		const ring = new StreamRing({ bytesMax: () => 1e9, eventsMax: 1e9 });
		push(ring, 6);
		push(ring, 7);
		expect(ring.covers(5)).toBe(false);
		ring.anchor(5, 'a');
		expect(ring.chunk(5, 'ann', 1e9).slices.length).toBe(2);
	});

	test('[W18] an earlier answer that comes later is covered too', () => {
		const ring = filled({ from: 7, to: 8 });
		ring.anchor(5, 'a');
		expect([ring.covers(5), ring.covers(4)]).toEqual([true, false]);
	});

	test('[W18] a commit that is known is not taken twice', () => {
		expect(push(filled({ to: 5 }), 5)).toBeUndefined();
	});

	test('[W19] a chunk ends where the user’s right ends', () => {
		const ring = filled({ to: 2 });
		push(ring, 3, { revoked: ['ann'] });
		push(ring, 4);
		expect(ring.chunk(1, 'ann', 1e9)).toMatchObject({ position: 3, revoked: true });
		expect(ring.chunk(1, 'bob', 1e9)).toMatchObject({ position: 4, revoked: false });
		expect([ring.revokedSince(1, 'ann'), ring.revokedSince(3, 'ann')]).toEqual([true, false]);
	});

	test('[W17] a chunk is of one writer, so that each of its positions is a true pair', () => {
		const ring = filled({ to: 3 });
		push(ring, 4, { writer: 'b' });
		expect(ring.chunk(1, 'ann', 1e9)).toMatchObject({ position: 3, writer: 'a' });
		expect(ring.chunk(3, 'ann', 1e9)).toMatchObject({ position: 4, writer: 'b' });
	});
});
