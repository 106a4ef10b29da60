import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { blocksOf } from '../support/readme.ts';
import { until, World } from '../support/world.ts';

const FOLDER = fileURLToPath(new URL('../../client-sdk/examples/', import.meta.url));
const SDK = fileURLToPath(new URL('../../client-sdk/', import.meta.url));

const world = new World();
afterEach(() => world.end());

/** An example as a newcomer runs it, in a process of its own. */
class Example {
	output = '';
	readonly #child: ChildProcess;
	readonly ended: Promise<number | null>;

	constructor(file: string, ...args: string[]) {
		this.#child = spawn(process.execPath, [`${FOLDER}${file}`, ...args]);
		const hear = (text: unknown) => {
			this.output += String(text);
		};
		this.#child.stdout?.on('data', hear);
		this.#child.stderr?.on('data', hear);
		this.ended = new Promise((resolve) => this.#child.once('close', resolve));
		world.later(() => this.#child.kill());
	}

	says(text: string): Promise<void> {
		return until(() => this.output.includes(text));
	}

	write(line: string): void {
		this.#child.stdin?.write(`${line}\n`);
	}

	end(): void {
		this.#child.stdin?.end();
	}
}

describe('the examples', () => {
	test('chat.html is the page of the README', () => {
		expect(readFileSync(`${FOLDER}chat.html`, 'utf8')).toBe(blocksOf('html')[0]);
	});

	test('are all named in the README of the SDK, which names no others', () => {
		const readme = readFileSync(`${SDK}README.md`, 'utf8');
		const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path = '']) => path);
		expect(links.filter((path) => !existsSync(`${SDK}${path}`))).toEqual([]);
		const named = links.filter((path) => path.startsWith('examples/'));
		expect(named.map((path) => path.slice('examples/'.length)).sort()).toEqual(
			readdirSync(FOLDER).sort(),
		);
	});

	test('chat.ts: two terminals chat, over a kill of the server too', async () => {
		const directory = world.directory();
		const first = await world.process({ directory });
		const ann = new Example('chat.ts', 'ann', first.url);
		await ann.says('(online)');
		ann.write('Is anybody there?');
		await ann.says('ann: Is anybody there?');
		const bob = new Example('chat.ts', 'bob', first.url);
		await bob.says('ann: Is anybody there?');
		await first.kill();
		await bob.says('(reconnecting)');
		bob.write('Here, on the other side');
		await world.process({ directory, port: first.port });
		await ann.says('bob: Here, on the other side');
		ann.write('Good bye');
		ann.end();
		expect(await ann.ended).toBe(0);
		await bob.says('ann: Good bye');
		bob.end();
		expect(await bob.ended).toBe(0);
	});

	test('serve.ts serves the pages, and nothing else', async () => {
		const serve = new Example('serve.ts', '0');
		await serve.says('chat.html');
		const [, url = ''] = /^(http:\S+)\/chat\.html\?user=ann$/m.exec(serve.output) ?? [];
		const page = await fetch(`${url}/chat.html?user=bob`);
		expect(await page.text()).toBe(readFileSync(`${FOLDER}chat.html`, 'utf8'));
		for (const path of ['/', '/serve.ts', '/..%2fpackage.json', '/nothing.html']) {
			expect((await fetch(`${url}${path}`)).status).toBe(404);
		}
	});
});
