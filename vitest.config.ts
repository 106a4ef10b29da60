import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], testTimeout: number) => ({
	test: { name, include, testTimeout, hookTimeout: testTimeout },
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
			project('browser', ['test/browser/**/*.test.ts'], 120_000),
		],
	},
});
