import { describe, expect, test } from 'vitest';
import { SharedReads } from '../../src/tickets/shared-reads.ts';

describe('shared reads', () => {
	/** Reads that end when the test says so, numbered as they began. */
	function bench() {
		const reads = new SharedReads<number>();
		const begun: PromiseWithResolvers<number>[] = [];
		const read = (key = 'a') =>
			reads.read(key, () => {
				const one = Promise.withResolvers<number>();
				begun.push(one);
				return one.promise;
			});
		return { read, begun };
	}

	test('[T18] a crowd is one read, and one more for those who came while it was under way', async () => {
		const { read, begun } = bench();
		const first = read();
		const crowd = Array.from({ length: 1_000 }, () => read());
		expect(begun).toHaveLength(1);
		begun[0]?.resolve(1);
		expect(await first).toBe(1);
		await Promise.resolve();
		expect(begun).toHaveLength(2);
		const late = read();
		begun[1]?.resolve(2);
		expect(new Set(await Promise.all(crowd))).toEqual(new Set([2]));
		begun[2]?.resolve(3);
		expect(await late).toBe(3);
		const alone = read();
		begun[3]?.resolve(4);
		expect(await alone).toBe(4);
	});

	test('other keys have reads of their own, and a failed one is read again', async () => {
		const { read, begun } = bench();
		const failed = read();
		const again = read();
		const other = read('b');
		expect(begun).toHaveLength(2);
		begun[0]?.reject(new Error('away'));
		await expect(failed).rejects.toThrow('away');
		begun[1]?.resolve(7);
		expect(await other).toBe(7);
		begun[2]?.resolve(8);
		expect(await again).toBe(8);
	});
});
