/** A storage thread that echoes, and dies when asked to. Run by `sqlite.test.ts`. */
import { serveThread } from '../../src/adapters/sqlite/serve-thread.ts';

const ops = {
	echo: (value: string): string => value,
	refuse(): void {
		throw new Error('the disk is full');
	},
	/** Its answer throws when it is sent: an error that nobody in the thread catches, and no answer. */
	die: (): unknown => ({
		get answer() {
			throw new Error('out of memory');
		},
	}),
};
export type FailingOps = typeof ops;

serveThread(ops, { close: () => {} });
