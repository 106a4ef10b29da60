import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { dayConsent, SimulatedBanks } from '../support/simulated-banks.ts';
import { rest, until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

/** What each institution does instead of answering. */
const HOSTILE = [
	{ institution: 'bank-a', faults: { outage: 'hang' } },
	{ institution: 'bank-b', faults: { dripMs: 5_000 } },
	{ institution: 'card-a', faults: { garbage: 'huge' } },
	{ institution: 'card-b', faults: { garbage: 'schema' } },
	{ institution: 'securities-a', faults: { garbage: 'redirect' } },
	{ institution: 'securities-b', faults: { garbage: 'text' } },
	{ institution: 'insurance-a', faults: { garbage: 'cut' } },
	{ institution: 'insurance-b', faults: { outage: 'refuse' } },
] as const;
const SOUND = ['e-money-a', 'telecom-a'] as const;
const USER = 'ann-of-the-hostile';

/** What nobody may read anywhere: tokens of the simulator begin with their kind and the user. */
const secretsOf = (userId: string) => {
	const user = Buffer.from(userId).toString('base64url');
	return [`access.${user}.`, `refresh.${user}.`];
};

/** Where a text stands: files of the store and the journal, and what was printed. */
function placesOf(text: string, directory: string, printed: string): string[] {
	const files = readdirSync(directory).filter((file) =>
		readFileSync(join(directory, file)).includes(text),
	);
	return printed.includes(text) ? [...files, 'the log'] : files;
}

test.each([
	{ stage: 'token', from: 'the first call on' },
	{ stage: 'details', from: 'the list on, with a token' },
])(
	'[I2] [I8] [I11] hostile from $from: the job ends with a code, others go on, nothing leaks',
	async ({ stage }) => {
		const banks = await SimulatedBanks.start({
			timeouts: { connectMs: 300, totalMs: 1_500, slowMs: 1_500 },
		});
		world.later(() => banks.close());
		await banks.control('*', { latencyMs: 0 });
		const directory = world.directory();
		const env = { ...banks.env, LOG_LEVEL: 'debug' };
		const node = await world.process({ directory, env });
		const { assets } = world.device(node.url, USER).naru;
		const institutions = [...HOSTILE.map(({ institution }) => institution), ...SOUND];
		// Once all is well, so that there are tokens and assets that could leak.
		const sound = await assets.register(institutions, { consent: dayConsent() });
		expect(await sound.ended()).toMatchObject({ state: 'done' });
		const turnHostile = async () => {
			for (const { institution, faults } of HOSTILE) await banks.control(institution, faults);
		};
		if (stage === 'token') await turnHostile();
		else await banks.control('*', { latencyMs: 800 });
		const job = await assets.register(institutions, { consent: dayConsent() });
		if (stage === 'details') {
			await until(() => job.steps.every(({ step }) => step === 'list' || step === 'details'));
			await banks.control('*', { latencyMs: 0 });
			await turnHostile();
		}
		const ended = await job.ended();
		expect(ended.state).toBe('partial');
		const told = ended.steps.map(({ institution, state, code }) => ({ institution, state, code }));
		expect(told).toEqual([
			...HOSTILE.map(({ institution }) => ({ institution, state: 'failed', code: 'UNAVAILABLE' })),
			...SOUND.map((institution) => ({ institution, state: 'done', code: undefined })),
		]);
		const failed = ended.steps.filter(({ state }) => state === 'failed');
		for (const { step } of failed) expect(['token', 'list', 'details']).toContain(step);
		if (stage === 'details') expect(failed.map(({ step }) => step)).not.toContain('token');
		// What was there before a failed registration is still there.
		const { snapshots } = await assets.list();
		expect(snapshots.map(({ institution }) => institution).sort()).toEqual(
			[...institutions].sort(),
		);

		const [name = ''] = snapshots.flatMap(({ assets: [asset] }) => asset?.name ?? []);
		const { body } = await rest(node.url, '/metrics');
		const metrics = String(body);
		expect(metrics, 'and something is measured').toMatch(
			/^naru_institution_calls_total\{institution="[a-z-]+",class="ok"\} [1-9]/m,
		);
		const printed = node.output + node.errors;
		expect(await node.terminate()).toEqual({ code: 0, signal: null });
		expect(printed.split('\n').length, 'something is logged').toBeGreaterThan(5);
		for (const secret of secretsOf(USER)) {
			expect(placesOf(secret, directory, printed + metrics)).toEqual([]);
		}
		expect(metrics).not.toContain(USER);
		expect(printed).not.toContain(USER);
		expect(name).not.toBe('');
		expect(printed + metrics).not.toContain(name);
		expect(placesOf(USER, directory, ''), 'the search can find').not.toEqual([]);
	},
);
