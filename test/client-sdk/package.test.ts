import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, describe, expect, test } from 'vitest';
import { installPackage, ROOT } from './support/install-package.ts';

const { directory, project, files } = await installPackage();
afterAll(() => rmSync(directory, { recursive: true }));

const APP = `
import { connect, NaruError, type Message, type PendingMessage } from '@naru/client';
export async function main(): Promise<Message | undefined> {
	const naru = connect({ url: ['ws://127.0.0.1:1'], token: async () => 'token', timeoutMs: 5 });
	const channel = naru.channel('general');
	const undo: () => void = channel.on('message', ({ seq }) => void (seq + 1));
	channel.on('change', (change) => void (change.type === 'edited' && change.text.length));
	channel.on('pending', (pending: PendingMessage) => void pending.clientId);
	naru.presence.watch(['bob'], (changes) => void (changes[0]?.state === 'online'));
	const board = naru.room('cursor-board', 'main');
	board.on('cleared', ({ by }) => void by.length);
	board.send('move', { x: 0.5, y: 0.5 });
	// @ts-expect-error there is no such event
	channel.on('nothing', () => {});
	// @ts-expect-error y is missing
	board.send('move', { x: 1 });
	undo();
	try {
		const { messages } = await channel.open({ last: 20 });
		return messages[0];
	} catch (error) {
		if (!(error instanceof NaruError) || error.code !== 'TIMEOUT') throw error;
		return undefined;
	} finally {
		await naru.close({ logout: true });
	}
}
`;

/** A part of a bundle. */
interface Part {
	readonly fileName: string;
	readonly code?: string;
	readonly isEntry?: boolean;
}

const APP_OF_PAGE = `
import { connect } from '@naru/client';
const naru = connect({ url: location.origin, token: async () => 'token' });
naru.channel('general').on('message', ({ text }) => document.body.append(text));
naru.room('cursor-board', 'main').on('state', (state) => console.log(state));
`;

/** What the README takes for granted: an app's own functions, and the types of React Native. */
const AROUND = `
declare function fetchToken(): Promise<string>;
declare function show(message: import('@naru/client').Message): void;
declare function update(change: object): void;
declare function showOnItsWay(message: import('@naru/client').PendingMessage): void;
declare function showAnew(view: object): void;
declare module 'react' {
	export function useEffect(effect: () => () => void, on: readonly unknown[]): void;
	export function useState<T>(first: T): [T, (next: T) => void];
}
declare module 'react-native' {
	type AppStateStatus = 'active' | 'background' | 'inactive' | 'unknown' | 'extension';
	export const AppState: {
		currentState: AppStateStatus;
		addEventListener(
			type: 'change' | 'memoryWarning' | 'blur' | 'focus',
			listener: (state: AppStateStatus) => void,
		): { remove: () => void };
	};
}
declare module '@react-native-async-storage/async-storage' {
	type Callback<T> = (error?: Error | null, result?: T) => void;
	const AsyncStorage: {
		getItem(key: string, callback?: Callback<string | null>): Promise<string | null>;
		setItem(key: string, value: string, callback?: Callback<void>): Promise<void>;
		removeItem(key: string, callback?: Callback<void>): Promise<void>;
	};
	export default AsyncStorage;
}
`;

const readme = readFileSync(join(ROOT, 'client-sdk/README.md'), 'utf8');

/** What the compiler says of these files, in a strict project. */
function check(files: readonly string[], lib: string): string {
	const settings =
		'--noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2022';
	const args = [...settings.split(' '), '--lib', lib, '--types', '', ...files];
	try {
		const tsc = join(ROOT, 'node_modules/.bin/tsc');
		return execFileSync(tsc, args, { cwd: project, encoding: 'utf8' });
	} catch (error) {
		return String((error as { stdout?: string }).stdout);
	}
}

describe('the npm package', () => {
	test('type-checks in an empty project that knows neither Node nor the DOM', () => {
		writeFileSync(join(project, 'app.ts'), APP);
		expect(check(['app.ts'], 'es2022')).toBe('');
	});

	test('type-checks as the README uses it, in a web app and in React Native', () => {
		const blocks = readme.matchAll(/^```ts\n(.*?)^```$/gms);
		const examples = [...blocks].map(([, code = ''], at) => {
			const file = `readme-${at}.ts`;
			writeFileSync(join(project, file), code);
			return file;
		});
		expect(examples).toHaveLength(4);
		writeFileSync(join(project, 'around.d.ts'), AROUND);
		expect(check([...examples, 'around.d.ts'], 'es2022,dom')).toBe('');
	});

	test('runs in Node', () => {
		const code = `
			import { connect, NaruError } from '@naru/client';
			const naru = connect({ url: 'ws://127.0.0.1:1', token: 't', timeoutMs: 20 });
			const error = await naru.channel('general').open().catch((error) => error);
			console.log(error instanceof NaruError, error.code, error.retryable);
			await naru.close();
		`;
		const args = ['--input-type=module', '--eval', code];
		const printed = execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' });
		expect(printed.trim()).toBe('true TIMEOUT true');
	});

	test('is bundled for browsers: rooms in a part of their own, and nothing of Node', async () => {
		writeFileSync(join(project, 'page.js'), APP_OF_PAGE);
		const bundled = await build({
			root: project,
			configFile: false,
			logLevel: 'silent',
			build: { write: false, minify: false, rolldownOptions: { input: join(project, 'page.js') } },
		});
		const [{ output = [] } = {}] = [bundled].flat() as { output?: readonly Part[] }[];
		const entry = output.find(({ isEntry }) => isEntry)?.code ?? '';
		expect(entry).toContain('naru.channel("general")');
		expect(entry).not.toContain('SchemaSerializer');
		expect(output.some(({ fileName }) => fileName.includes('room-schema'))).toBe(true);
		for (const { code = '' } of output) {
			expect(/from ?"node:|require\(|__vite-browser-external/.exec(code)?.[0]).toBeUndefined();
		}
	});

	test('holds no source of the server and names no file outside itself', () => {
		expect(files).toEqual([
			'dist/package/index.d.ts',
			'dist/package/index.js',
			'dist/package/room-schema.js',
			'package.json',
		]);
	});
});
