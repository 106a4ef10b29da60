import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { JobStep } from '../../client-sdk/src/index.ts';
import { dayConsent, SimulatedBanks } from '../support/simulated-banks.ts';
import { until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

/** Simulated institutions, over real sockets. */
async function openBanks() {
	const banks = await SimulatedBanks.start();
	world.later(() => banks.close());
	return banks;
}

test('[I1] [I2] [I4] [I5] ten institutions at once: each step arrives, then reads call nobody', async () => {
	const banks = await openBanks();
	const { env } = banks;
	const server = await world.server({ env });
	const { naru } = world.device(server.url, 'ann');
	const { institutions } = await naru.assets.institutions();
	const ids = institutions.map(({ id }) => id).slice(0, 10);
	expect(ids).toHaveLength(10);
	const [broken = ''] = ids.slice(-1);
	await banks.control(broken, { outage: true });
	const tablet = world.device(server.url, 'ann').naru;
	const elsewhere: string[] = [];
	tablet.assets.on('job', ({ id }) => elsewhere.push(id));
	const job = await naru.assets.register(ids, { consent: dayConsent() });
	expect(job.state).toBe('running');
	const steps: JobStep[] = [];
	job.on('step', (step) => steps.push(step));
	expect(await job.ended()).toMatchObject({ state: 'partial' });
	for (const id of ids.slice(0, 9)) {
		const own = steps.filter(({ institution }) => institution === id).map(({ step }) => step);
		expect(new Set(own)).toEqual(new Set(['authorise', 'token', 'list', 'details']));
	}
	expect(steps.find(({ state }) => state === 'failed')).toMatchObject({ institution: broken });
	expect(elsewhere).toEqual([job.id]);
	const transactions = (await banks.calls(ids[0] ?? '')).map(({ transactionId }) => transactionId);
	expect(new Set(transactions).size).toBe(transactions.length);
	const { snapshots } = await naru.assets.list();
	expect(snapshots.map(({ institution }) => institution).sort()).toEqual(ids.slice(0, 9).sort());
	expect(snapshots.every(({ assets }) => assets.length > 0)).toBe(true);
	expect((await banks.calls(ids[0] ?? '')).length).toBe(transactions.length);
});

test('[I3] [I7] [I8] a crash in the middle loses nothing; withdrawn, all of it is gone', async () => {
	const banks = await openBanks();
	const { env } = banks;
	const directory = world.directory();
	const first = await world.process({ directory, env });
	await banks.control('*', { latencyMs: 150 });
	const phone = world.device(first.url, 'ann').naru;
	const job = await phone.assets.register(['bank-a', 'card-b'], { consent: dayConsent() });
	await until(() => job.steps.some(({ step }) => step === 'list' || step === 'details'));
	await first.kill();
	const server = await world.server({ directory, env });
	const laptop = world.device(server.url, 'ann').naru;
	const { jobs } = await laptop.assets.jobs();
	expect(jobs.map(({ id }) => id)).toEqual([job.id]);
	expect(await jobs[0]?.ended()).toMatchObject({ id: job.id, state: 'done' });
	const { snapshots } = await laptop.assets.list();
	expect(snapshots).toHaveLength(2);
	const name = snapshots[0]?.assets[0]?.name ?? '';
	expect(name).not.toBe('');
	await laptop.assets.withdraw('bank-a');
	expect((await laptop.assets.list()).snapshots).toMatchObject([{ institution: 'card-b' }]);
	await until(async () => (await banks.calls('bank-a')).some(({ api }) => api === 'revoke'));
	const before = (await banks.calls('bank-a')).length;
	await laptop.assets.register(['card-b'], { consent: dayConsent() }).then((one) => one.ended());
	expect((await banks.calls('bank-a')).length).toBe(before);
	const files = readdirSync(directory).map((file) => readFileSync(join(directory, file)));
	// A token of the simulator begins with its kind and the user's id.
	const token = `access.${Buffer.from('ann').toString('base64url')}.`;
	expect(files.filter((bytes) => bytes.includes(token))).toEqual([]);
	expect(files.some((bytes) => bytes.includes('card-b'))).toBe(true);
});
