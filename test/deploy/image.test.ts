import { describe, expect, test } from 'vitest';
import { fileOf, NODES, pathsOf } from './support/deployed.ts';

/** Instructions, with continued lines joined. */
const instructions = fileOf('Dockerfile')
	.replaceAll(/^\s*#.*\n/gm, '')
	.replaceAll('\\\n', ' ')
	.split('\n')
	.filter((line) => line !== '');
/** Those of the stage that becomes the image. */
const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));
const { version, scripts, devDependencies } = JSON.parse(fileOf('package.json')) as {
	version: string;
	scripts: { start: string };
	devDependencies: Record<string, string>;
};

/** Whether a path gets into the build: by the last line of .dockerignore that names it. */
function isSent(path: string): boolean {
	let sent = true;
	for (const line of fileOf('.dockerignore').split('\n')) {
		if (line === '' || line.startsWith('#')) continue;
		const pattern = line.replace(/^!/, '').replaceAll('.', '\\.').replaceAll('*', '[^/]*');
		const anywhere = pattern.replace(/^\[\^\/\]\*\[\^\/\]\*\//, '(.*/)?');
		if (new RegExp(`^${anywhere}(/|$)`).test(path)) sent = line.startsWith('!');
	}
	return sent;
}

describe('the image of a node', () => {
	test('has the Node with which everything is tested', () => {
		const bases = instructions.filter((line) => /^FROM node:/.test(line));
		expect(bases).toHaveLength(2);
		for (const base of bases) expect(base).toContain(`node:${devDependencies.node}-`);
	});

	test('is named after the version of the program', () => {
		for (const [, { image }] of NODES) expect(image).toBe(`naru:${version}`);
	});

	test('runs as nobody in particular, with node as the process that gets signals', () => {
		const user = last.indexOf('USER node');
		expect(user).toBeGreaterThan(0);
		expect(last.slice(user).join('\n')).not.toMatch(/^(USER (?!node)|RUN|COPY)/m);
		const command = last.at(-1)?.replace('CMD ', '') ?? '';
		expect((JSON.parse(command) as string[]).join(' ')).toBe(scripts.start);
	});

	test('[P42] is of production unless told otherwise', () => {
		expect(last.find((line) => line.startsWith('ENV '))).toContain(' APP_ENV=production ');
	});

	test('has no development dependencies and no sources of pages', () => {
		expect(last).toContain('COPY --from=modules /app/node_modules node_modules');
		const modules = instructions.indexOf('FROM packages AS modules');
		expect(instructions[modules + 1]).toMatch(/^RUN npm ci --omit=dev .*--ignore-scripts/);
	});

	test('gets what it copies, and nothing that is secret or large', () => {
		const copied = instructions
			.filter((line) => /^COPY (?!--from)/.test(line))
			.flatMap((line) => line.split(' ').slice(1, -1));
		expect(copied.length).toBeGreaterThan(5);
		for (const path of copied)
			expect([path, isSent(path), pathsOf(path)]).toEqual([path, true, [path]]);
		for (const path of [
			'.env',
			'.naru/secret',
			'.git/config',
			'node_modules/ws',
			'test/tidy.test.ts',
		]) {
			expect([path, isSent(path)]).toEqual([path, false]);
		}
		expect(isSent('client-sdk/dist/browser/naru.js')).toBe(false);
		expect(isSent('src/main.ts')).toBe(true);
	});
});
