import { describe, expect, test } from 'vitest';
import {
	type MemoryDirectory,
	MemoryDirectoryStore,
} from '../../src/adapters/memory/memory-directory.ts';
import { directoryContract } from '../contract/directory-contract.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

/** A runtime on which what is deferred comes at once, so that calls need no push. */
class EagerRuntime extends VirtualRuntime {
	override defer(run: () => void): void {
		queueMicrotask(run);
	}
}

directoryContract('memory', () => {
	const runtime = new EagerRuntime();
	const store = new MemoryDirectoryStore(runtime);
	return Promise.resolve({
		one: store.connect(runtime),
		two: store.connect(runtime),
		flush: async () => store.flush(),
		pass: (ms: number) => runtime.advance(ms),
		close: async () => {},
	});
});

describe('directory in memory, broken', () => {
	const open = () => {
		const runtime = new VirtualRuntime();
		const store = new MemoryDirectoryStore(runtime);
		return { runtime, store, one: store.connect(runtime), two: store.connect(runtime) };
	};
	/** What has become of a call by now. */
	const outcome = async (call: Promise<unknown>, runtime: VirtualRuntime, ms = 0) => {
		let came: unknown = 'nothing yet';
		call.then(
			(answer) => {
				came = answer;
			},
			(error: unknown) => {
				came = error;
			},
		);
		await runtime.advance(ms);
		return came;
	};
	const find = (directory: MemoryDirectory) => directory.owners(['channel/a']);

	test('it is away for one node or for all', async () => {
		const { runtime, store, one, two } = open();
		one.isAway = true;
		expect(await outcome(find(one), runtime)).toMatchObject({ code: 'UNAVAILABLE' });
		expect(await outcome(find(two), runtime)).toEqual([undefined]);
		store.isAway = true;
		expect(await outcome(find(two), runtime)).toMatchObject({ code: 'UNAVAILABLE' });
		store.isAway = false;
		one.isAway = false;
		expect(await outcome(find(one), runtime)).toEqual([undefined]);
	});

	test('what is answered too late was done nevertheless', async () => {
		const { runtime, store, one, two } = open();
		const node = { id: '1', url: '', pid: 1, environment: 'test', startedAt: 0 };
		await outcome(one.renew(node, 100), runtime, 50);
		await outcome(one.renew(node, 60_000), runtime, 50);
		store.delayMs = 1_500;
		const claim = one.claim('1', ['channel/a']);
		expect(await outcome(claim, runtime, 999)).toBe('nothing yet');
		expect(await outcome(claim, runtime, 1)).toMatchObject({ code: 'TIMEOUT' });
		store.delayMs = 0;
		expect(await outcome(find(two), runtime)).toEqual(['1']);
	});
});
