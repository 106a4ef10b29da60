import { expect, test } from 'vitest';
import { EventSlabs, type SlabSlice } from '../../src/gateway/event-slabs.ts';

const bytesOf = ({ body, start, end }: SlabSlice) => [...body.subarray(start, end)];

test('[W20] what was placed stays as it is, whatever follows', () => {
	const slabs = new EventSlabs();
	const placed = Array.from({ length: 500 }, (_, n) => {
		const bytes = Uint8Array.from({ length: n % 90 }, (_value, at) => (n + at) % 256);
		return { bytes, slice: slabs.place(bytes, n * 50) };
	});
	for (const { bytes, slice } of placed) expect(bytesOf(slice)).toEqual([...bytes]);
});

test('[P3] an owner of little keeps no long slab, one of much shares slabs of 16 KB', () => {
	const slabs = new EventSlabs();
	const bytes = new Uint8Array(100);
	expect(slabs.place(bytes, 0).body).toHaveLength(100);
	expect(slabs.place(bytes, 250).body).toHaveLength(250);
	const long = new EventSlabs();
	const bodies = Array.from({ length: 100 }, () => long.place(bytes, 1_000_000).body);
	expect(new Set(bodies).size).toBe(1);
	expect(bodies[0]).toHaveLength(16 * 1024);
	expect(long.place(new Uint8Array(50_000), 1_000_000).body).toHaveLength(50_000);
});
