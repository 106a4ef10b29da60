import { describe, expect, test } from 'vitest';
import { BankWorld, each, openedBank, TEN } from '../support/institution-actor.ts';

const bank = () => new BankWorld().begin();

describe('[I13] canaries', () => {
	test('[I13] are the oldest and the newest living node', async () => {
		const world = await openedBank();
		expect(world.gates().at(-1)?.canaries).toEqual(['1', '10']);
		await world.run(2, each(TEN, {}));
		expect(world.gates().at(-1)?.canaries).toEqual(['1', '10']);
		await world.run(1, each([...TEN, '11'], {}));
		expect(world.gates().at(-1)?.canaries).toEqual(['1', '11']);
		await world.run(12, each(TEN.slice(2), {}));
		expect(world.gates().at(-1)?.canaries).toEqual(['3', '10']);
	});

	test('[I13] a minute of good samples closes it, step by step', async () => {
		const world = await openedBank();
		await world.run(59, { ...each(TEN, {}), 1: { ok: 1 }, 10: { ok: 1 } });
		expect(world.circuit).toBe('open');
		await world.run(120, each(TEN, { ok: 1 }));
		expect(world.circuit).toBe('closed');
		const steps = world.gates().map((gate) => `${gate.generation} ${gate.circuit} ${gate.percent}`);
		expect([...new Set(steps)]).toEqual([
			'1 closed 100',
			'2 open 0',
			'3 recovering 1',
			'4 recovering 5',
			'5 recovering 25',
			'6 closed 100',
		]);
	});

	test('[I13] a bad sample among many good ones happens to the best', async () => {
		const world = await openedBank();
		const good = { ...each(TEN, {}), 1: { ok: 1 }, 10: { ok: 1 } };
		await world.run(40, good);
		await world.run(1, { ...good, 10: { slow: 1 } });
		await world.run(24, good);
		expect(world.circuit).toBe('recovering');
	});

	test('[I13] some bad samples begin the minute anew', async () => {
		const world = await openedBank();
		const good = { ...each(TEN, {}), 1: { ok: 1 }, 10: { ok: 1 } };
		await world.run(40, good);
		await world.run(11, { ...good, 10: { slow: 1 } });
		await world.run(59, good);
		expect(world.circuit).toBe('open');
		await world.run(5, good);
		expect(world.circuit).toBe('recovering');
	});

	test('[I13] one good and one bad for a minute is a bad node: it is named, the next takes its place', async () => {
		const world = await openedBank();
		await world.run(65, { ...each(TEN, {}), 1: { failed: 1 }, 10: { ok: 1 } });
		expect(world.circuit).toBe('open');
		expect(world.gates().at(-1)).toMatchObject({ badNodes: ['1'], canaries: ['2', '10'] });
		await world.run(65, { ...each(TEN, {}), 2: { ok: 1 }, 10: { ok: 1 } });
		expect(world.circuit).toBe('recovering');
		// The bad node alone does not open it again.
		await world.run(60, { ...each(TEN, { ok: 2 }), 1: { failed: 2 } });
		expect(world.circuit).toBe('closed');
	});

	test('[I13] a canary without calls has no say', async () => {
		const world = await openedBank();
		await world.run(65, { ...each(TEN, {}), 1: { ok: 1 } });
		expect(world.circuit).toBe('recovering');
	});

	test('[I13] canaries that nobody calls from give way to others, until all had their turn', async () => {
		const three = TEN.slice(0, 3);
		const world = await openedBank(three);
		const silence = each(three, {});
		await world.run(65, silence);
		expect(world.gates().at(-1)?.canaries).toEqual(['2']);
		await world.run(65, silence);
		expect(world.gates().at(-1)?.canaries).toEqual(['1', '3']);
		const told = world.gates().length;
		await world.run(45, silence);
		expect(world.gates()).toHaveLength(told);
		// Whichever node it is whose users call.
		await world.run(75, { ...silence, 2: { ok: 1 } });
		expect(world.circuit).toBe('recovering');
	});

	test('[I13] one bad canary and one without calls do not keep it open', async () => {
		const world = await openedBank();
		const calls = { ...each(TEN, {}), 1: { failed: 1 }, 9: { ok: 1 } };
		await world.run(65, calls);
		expect(world.gates().at(-1)?.canaries).toEqual(['1', '9']);
		await world.run(65, calls);
		expect(world.gates().at(-1)?.badNodes).toEqual(['1']);
		expect(world.circuit).toBe('open');
		await world.run(65, calls);
		expect(world.circuit).not.toBe('open');
	});

	test('[I13] a canary whose calls have ceased does not keep it open', async () => {
		const world = await openedBank();
		await world.run(2, { ...each(TEN, {}), 1: { ok: 1 }, 10: { ok: 1 } });
		await world.run(65, { ...each(TEN, {}), 1: { ok: 1 } });
		expect(world.circuit).toBe('recovering');
		const other = await openedBank();
		await other.run(2, { ...each(TEN, {}), 1: { failed: 1 }, 10: { ok: 1 } });
		await other.run(65, each(TEN, {}));
		expect(other.gates().at(-1)?.canaries).toEqual(['2', '9']);
	});

	test('[I13] calls that fail on the way back open it again', async () => {
		const world = await openedBank();
		await world.run(65, { ...each(TEN, {}), 1: { ok: 1 }, 10: { ok: 1 } });
		expect(world.circuit).toBe('recovering');
		await world.run(5, each(TEN, { failed: 2 }));
		expect(world.circuit).toBe('open');
	});
});

describe('[I14] another owner', () => {
	test('[I14] goes on with the same statistics, in any state', async () => {
		const world = await bank();
		const twin = await bank();
		const script = [
			[5, each(TEN, { ok: 8, failed: 2 })],
			[4, each(TEN, { failed: 20 })],
			[65, { ...each(TEN, {}), 1: { ok: 1 }, 10: { failed: 1 } }],
			[70, { ...each(TEN, {}), 1: { ok: 1 }, 9: { ok: 1 } }],
			[70, each(TEN, { ok: 1 })],
		] as const;
		for (const [seconds, calls] of script) {
			await world.run(seconds, calls);
			for (let second = 0; second < seconds; second++) {
				twin.actor.restart();
				await twin.run(1, calls);
			}
			expect(twin.standing).toEqual(world.standing);
		}
		expect(world.circuit).toBe('closed');
		expect(twin.actor.events).toEqual(world.actor.events);
	});
});
