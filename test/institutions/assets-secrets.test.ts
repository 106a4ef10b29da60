import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { INSTITUTION_PORT } from '../../actors/user/institution-port.ts';
import { userKind } from '../../actors/user/user-kind.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import { ActorSystem } from '../../src/core/actor-system.ts';
import { REQUESTS } from '../../src/core/store.ts';
import { registrationPort } from '../../src/institutions/registration-port.ts';
import { openVault } from '../../src/institutions/vault.ts';
import { pack } from '../../src/protocol/codec.ts';
import type { AssetJob } from '../../src/protocol/institution.ts';
import { KeptLog, YEAR_MS } from '../support/asset-world.ts';
import { FakeInstitutions } from '../support/fake-institutions.ts';
import { until } from '../support/world.ts';

const NODE = { userId: 'ann', roles: ['system'] };
/** What all tokens of the fake institutions begin with, and what their accounts are called. */
const [SECRET, HARMLESS] = ['CLEAR-', 'Savings of ann'] as const;

const undo: (() => unknown)[] = [];
afterEach(async () => {
	for (const one of undo.splice(0).reverse()) await one();
});

/** A node on real files, with a bank whose answers come at once. */
async function openNode(directory: string, tokenKeys: string) {
	const kinds = [userKind as unknown as ActorKind];
	const collections = [REQUESTS, ...userKind.collections];
	const sqlite = await openSqlite({ directory, collections });
	undo.push(() => sqlite.close());
	const { journal, store } = sqlite;
	const log = new KeptLog();
	const calls = new FakeInstitutions(nodeRuntime);
	calls.latencyMs = 0;
	const vault = openVault({ tokenKeys });
	const runtime = nodeRuntime;
	const port = registrationPort({
		...{ calls, vault, runtime, journal, log },
		actors: { command: (...asked) => actors.command(...asked) },
		owns: () => true,
	});
	const intents = { [INSTITUTION_PORT]: port };
	const actors: ActorSystem = new ActorSystem({ kinds, journal, store, runtime, log, intents });
	undo.push(() => actors.close());
	const command = (name: string, args: unknown) =>
		new Promise<CommandAnswer>((resolve) =>
			actors.command('user/ann', { caller: NODE, name, args }, resolve),
		);
	return { actors, calls, command, log, journal };
}

/** Files of a directory in which a text stands. */
function filesWith(directory: string, text: string): string[] {
	const files = readdirSync(directory);
	return files.filter((file) => readFileSync(join(directory, file)).includes(text));
}

test('[I8] tokens are in clear in no file, no snapshot and no line of the log', async () => {
	const directory = await mkdtemp(join(tmpdir(), 'naru-secrets-'));
	undo.push(() => rm(directory, { recursive: true, force: true }));
	const tokenKeys = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
	const node = await openNode(directory, tokenKeys);
	const { calls, command } = node;
	const institutions = ['bank-a', 'card-b'];
	const consent = { scopes: ['assets'], expiresAt: Date.now() + YEAR_MS };
	// Many small steps, so that the actor is worth a snapshot.
	calls.assets = 200;
	calls.pageLength = 50;
	expect(await command('register', { institutions, consent })).toMatchObject({ ok: true });
	const isDone = async () => {
		const answer = await command('jobs', {});
		const { jobs } = (answer as unknown as { reply: { jobs: AssetJob[] } }).reply;
		return jobs.every(({ state }) => state === 'done');
	};
	await until(isDone);
	await command('refresh', { institution: 'card-b', transactionId: 't1' });
	calls.intercept = ({ accessToken }) => {
		// An institution that tells a token back in what it says.
		return { ok: true, transactionId: 't', class: 'business', ms: 1, problem: `no ${accessToken}` };
	};
	await command('register', { institutions: ['telecom-f'], consent });
	await command('withdraw', { institution: 'bank-a' });
	expect(calls.live.length).toBeGreaterThan(0);
	const { actors, journal, log } = node;
	await actors.settle();
	await actors.projector.settle();
	await actors.close();
	const snapshot = await journal.snapshot('user/ann');
	expect(snapshot?.parts.length).toBeGreaterThan(1);
	for (const part of snapshot?.parts ?? []) {
		expect(Buffer.from(part).includes(SECRET)).toBe(false);
	}
	// Files and their write-ahead logs alike; the accounts are found, so that the search can find.
	expect(filesWith(directory, HARMLESS).length).toBeGreaterThan(0);
	expect(filesWith(directory, SECRET)).toEqual([]);
	expect(filesWith(directory, '1.k1.').length).toBeGreaterThan(0);
	expect(Buffer.from(pack(log.lines)).includes(SECRET)).toBe(false);
}, 60_000);
