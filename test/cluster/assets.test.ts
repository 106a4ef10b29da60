import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { INSTITUTION_PORT } from '../../actors/user/institution-port.ts';
import { userKind } from '../../actors/user/user-kind.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import { SILENT } from '../../src/core/log.ts';
import { assetsService } from '../../src/institutions/assets-service.ts';
import type { InstitutionCalls } from '../../src/institutions/ports.ts';
import { refreshAssets } from '../../src/institutions/refresh-assets.ts';
import { registrationPort } from '../../src/institutions/registration-port.ts';
import { openVault } from '../../src/institutions/vault.ts';
import type { AssetJob, AssetSnapshot } from '../../src/protocol/institution.ts';
import type { WireEvent } from '../../src/protocol/wire.ts';
import { infoOf, YEAR_MS } from '../support/asset-world.ts';
import { CoreBench } from '../support/core-bench.ts';
import { FakeInstitutions, type SeenCall } from '../support/fake-institutions.ts';
import { ActorNode } from './support/actor-world.ts';
import { type TestNode, TestNodes } from './test-nodes.ts';

const KEY = 'user/ann';

/** Two nodes with users' actors, the same institutions behind both, and `assets/me` on each. */
async function pair() {
	const { world, nodes } = await TestNodes.settled(2);
	const kinds = [userKind as unknown as ActorKind];
	const banks = new FakeInstitutions(world.runtime);
	const vault = openVault({ tokenKeys: `k1:${randomBytes(32).toString('base64')}` });
	const shared = new CoreBench({ kinds });
	const made = nodes.map((node) => {
		const { runtime } = node;
		const { journal } = shared;
		const seen: SeenCall[] = [];
		const port = registrationPort({
			...{ calls: callsOf(node, banks, seen), vault, runtime, journal, log: SILENT },
			actors: { command: (...asked) => actor.everywhere.command(...asked) },
			owns: (key) => actor.bench.system.hosts.has(key) && node.membership.mayServe(),
		});
		const actor: ActorNode = new ActorNode(node, shared, {
			kinds,
			intents: { [INSTITUTION_PORT]: port },
		});
		const { projector } = actor.bench.system;
		const service = assetsService({
			actors: actor.everywhere,
			reads: actor.bench.store,
			feed: projector,
			settle: () => projector.settle(),
			runtime,
			institutions: () => ['bank-a', 'card-b'].map(infoOf),
		});
		const told: WireEvent[] = [];
		const identity = { userId: 'ann', roles: ['user'] };
		const connection = { id: `ann-${node.id}`, identity, deviceId: node.id };
		const session = service.open(connection, (event) => told.push(event) > 0, 'me');
		const ask = async (name: string, args: object = {}) => {
			const request = { requestId: undefined, resend: false, bytes: 0 };
			for (;;) {
				const answer: CommandAnswer = await world.done(session.command(name, args, request));
				if (answer.ok) return answer.reply;
				// As the SDK does.
				expect(['MOVED', 'UNAVAILABLE', 'BUSY']).toContain(answer.code);
				await world.pass(200);
			}
		};
		const versions = async () => {
			const { snapshots } = (await ask('list')) as { snapshots: AssetSnapshot[] };
			return snapshots.map(({ institution, version }) => `${institution} ${version}`);
		};
		const jobs = async () => ((await ask('jobs')) as { jobs: AssetJob[] }).jobs;
		return { actor, node, told, ask, versions, jobs, seen };
	});
	const [owner, edge] = made as [(typeof made)[0], (typeof made)[0]];
	const consent = { scopes: ['assets'], expiresAt: world.runtime.now() + YEAR_MS };
	const register = (from: typeof owner) =>
		from.ask('register', { institutions: ['bank-a', 'card-b'], consent }) as Promise<AssetJob>;
	const ended = ({ told }: typeof owner) =>
		told.some(([type, data]) => type === 'job' && (data as AssetJob).state !== 'running');
	return { world, banks, owner, edge, register, ended, shared };
}

/** A node's calls, which it sees answered when it is not paused. */
function callsOf(node: TestNode, banks: FakeInstitutions, seen: SeenCall[]): InstitutionCalls {
	return {
		async call(request) {
			const call = { ...request, at: node.runtime.now() };
			seen.push(call);
			const answer = await banks.call(request);
			return new Promise((resolve) => node.runtime.input(() => resolve(answer)));
		},
	};
}

test('[I2] [I4] devices at other nodes hear each step, and read at once what they heard of', async () => {
	const { world, owner, edge, register, ended } = await pair();
	await register(owner);
	await edge.ask('jobs');
	// As its announcement would say.
	await register(edge);
	await world.runtime.until(() => ended(owner) && ended(edge));
	expect(owner.actor.listeners(KEY)).toBe(2);
	expect(await edge.versions()).toEqual(await owner.versions());
	expect(await edge.versions()).toHaveLength(2);
	await edge.ask('withdraw', { institution: 'bank-a' });
	expect(await edge.versions()).toMatchObject([expect.stringContaining('card-b')]);
	await world.pass(2_000);
	expect(owner.told.at(-1)).toEqual(['gone', { institution: 'bank-a' }]);
});

test('[I3] [P21] an owner that is drained hands a registration over, and nobody misses its end', async () => {
	for (const atMs of [50, 150, 320, 480]) {
		const { world, banks, owner, edge, register, ended } = await pair();
		const { id } = await register(owner);
		await register(edge);
		await world.pass(atMs);
		owner.node.membership.drain();
		await world.done(owner.actor.ownership.handOver());
		expect(owner.actor.bench.system.hosts.size).toBe(0);
		await world.runtime.until(() => ended(owner) && ended(edge));
		expect(await edge.jobs()).toMatchObject([{ id, state: 'done' }]);
		expect(await owner.versions()).toEqual(await edge.versions());
		await world.runtime.until(() => banks.inFlight === 0);
	}
});

test('[I23] a refresh is asked of wherever the user lives', async () => {
	const { world, banks, owner, edge, register, ended } = await pair();
	await register(owner);
	await world.runtime.until(() => ended(owner));
	banks.seen.length = 0;
	const { everywhere: actors } = edge.actor;
	const refresh = refreshAssets({ actors, runtime: world.runtime });
	expect(await world.done(refresh('bank-a', 'ann', 't1'))).toEqual({ ok: true });
	expect(await world.done(refresh('bank-a', 'ann', 't1'))).toEqual({ ok: true });
	expect(banks.seen).toHaveLength(16);
	expect(owner.actor.listeners(KEY)).toBe(1);
});

test('[I6] all calls for a user go out where the actor lives, whichever node asks: one count is enough', async () => {
	const { world, owner, edge, register, ended } = await pair();
	await register(owner);
	await register(edge);
	const { everywhere: actors } = edge.actor;
	await world.runtime.until(() => ended(owner));
	const refresh = refreshAssets({ actors, runtime: world.runtime });
	expect(await world.done(refresh('bank-a', 'ann', 't1'))).toEqual({ ok: true });
	await edge.ask('withdraw', { institution: 'card-b' });
	await world.pass(2_000);
	const apis = new Set(owner.seen.map(({ api }) => api));
	expect([...apis].toSorted()).toEqual(['asset', 'assets', 'revoke', 'token']);
	expect(edge.seen).toEqual([]);
});

test('[I7] what is under way at an owner that was paused brings nothing back behind a withdrawal', async () => {
	// In the middle of the token, of the list, and of the details.
	for (const atMs of [60, 160, 260, 430]) {
		const { world, banks, owner, edge, register, shared } = await pair();
		await register(owner);
		await world.pass(atMs);
		owner.node.runtime.pause();
		await world.pass(30_000);
		for (const institution of ['bank-a', 'card-b']) await edge.ask('withdraw', { institution });
		expect(edge.actor.bench.system.hosts.size).toBe(1);
		// Until the assets are taken out of the journal, and the tokens that are known are void.
		await world.pass(20_000);
		const since = owner.seen.length;
		owner.node.runtime.resume();
		await world.pass(60_000);
		expect(owner.seen.slice(since)).toEqual([]);
		expect(await edge.versions()).toEqual([]);
		expect(await owner.versions()).toEqual([]);
		expect(banks.live).toEqual([]);
		const { records } = await shared.journal.read(KEY, { position: 0 }, { bytesMax: 1e9 });
		expect(JSON.stringify(records)).not.toContain('Savings');
	}
});

test('[I3] [I7] two owners that each got a token, one after the other: with the consent both are void', async () => {
	for (const atMs of [60, 430]) {
		const { world, banks, owner, edge, register, ended } = await pair();
		await register(owner);
		await register(edge);
		await world.pass(atMs);
		owner.node.runtime.pause();
		await world.runtime.until(() => ended(edge), 120_000);
		expect((await edge.jobs())[0]).toMatchObject({ state: 'done' });
		const versions = await edge.versions();
		owner.node.runtime.resume();
		await world.pass(60_000);
		// What the old owner had under way changes nothing of it.
		expect(await edge.versions()).toEqual(versions);
		for (const institution of ['bank-a', 'card-b']) await edge.ask('withdraw', { institution });
		await world.pass(20_000);
		expect(banks.issued.size).toBeGreaterThanOrEqual(atMs === 60 ? 4 : 2);
		expect(banks.live).toEqual([]);
	}
});
