import { describe, expect, test } from 'vitest';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import type { AssetJob, AssetSnapshot, JobStep } from '../../src/protocol/institution.ts';
import { AssetWorld } from '../support/asset-world.ts';

const stepOf = ([, data]: readonly [string, unknown]) => (data as { step: JobStep }).step;

describe('assets/me', () => {
	test('[I1] [I2] a registration is answered at once, and its steps arrive one by one', async () => {
		const world = new AssetWorld();
		world.banks.latencyMs = 3_300;
		const ann = world.device('ann');
		const since = world.runtime.now();
		const job = await ann.register(['bank-a', 'card-b']);
		expect(world.runtime.now() - since).toBeLessThan(58);
		expect(job.state).toBe('running');
		await ann.ended();
		const steps = ann.told
			.filter(([type]) => type === 'step')
			.map(stepOf)
			.filter(({ institution }) => institution === 'card-b')
			.map(({ step, state, done }) => `${step} ${state} ${done}`);
		expect(steps.slice(-5)).toEqual([
			'token running 0',
			'list running 0',
			'details running 0',
			'details running 5',
			'details done 7',
		]);
		expect(ann.told.at(-1)?.[0]).toMatch(/job|snapshot/);
		expect(await ann.jobs()).toMatchObject([{ id: job.id, state: 'done' }]);
	});

	test('[I2] all devices of the user are told, of others none', async () => {
		const world = new AssetWorld();
		const phone = world.device('ann', 'phone');
		const tablet = world.device('ann', 'tablet');
		const bob = world.device('bob');
		await phone.register();
		await tablet.ended();
		expect(tablet.told).toEqual(phone.told);
		expect(bob.told).toEqual([]);
	});

	test('[I3] a device that comes later sees where the job is', async () => {
		const world = new AssetWorld();
		world.banks.latencyMs = 1_000;
		const phone = world.device('ann', 'phone');
		const { id } = await phone.register();
		await world.runtime.advance(2_500);
		const tablet = world.device('ann', 'tablet');
		expect(tablet.told).toMatchObject([['job', { id, steps: [{ step: 'list' }] }]]);
		tablet.close();
		phone.close();
		const laptop = world.device('ann', 'laptop');
		await world.runtime.advance(100);
		expect(laptop.told).toMatchObject([['job', { id, steps: [{ step: 'list' }] }]]);
		expect(await laptop.jobs()).toMatchObject([{ id, steps: [{ step: 'list' }] }]);
		await laptop.ended();
		expect((await laptop.register()).id).not.toBe(id);
	});

	test('[I2] a device that opened before there was an actor hears all the same', async () => {
		const world = new AssetWorld();
		const ann = world.device('ann');
		const elsewhere = world.device('ann', 'tablet', world.otherService());
		await world.runtime.advance(1_000);
		await ann.register();
		await elsewhere.ended();
		expect(elsewhere.told.filter(([type]) => type === 'snapshot')).toHaveLength(1);
	});

	test('[I3] a server that crashes loses nothing of it: each step goes on where it was', async () => {
		for (let crashMs = 50; crashMs < 1_200; crashMs += 100) {
			const world = new AssetWorld();
			const { id } = await world.device('ann').register(['bank-a', 'card-b']);
			await world.runtime.advance(crashMs);
			world.crash();
			void world.bench.system.wakeDue(Number.MAX_SAFE_INTEGER);
			const ann = world.device('ann');
			await world.runtime.until(() => world.banks.inFlight === 0);
			await world.runtime.advance(5_000);
			expect(await ann.jobs()).toMatchObject([{ id, state: 'done' }]);
			const found = (await ann.list()) as unknown as AssetSnapshot[];
			expect(found.map(({ assets }) => assets.length)).toEqual([14, 14]);
		}
	});

	test('[I4] reads see what this client was told, and call nobody', async () => {
		const world = new AssetWorld();
		const ann = world.device('ann');
		await ann.register(['bank-a', 'card-b']);
		await ann.ended();
		const calls = world.banks.seen.length;
		const all = await ann.list();
		expect(all.map(({ institution }) => institution)).toEqual(['bank-a', 'card-b']);
		expect(await ann.ask('get', { institution: 'bank-a' })).toMatchObject({
			ok: true,
			reply: { snapshot: { institution: 'bank-a', version: all[0]?.version } },
		});
		expect(await ann.ask('get', { institution: 'bank-b' })).toEqual({ ok: true, reply: {} });
		expect(world.banks.seen.length).toBe(calls);
	});

	test('[I2] a reader that was slow is told what it missed, as it is then', async () => {
		const world = new AssetWorld();
		const ann = world.device('ann');
		ann.reader.isSlow = true;
		const { id } = await ann.register();
		await world.runtime.advance(5_000);
		expect(ann.told).toEqual([]);
		ann.reader.isSlow = false;
		ann.caughtUp();
		await world.runtime.advance(1_000);
		expect(ann.told.map(([type]) => type)).toEqual(['job', 'snapshot']);
		expect(ann.told[0]?.[1]).toMatchObject({ id, state: 'done' });
	});

	test('[I7] withdrawn assets are gone at once, on all devices, and the token is void', async () => {
		const world = new AssetWorld();
		const ann = world.device('ann');
		const tablet = world.device('ann', 'tablet');
		await ann.register(['bank-a', 'card-b']);
		await ann.ended();
		await ann.withdraw();
		expect((await ann.list()).map(({ institution }) => institution)).toEqual(['card-b']);
		await world.runtime.advance(2_000);
		expect(tablet.told.at(-1)).toEqual(['gone', { institution: 'bank-a' }]);
		expect(world.banks.live).toHaveLength(1);
		expect(world.banks.live[0]).toContain('card-b');
		expect(await ann.ask('withdraw', { institution: 'bank-b' })).toMatchObject({ ok: true });
	});

	test('[I7] behind a withdrawal nothing is called but to make the token void', async () => {
		for (let afterMs = 0; afterMs < 1_100; afterMs += 50) {
			const world = new AssetWorld();
			const ann = world.device('ann');
			await ann.register(['bank-a']);
			await world.runtime.advance(afterMs);
			await ann.withdraw();
			const since = world.banks.seen.length;
			await world.runtime.advance(10_000);
			const later = world.banks.calls.slice(since);
			expect(later.filter((call) => call !== 'bank-a revoke')).toEqual([]);
			expect(world.banks.live).toEqual([]);
			expect(await ann.list()).toEqual([]);
			const [job] = await ann.jobs();
			expect(['cancelled', 'done']).toContain(job?.state);
		}
	});

	test('[I7] [I3] registered again, the token of before is void and the new one good', async () => {
		const world = new AssetWorld();
		const ann = world.device('ann');
		await ann.register();
		await ann.ended();
		const [before = ''] = world.banks.live;
		let outages = 2;
		world.banks.intercept = ({ api }) =>
			api === 'revoke' && outages-- > 0 ? world.banks.outside({ class: 'failed' }) : undefined;
		ann.told.splice(0);
		await ann.register();
		await ann.ended();
		await world.runtime.advance(60_000);
		expect(world.banks.live).toHaveLength(1);
		expect(world.banks.live).not.toContain(before);
		expect(await ann.list()).toHaveLength(1);
	});

	test('unknown institutions are refused, and users without an actor have nothing', async () => {
		const world = new AssetWorld();
		const ann = world.device('ann');
		const args = { institutions: ['bank-a', 'bank-x'], consent: world.consent() };
		expect(await ann.ask('register', args)).toMatchObject({ ok: false, code: 'NOT_FOUND' });
		expect(await ann.jobs()).toEqual([]);
		expect(await ann.list()).toEqual([]);
		expect(await ann.ask('withdraw', { institution: 'bank-a' })).toEqual({ ok: true, reply: {} });
		const { institutions } = ((await ann.ask('institutions')) as unknown as { reply: unknown })
			.reply as {
			institutions: unknown[];
		};
		expect(institutions).toHaveLength(4);
		expect(world.banks.seen).toEqual([]);
	});

	test('[I3] an owner that goes is followed to the next one', async () => {
		const world = new AssetWorld();
		world.banks.latencyMs = 500;
		const ann = world.device('ann');
		const { id } = await ann.register();
		await world.runtime.advance(700);
		void world.bench.system.release('user/ann');
		await ann.ended();
		expect((await ann.jobs()) as AssetJob[]).toMatchObject([{ id, state: 'done' }]);
	});

	test('[I2] [I3] what ends between two owners, while nobody listens, is told at the next one', async () => {
		const world = new AssetWorld();
		const ann = world.device('ann');
		await ann.register(['bank-b']);
		await ann.ended();
		world.banks.latencyMs = 1;
		const { id } = await ann.register(['bank-a']);
		await world.runtime.advance(1);
		ann.told.splice(0);
		const { system } = world.bench;
		void system.release('user/ann');
		// It comes alive at once, and is through before this service has come back to it.
		const caller = { userId: '@other', roles: ['system'] };
		const ask = (name: string, args: object) =>
			system.command('user/ann', { caller, name, args }, () => {});
		await world.runtime.advance(5);
		ask('withdraw', { institution: 'bank-b' });
		ask('register', { institutions: ['card-b'], consent: world.consent() });
		await world.runtime.advance(30);
		expect(ann.told).toEqual([]);
		await world.runtime.advance(1_000);
		const jobs = ann.told.filter(([type]) => type === 'job');
		expect(jobs).toMatchObject([
			['job', { id, state: 'done' }],
			['job', { state: 'done', steps: [{ institution: 'card-b' }] }],
		]);
		const named = ann.told
			.filter(([type]) => type === 'snapshot' || type === 'gone')
			.map(([type, data]) => `${type} ${(data as { institution: string }).institution}`);
		expect(named.toSorted()).toEqual(['gone bank-b', 'snapshot bank-a', 'snapshot card-b']);
	});

	test('a service without sessions follows nobody', async () => {
		const world = new AssetWorld();
		const ann = world.device('ann');
		await ann.register();
		await ann.ended();
		expect(world.bench.system.hosts.get('user/ann')?.subscribers.size).toBe(1);
		ann.close();
		expect(world.bench.system.hosts.get('user/ann')?.subscribers.size).toBe(0);
		world.service.close();
	});
});

test('[I1] 1,000 registrations at once are answered while institutions take 3.3 s each', async () => {
	const world = new AssetWorld();
	world.banks.latencyMs = 3_300;
	const since = world.runtime.now();
	const answers: CommandAnswer[] = [];
	for (let n = 0; n < 1_000; n++) {
		const args = { institutions: ['bank-a', 'card-b'], consent: world.consent() };
		const caller = { userId: `user-${n}`, roles: ['system'] };
		world.bench.system.command(`user/user-${n}`, { caller, name: 'register', args }, (answer) =>
			answers.push(answer),
		);
	}
	await world.runtime.until(() => answers.length === 1_000);
	expect(world.runtime.now() - since).toBeLessThan(58);
	expect(answers.every(({ ok }) => ok)).toBe(true);
});
