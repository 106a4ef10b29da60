import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'tsdown';
import { afterAll, describe, expect, test } from 'vitest';
import { appMistakesSuite } from './app-mistakes-suite.ts';
import { assetsSuite } from './assets-suite.ts';
import { channelSuite } from './channel-suite.ts';
import { clockSuite } from './clock-suite.ts';
import { commandSuite } from './command-suite.ts';
import { connectionSuite } from './connection-suite.ts';
import { handleSuite } from './handle-suite.ts';
import { roomSuite } from './room-suite.ts';
import { serviceSuite } from './service-suite.ts';
import { storageSuite } from './storage-suite.ts';
import { bundleSdk, ROOM_IMPORT } from './support/bundle-sdk.ts';
import { ticketSuite } from './ticket-suite.ts';
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
const rooms = readFileSync(join(directory, 'room-schema.js'), 'utf8');

afterAll(() => rmSync(directory, { recursive: true }));

describe('bundle', () => {
	test('is two files, the second for rooms only, and imports nothing else', () => {
		expect(readdirSync(directory).sort()).toEqual(['naru.js', 'room-schema.js']);
		expect(code.match(ROOM_IMPORT)).toHaveLength(1);
		const others = /(^|[;}])import[\s{*'"`]|\bimport\(/;
		const found = [code.replace(ROOM_IMPORT, ''), rooms].map((one) => others.exec(one)?.[0]);
		expect(found).toEqual([undefined, undefined]);
	});

	test('is small: without zod, and without the schemas of rooms in less than 32 KB sent', () => {
		expect(/ZodError|_zod/.exec(code + rooms)).toBeNull();
		expect(gzipSync(code).length).toBeLessThan(32_000);
		expect(gzipSync(rooms).length).toBeLessThan(32_000);
	});

	test('uses nothing that React Native lacks', () => {
		const missing = /randomUUID|EventTarget|['"`]node:|queueMicrotask|structuredClone\(/;
		expect(missing.exec(code + rooms)?.[0]).toBeUndefined();
	});
});

const sdk = bundleSdk({ naru: code, rooms });
connectionSuite(sdk);
tokenSuite(sdk);
handleSuite(sdk);
commandSuite(sdk);
channelSuite(sdk);
storageSuite(sdk);
clockSuite(sdk);
serviceSuite(sdk);
assetsSuite(sdk);
roomSuite(sdk);
appMistakesSuite(sdk);
ticketSuite(sdk);
