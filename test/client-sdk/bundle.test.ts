import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'tsdown';
import { afterAll, describe, expect, test } from 'vitest';
import { appMistakesSuite } from './app-mistakes-suite.ts';
import { channelSuite } from './channel-suite.ts';
import { clockSuite } from './clock-suite.ts';
import { commandSuite } from './command-suite.ts';
import { connectionSuite } from './connection-suite.ts';
import { handleSuite } from './handle-suite.ts';
import { roomSuite } from './room-suite.ts';
import { serviceSuite } from './service-suite.ts';
import { storageSuite } from './storage-suite.ts';
import { bundleSdk } from './support/bundle-sdk.ts';
import { tokenSuite } from './token-suite.ts';

/** Built afresh, so that the suite never runs on yesterday's file. */
const directory = mkdtempSync(join(tmpdir(), 'naru-sdk-'));
const root = resolve(import.meta.dirname, '../../client-sdk');
await build({
	config: join(root, 'tsdown.config.ts'),
	cwd: root,
	filter: 'browser',
	outDir: directory,
	logLevel: 'silent',
});
const code = readFileSync(join(directory, 'naru.js'), 'utf8');

afterAll(() => rmSync(directory, { recursive: true }));

describe('bundle', () => {
	test('stands alone, without zod, in less than 200 KB', () => {
		const found = [/(^|[;}])import[\s{*'"(]/, /\bimport\(/, /ZodError|_zod/].filter((not) =>
			not.test(code),
		);
		expect(found).toEqual([]);
		expect(code.length).toBeLessThan(200_000);
	});

	test('uses nothing that React Native lacks', () => {
		const missing = /randomUUID|EventTarget|['"`]node:|queueMicrotask|structuredClone\(/;
		expect(missing.exec(code)?.[0]).toBeUndefined();
	});
});

const sdk = bundleSdk(code);
connectionSuite(sdk);
tokenSuite(sdk);
handleSuite(sdk);
commandSuite(sdk);
channelSuite(sdk);
storageSuite(sdk);
clockSuite(sdk);
serviceSuite(sdk);
roomSuite(sdk);
appMistakesSuite(sdk);
