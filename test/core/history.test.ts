import { expect, test } from 'vitest';
import type { Told } from '../../src/core/actor-port.ts';
import { History } from '../../src/core/history.ts';

const TEXT_BYTES = 1_000;

/** A history of this many events of 1 KB, one a commit. */
function filled(events: number): History {
	const history = new History();
	for (let position = 1; position <= events; position++) {
		const told: Told = { position, event: ['said', 'x'.repeat(TEXT_BYTES)], audience: 'all' };
		history.push({ position, writer: 'a', told: [told] }, position, TEXT_BYTES);
	}
	return history;
}

test('[H20] [P3] the ring of an owner takes at most 512 KB with the objects of its events', () => {
	const history = filled(1_000);
	// An event takes its text and about as much again in objects.
	const held = (512 * 1024) / (TEXT_BYTES * 2);
	expect(history.since(1_000 - Math.floor(held))).toHaveLength(Math.floor(held));
	expect(history.since(1_000 - Math.ceil(held))).toBeUndefined();
});
