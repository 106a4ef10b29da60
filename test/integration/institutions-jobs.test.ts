import { afterEach, expect, test } from 'vitest';
import type { JobStep, Registration } from '../../client-sdk/src/index.ts';
import type { SettingsOver } from '../support/institutions.ts';
import { dayConsent, SimulatedBanks } from '../support/simulated-banks.ts';
import { until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

async function nodeWithBanks(over: SettingsOver = {}) {
	const banks = await SimulatedBanks.start(over);
	world.later(() => banks.close());
	const server = await world.server({ env: banks.env });
	const naru = (userId: string) => world.device(server.url, userId).naru;
	return { banks, server, naru };
}

const stepOf = ({ steps }: Registration | { steps: readonly JobStep[] }, institution: string) =>
	steps.find((step) => step.institution === institution);

test('[I1] [I3] an answer while institutions take seconds, and all who ask again join the same job', async () => {
	const { banks, naru } = await nodeWithBanks();
	await banks.control('*', { latencyMs: 60_000 });
	const phone = naru('ann');
	const consent = dayConsent();
	const job = await phone.assets.register(['bank-a', 'card-b'], { consent });
	expect(job.state).toBe('running');
	const laptop = naru('ann');
	const joined = await laptop.assets.register(['card-b', 'bank-a'], { consent });
	const one = await laptop.assets.register(['bank-a'], { consent });
	expect([joined.id, one.id]).toEqual([job.id, job.id]);
	await until(async () => (await banks.calls('bank-a')).length > 0);
	expect(await banks.calls('bank-a')).toMatchObject([{ api: 'token', userId: 'ann' }]);
	const { jobs } = await laptop.assets.jobs();
	expect(jobs.map(({ id }) => id)).toEqual([job.id]);
	// Another one runs beside it, and shares what is on its way.
	const more = await phone.assets.register(['bank-a', 'telecom-a'], { consent });
	expect(more.id).not.toBe(job.id);
	await until(async () => (await banks.calls('telecom-a')).length > 0);
	expect(await banks.calls('bank-a')).toHaveLength(1);
});

test('[I2] [I3] a device whose line was cut in the middle has missed no step when it is back', async () => {
	const { banks, server } = await nodeWithBanks();
	const device = world.device(server.url, 'ann');
	await banks.control('*', { latencyMs: 150 });
	const job = await device.naru.assets.register(['bank-a', 'securities-a'], {
		consent: dayConsent(),
	});
	await until(() => job.steps.some(({ step }) => step === 'list'));
	device.cut();
	await until(async () => (await banks.calls('securities-a')).some(({ api }) => api === 'asset'));
	await banks.control('*', { latencyMs: 0 });
	device.mend();
	expect(await job.ended()).toMatchObject({ state: 'done' });
	expect(job.steps.map(({ step, state }) => `${step} ${state}`)).toEqual([
		'details done',
		'details done',
	]);
	expect((await device.naru.assets.list()).snapshots).toHaveLength(2);
});

test('[I2] what failed is tried again alone, and the others are not called for it', async () => {
	const { banks, naru } = await nodeWithBanks();
	await banks.control('*', { latencyMs: 0 });
	await banks.control('bank-b', { outage: true });
	const { assets } = naru('ann');
	const consent = dayConsent();
	const first = await assets.register(['bank-a', 'bank-b'], { consent });
	expect(await first.ended()).toMatchObject({ state: 'partial' });
	expect(stepOf(first, 'bank-b')).toMatchObject({
		step: 'token',
		state: 'failed',
		code: 'UNAVAILABLE',
	});
	const before = (await banks.calls('bank-a')).length;
	await banks.control('bank-b', { outage: false });
	const second = await assets.register(['bank-b'], { consent });
	expect(await second.ended()).toMatchObject({ state: 'done' });
	expect(await banks.calls('bank-a')).toHaveLength(before);
	const { snapshots } = await assets.list();
	expect(snapshots.map(({ institution }) => institution).sort()).toEqual(['bank-a', 'bank-b']);
});

test('[I7] withdrawn in the middle: nothing more is called but to make the token void', async () => {
	const { banks, naru } = await nodeWithBanks();
	await banks.control('*', { latencyMs: 200 });
	const [phone, laptop] = [naru('ann'), naru('ann')] as const;
	const gone: string[] = [];
	phone.assets.on('gone', ({ institution }) => gone.push(institution));
	const job = await phone.assets.register(['bank-a', 'securities-a'], { consent: dayConsent() });
	await until(() => stepOf(job, 'bank-a')?.step === 'details');
	await laptop.assets.withdraw('bank-a');
	const atWithdrawal = Date.now();
	expect(await job.ended()).toMatchObject({ state: 'partial' });
	expect(stepOf(job, 'bank-a')).toMatchObject({ state: 'failed', code: 'CLOSED' });
	await until(async () => (await banks.calls('bank-a')).some(({ api }) => api === 'revoke'));
	const later = (await banks.calls('bank-a')).filter(({ at }) => at > atWithdrawal);
	expect(later.filter(({ api }) => api !== 'revoke')).toEqual([]);
	const { snapshots } = await phone.assets.list();
	expect(snapshots.map(({ institution }) => institution)).toEqual(['securities-a']);
	expect(await phone.assets.get('bank-a')).toEqual({});
});

test('[I6] one user’s calls to an institution are limited, and wait with a code; others’ go on', async () => {
	const { banks, naru } = await nodeWithBanks({ perUser: { perSecondMax: 0.01, burstMax: 2 } });
	await banks.control('*', { latencyMs: 0 });
	const ann = await naru('ann').assets.register(['e-money-a'], { consent: dayConsent() });
	await until(() => ann.steps.some(({ code }) => code === 'RATE_LIMITED'));
	const waiting = stepOf(ann, 'e-money-a');
	expect(waiting).toMatchObject({ step: 'details', state: 'waiting' });
	expect(waiting?.retryAt).toBeGreaterThan(waiting?.at ?? Infinity);
	const bob = await naru('bob').assets.register(['e-money-a'], { consent: dayConsent() });
	await until(() => bob.steps.some(({ step }) => step === 'details'));
	const of = (user: string) => async () =>
		(await banks.calls('e-money-a')).filter(({ userId }) => userId === user).length;
	expect([await of('ann')(), await of('bob')()]).toEqual([2, 2]);
});
