import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const project = (name: string, fileParallelism: boolean) => ({
	test: {
		name,
		include: [`test/${name}/**/*.test.ts`],
		testTimeout: 120_000,
		hookTimeout: 120_000,
		fileParallelism,
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
			// A browser takes the machine for itself.
			project('browser', false),
			// Each has a database and an environment of its own on the shared servers, and mostly waits.
			project('services', true),
		],
	},
});
