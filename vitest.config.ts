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
