import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { blocksOf, README } from './support/readme.ts';

const root = new URL('../', import.meta.url);
const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
	scripts: Record<string, string>;
};

describe('the README', () => {
	test('has one page as its example, of at most 30 lines', () => {
		const [page, ...others] = blocksOf('html');
		expect(others).toEqual([]);
		expect(page?.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
	});

	test('is short', () => {
		expect(README.split('\n').length).toBeLessThanOrEqual(120);
	});

	test('points only to what is there', () => {
		const targets = [...README.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path = '']) => path);
		expect(targets.length).toBeGreaterThan(10);
		expect(targets.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
	});

	test('names only scripts that there are', () => {
		const named = [...README.matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name = '']) => name);
		const unknown = named.filter((name) => name !== 'ci' && scripts[name] === undefined);
		expect(unknown).toEqual([]);
	});
});
