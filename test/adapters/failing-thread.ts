/** A storage thread that echoes, and dies when asked to. Run by `sqlite.test.ts`. */
import { serveThread } from '../../src/adapters/sqlite/serve-thread.ts';

const ops = {
	echo: (value: string): string => value,
	refuse(): void {
		throw new Error('the disk is full');
	},
	die(): void {
		setImmediate(() => {
			throw new Error('out of memory');
		});
		// Nothing more is answered.
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
	},
};
export type FailingOps = typeof ops;

serveThread(ops, { close: () => {} });
