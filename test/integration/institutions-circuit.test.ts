import { afterEach, expect, test } from 'vitest';
import type { InstitutionInfo, JobStep } from '../../client-sdk/src/index.ts';
import { openedOf } from '../support/frame-client.ts';
import { dayConsent, SimulatedBanks } from '../support/simulated-banks.ts';
import { devToken, rest, until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

const EXPECTED_MS = 60_000;
const BREAKER = { callsMin: 5, goodMs: 1_500, stepMs: 500, expectedMs: EXPECTED_MS };

test('[I12] [I13] [I15] under maintenance: pushed with the expected time, calls refused here, and back by canaries', async () => {
	const banks = await SimulatedBanks.start({ breaker: BREAKER });
	world.later(() => banks.close());
	await banks.control('*', { latencyMs: 0 });
	const server = await world.server({ env: banks.env });
	const watcher = world.device(server.url, 'watcher').naru;
	const told: InstitutionInfo[] = [];
	watcher.institution('bank-a').on('health', (info) => told.push(info));
	await until(() => told.length > 0);
	expect(told[0]).toMatchObject({ circuit: 'closed', health: 'HEALTHY' });
	const turned = (circuit: string) => told.find((info) => info.circuit === circuit);
	let users = 0;
	/** Somebody new asks; resolves with the first word of how it went. */
	const ask = async (): Promise<{ readonly userId: string; readonly step: JobStep }> => {
		const userId = `user-${++users}`;
		const { naru } = world.device(server.url, userId);
		const job = await naru.assets.register(['bank-a', 'card-a'], { consent: dayConsent() });
		const step = () => job.steps[0] as JobStep;
		await until(() => step().code !== undefined || step().state === 'done');
		return { userId, step: step() };
	};

	await banks.control('bank-a', { outage: true });
	await Promise.all(Array.from({ length: BREAKER.callsMin }, ask));
	await until(() => turned('open') !== undefined);
	const opened = turned('open') as InstitutionInfo;
	expect(opened).toMatchObject({ health: 'CRITICAL', percent: 0 });
	expect(opened.prevStatus).not.toBe('CRITICAL');
	expect(opened.expectedAt).toBe(opened.since + EXPECTED_MS);

	// Of those who come now the canary takes one along at a time; the others cost the institution nothing.
	const refused: Awaited<ReturnType<typeof ask>>[] = [];
	while (refused.length < 5) {
		const asked = await Promise.all(Array.from({ length: 5 }, ask));
		refused.push(...asked.filter(({ step }) => step.code === 'MAINTENANCE'));
	}
	expect(refused[0]?.step).toMatchObject({ institution: 'bank-a', state: 'waiting' });
	const seen = new Set((await banks.calls('bank-a')).map(({ userId }) => userId));
	expect(refused.filter(({ userId }) => seen.has(userId))).toEqual([]);
	const { institutions } = await watcher.assets.institutions();
	expect(institutions.filter(({ circuit }) => circuit !== 'closed').map(({ id }) => id)).toEqual([
		'bank-a',
	]);

	await banks.control('bank-a', { outage: false });
	while (told.at(-1)?.circuit !== 'closed') await ask();
	const circuits = told.map(({ circuit, percent }) => `${circuit} ${percent}`);
	const steps = circuits.filter((circuit, n) => circuit !== circuits[n - 1]);
	expect(steps).toEqual([
		'closed 100',
		'open 0',
		...['recovering 1', 'recovering 5', 'recovering 25'],
		'closed 100',
	]);
	expect(told.at(-1)).toMatchObject({ health: 'HEALTHY', prevStatus: 'CAUTION' });
	expect(told.at(-1)).not.toHaveProperty('expectedAt');
	expect((await ask()).step).toMatchObject({ state: 'done' });
});

test('[I12] no frame of a client names a node or says how calls are let through', async () => {
	const banks = await SimulatedBanks.start({ breaker: BREAKER });
	world.later(() => banks.close());
	const server = await world.server({ env: banks.env });
	const ops = await devToken(server.url, { userId: 'root', roles: ['ops'] });
	const order = async (what: string, body: object) => {
		const key = JSON.stringify([what, body]);
		const path = `/api/v1/institutions/bank-a/${what}`;
		expect((await rest(server.url, path, { token: ops, key, body })).status).toBe(200);
	};
	const bank = { kind: 'institution', id: 'bank-a' };
	const told: unknown[] = [];
	const onFrame = ({ payload }: { readonly payload: unknown }) => told.push(payload);
	const client = await world.frames(server.url, 'ann', { onFrame });
	const opened = openedOf(await client.open(1, bank));
	await order('circuit', { mode: 'forced-open' });
	await order('rate', { perSecond: 7 });
	await order('circuit', { mode: 'auto' });
	const words = () => JSON.stringify(told);
	await until(() => /forced-open.*"circuit":"closed"/.test(words()));
	// What was missed is told by another way than what happens.
	const { position, writer } = opened;
	await client.open(2, { ...bank, resume: [position, writer] });
	await client.settled();
	expect(words()).not.toMatch(/canaries|badNodes|generation|permits|perSecond|probeMs/);
});
