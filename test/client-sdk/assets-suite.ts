import { describe, expect, test } from 'vitest';
import type { AssetJob, InstitutionInfo, JobStep } from '../../client-sdk/src/index.ts';
import { OP } from '../../src/protocol/frames.ts';
import { onlineScene, outcome, type Scene, type Sdk } from './support/sdk.ts';

const step = (institution: string, change: Partial<JobStep> = {}): JobStep => ({
	institution,
	step: 'authorise',
	state: 'running',
	done: 0,
	total: 0,
	at: 1_000,
	...change,
});

const job = (change: Partial<AssetJob> = {}): AssetJob => ({
	id: 'job-1',
	state: 'running',
	startedAt: 1_000,
	steps: [step('bank-a'), step('card-b')],
	...change,
});

const CONSENT = { scopes: ['assets' as const], expiresAt: 2_000_000 };

/** Tells the handle of a kind that was opened last: an ephemeral, or with `p` data. */
function tell({ server }: Scene, kind: string, payload: unknown): void {
	const op = Array.isArray(payload) ? OP.ephemeral : OP.data;
	const opened = server.seen.filter(
		(frame) => frame.op === OP.open && (frame.payload as { kind: string }).kind === kind,
	);
	server.last.send(1_000 + (opened.at(-1)?.handle ?? 0), op, payload);
}

const told = (made: Scene, type: string, data: unknown) => tell(made, 'assets', [type, data]);

/** A client with a registration under way. */
async function registering(sdk: Sdk) {
	const made = await onlineScene(sdk);
	made.server.service = (_, { name }) => {
		if (name === 'register') return { reply: job() };
		return name === 'jobs' ? { reply: { jobs: [job()] } } : { reply: {} };
	};
	const answer = made.naru.assets.register(['bank-a', 'card-b'], { consent: CONSENT });
	await made.world.advance(10);
	const registration = await answer;
	return { made, registration };
}

function registrations(sdk: Sdk): void {
	test('[I1] register resolves with the registration, whose steps are told and kept', async () => {
		const { made, registration } = await registering(sdk);
		expect(made.server.commands().map(([, name, args]) => [name, args])).toEqual([
			['register', { institutions: ['bank-a', 'card-b'], consent: CONSENT }],
		]);
		expect(registration.steps).toEqual([step('bank-a'), step('card-b')]);
		const steps: string[] = [];
		registration.on('step', (one) => steps.push(`${one.institution} ${one.step} ${one.state}`));
		await made.world.advance(0);
		expect(steps).toEqual(['bank-a authorise running', 'card-b authorise running']);
		told(made, 'step', { jobId: 'job-1', step: step('bank-a', { step: 'list', at: 1_010 }) });
		told(made, 'step', { jobId: 'job-2', step: step('bank-a', { step: 'token', at: 1_020 }) });
		await made.world.advance(10);
		expect(steps.slice(2)).toEqual(['bank-a list running']);
		expect(registration.steps[0]).toMatchObject({ step: 'list' });
		expect(registration.state).toBe('running');
	});

	test('[I2] its end is told once, to late listeners too, and ended() resolves', async () => {
		const { made, registration } = await registering(sdk);
		const ends: string[] = [];
		registration.on('end', ({ state }) => ends.push(state));
		const ended = outcome(registration.ended());
		await made.world.advance(10);
		expect([ends, ended]).toEqual([[], {}]);
		const over = { step: 'details', state: 'done', done: 3, total: 3, at: 1_050 } as const;
		const steps = [step('bank-a', over), step('card-b', { ...over, state: 'failed' })];
		const last = job({ state: 'partial', endedAt: 1_050, steps });
		told(made, 'job', last);
		told(made, 'job', last);
		await made.world.advance(10);
		registration.on('end', ({ state }) => ends.push(`late ${state}`));
		await made.world.advance(10);
		expect(ends).toEqual(['partial', 'late partial']);
		expect(ended.value).toEqual(last);
		expect(registration.steps).toEqual(steps);
		expect(await registration.ended()).toEqual(last);
	});

	test('[I2] what comes late on another way changes nothing', async () => {
		const { made, registration } = await registering(sdk);
		const newer = step('bank-a', { step: 'details', done: 5, total: 7, at: 1_010 });
		told(made, 'step', { jobId: 'job-1', step: newer });
		await made.world.advance(10);
		void made.naru.assets.jobs();
		await made.world.advance(10);
		told(made, 'step', { jobId: 'job-1', step: { ...newer, done: 3 } });
		await made.world.advance(10);
		expect(registration.steps[0]).toEqual(newer);
	});

	test('[I3] one that another device began is told of; after a cut its state is asked for', async () => {
		const made = await onlineScene(sdk);
		const seen: string[] = [];
		made.naru.assets.on('job', ({ id }) => seen.push(id));
		const resets: unknown[] = [];
		made.naru.assets.on('reset', (reset) => resets.push(reset));
		await made.world.advance(10);
		told(made, 'job', job());
		await made.world.advance(10);
		const late: string[] = [];
		made.naru.assets.on('job', ({ id }) => late.push(id));
		await made.world.advance(0);
		expect([seen, late]).toEqual([['job-1'], ['job-1']]);
		const mark = made.server.seen.length;
		made.server.service = () => ({ reply: { jobs: [job({ state: 'done', endedAt: 1_100 })] } });
		made.server.last.socket.cut();
		await made.world.advance(1_000);
		expect(resets).toHaveLength(1);
		expect(made.server.commands(mark).map(([, name]) => name)).toEqual(['jobs']);
		const known = outcome(made.naru.assets.jobs());
		await made.world.advance(10);
		expect(known.value?.jobs.map(({ state }) => state)).toEqual(['done']);
	});

	test('waiting for an end that will not come ends with the client', async () => {
		const { made, registration } = await registering(sdk);
		const ended = outcome(registration.ended());
		await made.naru.close();
		await made.world.advance(10);
		expect(ended.error?.code).toBe('CLOSED');
	});
}

function snapshots(sdk: Sdk): void {
	test('[I4] list and get ask the server, snapshots and withdrawals are told', async () => {
		const made = await onlineScene(sdk);
		const snapshot = { institution: 'bank-a', version: 2, asOf: 1_000, assets: [] };
		made.server.service = (_, { name }) => {
			if (name === 'list') return { reply: { snapshots: [snapshot] } };
			return name === 'get' ? { reply: { snapshot } } : { reply: {} };
		};
		const list = outcome(made.naru.assets.list());
		const get = outcome(made.naru.assets.get('bank-a'));
		const withdraw = outcome(made.naru.assets.withdraw('bank-a'));
		const news: unknown[] = [];
		made.naru.assets.on('snapshot', (one) => news.push(one));
		made.naru.assets.on('gone', (one) => news.push(one));
		await made.world.advance(10);
		expect(list.value).toEqual({ snapshots: [snapshot] });
		expect(get.value).toEqual({ snapshot });
		expect(withdraw).not.toHaveProperty('error');
		told(made, 'snapshot', snapshot);
		told(made, 'gone', { institution: 'bank-a' });
		await made.world.advance(10);
		expect(news).toEqual([snapshot, { institution: 'bank-a' }]);
	});

	test('[I4] what is too large for a frame comes in parts, and is told when it is read', async () => {
		const made = await onlineScene(sdk);
		const asset = (id: string) =>
			({ id, type: 'account', name: id, amount: 1, currency: 'KRW', asOf: 1_000 }) as const;
		const part = (institution: string, version: number, ...ids: string[]) => ({
			...{ institution, version, asOf: 1_000 },
			assets: ids.map(asset),
		});
		const place = (institution: string, version: number, from: number) => ({
			institution,
			part: { version, from },
		});
		const pages = [
			{ snapshots: [part('bank-a', 1, 'a'), part('bank-b', 1, 'b')], next: place('bank-b', 1, 1) },
			{ snapshots: [part('bank-b', 1, 'c')], next: place('bank-b', 1, 2) },
			// A newer one is there meanwhile.
			{ snapshots: [part('bank-b', 2, 'd')], next: place('bank-b', 2, 1) },
			{ snapshots: [part('bank-b', 2, 'e'), part('bank-c', 1, 'f')], next: place('bank-c', 1, 1) },
			// Withdrawn meanwhile.
			{ snapshots: [part('bank-d', 1, 'g')], next: { institution: 'bank-d' } },
			{ snapshots: [] },
		];
		const asked: unknown[] = [];
		made.server.service = (_, { name, args }) => {
			if (name === 'list') {
				asked.push(args);
				return { reply: pages[asked.length - 1] };
			}
			const { part: from } = args as { part?: unknown };
			if (from === undefined) {
				return { reply: { snapshot: part('bank-a', 3, 'x'), next: { version: 3, from: 1 } } };
			}
			return { reply: { snapshot: part('bank-a', 3, 'y') } };
		};
		const list = outcome(made.naru.assets.list());
		const news: unknown[] = [];
		made.naru.assets.on('snapshot', (one) => news.push(one));
		await made.world.advance(50);
		expect(asked).toEqual([{}, ...pages.slice(0, -1).map(({ next }) => ({ after: next }))]);
		expect(list.value).toEqual({
			snapshots: [part('bank-a', 1, 'a'), part('bank-b', 2, 'd', 'e'), part('bank-d', 1, 'g')],
		});
		told(made, 'newer', { institution: 'bank-a', version: 3 });
		await made.world.advance(50);
		expect(news).toEqual([part('bank-a', 3, 'x', 'y')]);
		// Withdrawn while it is read: what comes then is old.
		told(made, 'newer', { institution: 'bank-a', version: 3 });
		told(made, 'gone', { institution: 'bank-a' });
		await made.world.advance(50);
		expect(news).toHaveLength(1);
	});
}

const info = (change: Partial<InstitutionInfo> = {}): InstitutionInfo => ({
	id: 'bank-a',
	name: 'Bank A',
	industry: 'bank',
	circuit: 'closed',
	health: 'HEALTHY',
	percent: 100,
	since: 1_000,
	calls: 0,
	failureRate: 0,
	...change,
});

function institutions(sdk: Sdk): void {
	test('[I12] [I15] the health of an institution is told at once, then each change', async () => {
		const made = await onlineScene(sdk);
		made.server.viewOf = () => info();
		const institution = made.naru.institution('bank-a');
		expect(made.naru.institution('bank-a')).toBe(institution);
		const seen: string[] = [];
		institution.on('health', ({ health, circuit }) => seen.push(`${health} ${circuit}`));
		await made.world.advance(10);
		expect(made.server.opens()[0]).toMatchObject({ kind: 'institution', id: 'bank-a' });
		const sick = info({ health: 'CRITICAL', prevStatus: 'HEALTHY', circuit: 'open' });
		tell(made, 'institution', { p: 1, e: [['health', sick]] });
		await made.world.advance(10);
		const late: string[] = [];
		institution.on('health', ({ health }) => late.push(health));
		await made.world.advance(0);
		expect(seen).toEqual(['HEALTHY closed', 'CRITICAL open']);
		expect(late).toEqual(['CRITICAL']);
		expect(institution.info).toEqual(sick);
		institution.close();
		expect(institution.info).toBeUndefined();
	});

	test('[I15] operators force its circuit', async () => {
		const made = await onlineScene(sdk);
		made.server.viewOf = () => info();
		made.server.service = () => ({ reply: info({ circuit: 'forced-open' }) });
		const forced = outcome(made.naru.institution('bank-a').circuit('forced-open'));
		await made.world.advance(10);
		expect(forced.value).toMatchObject({ circuit: 'forced-open' });
		expect(made.server.commands()[0]?.slice(1, 3)).toEqual(['circuit', { mode: 'forced-open' }]);
	});
}

export function assetsSuite(sdk: Sdk): void {
	describe(`assets (${sdk.name})`, () => {
		registrations(sdk);
		snapshots(sdk);
		institutions(sdk);
	});
}
