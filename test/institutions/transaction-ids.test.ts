import { expect, test } from 'vitest';
import { transactionIds } from '../../src/institutions/transaction-ids.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

test('[I5] ids are unique within a millisecond, over nodes and over restarts', () => {
	const ids = new Set<string>();
	for (const node of ['1', '2', '12'])
		for (const seed of [1, 2, 3]) {
			// Each start with the same clock.
			const newId = transactionIds(node, new VirtualRuntime({ seed }));
			for (let n = 0; n < 1_000; n++) ids.add(newId());
		}
	expect(ids.size).toBe(9_000);
	for (const id of ids) expect(id).toMatch(/^[a-z0-9]{19}n\d+$/);
});

test('[I5] a node that was started again with its number goes on behind what it gave out', async () => {
	const runtime = new VirtualRuntime();
	const before = transactionIds('1', runtime)();
	await runtime.advance(1);
	expect(transactionIds('1', runtime)() > before).toBe(true);
});
