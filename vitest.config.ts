import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const project = (name: string, timeoutMs: number) => ({
	test: {
		name,
		include: [`test/${name}/**/*.test.ts`],
		testTimeout: timeoutMs,
		hookTimeout: timeoutMs,
		// They start browsers and servers: one file at a time.
		fileParallelism: false,
	},
});

export default defineConfig({
	test: {
		// Much of what they do is waiting: two files at a time on a small machine, too.
		maxWorkers: Math.max(2, availableParallelism() - 1),
		projects: [
			{
				test: {
					name: 'unit',
					include: ['test/**/*.test.ts', 'client-sdk/test/**/*.test.ts'],
					exclude: ['test/browser/**', 'test/services/**'],
					testTimeout: 20_000,
					hookTimeout: 20_000,
				},
			},
			project('browser', 120_000),
			project('services', 120_000),
		],
	},
});
