import { describe, expect, test } from 'vitest';
import type { Sabotage } from './coordinators.ts';
import { judgeBanks } from './institution-judge.ts';
import { BAD_NODE, type Bank, InstitutionWorld } from './institution-world.ts';

/** More for a longer search: `SIM_SEEDS=50`; `SIM_FIRST` begins elsewhere, to run one seed again. */
const SEEDS = Number(process.env.SIM_SEEDS ?? 1);
const FIRST = Number(process.env.SIM_FIRST ?? 1);
const TIMEOUT_MS = 60_000 + SEEDS * 60_000;

const NODES = 20;
const SECONDS = 130;
const CALM_MS = 40_000;

/** Few of the fifty are busy at a time, as in the world; the others are called now and then. */
const BANKS: readonly Bank[] = [
	{ id: 'well-1', ratePerSecond: 200, callsPerSecond: 2, failing: 0.02 },
	{ id: 'well-2', ratePerSecond: 200, callsPerSecond: 1, failing: 0.1 },
	{ id: 'out-1', ratePerSecond: 200, callsPerSecond: 2, failing: 0.02, outage: [40, 90] },
	{ id: 'out-2', ratePerSecond: 200, callsPerSecond: 1, failing: 0, outage: [60, 110] },
	...[1, 2].map((number) => ({
		...{ id: `node-${number}`, ratePerSecond: 400, callsPerSecond: 1, failing: 0.02 },
		badNodeCallsPerSecond: 30,
	})),
	{ id: 'tight-1', ratePerSecond: 20, callsPerSecond: 2, failing: 0 },
	{
		...{ id: 'tight-3', ratePerSecond: 40, callsPerSecond: 3, failing: 0 },
		later: { second: 60, ratePerSecond: 10 },
	},
	{ id: 'tight-2', ratePerSecond: 3, callsPerSecond: 1.5, failing: 0 },
	...Array.from({ length: 41 }, (_, index) => ({
		...{ id: `quiet-${index}`, ratePerSecond: 10, callsPerSecond: 0.01, failing: 0 },
	})),
];

const CLEAN = { lost: 0, answerLost: 0, repeated: 0, late: 0 };
const FAULTS = { lost: 0.05, answerLost: 0.03, repeated: 0.05, late: 0.03 };

function trouble(world: InstitutionWorld): void {
	const { time, coordinators } = world;
	const dice = time.random();
	if (dice < 0.04) coordinators.kill(4_000);
	else if (dice < 0.08) coordinators.setClock();
	else if (dice < 0.11) {
		const names = [...world.nodes.keys()].filter((name) => name !== BAD_NODE);
		world.leave(names[time.below(names.length)] as string, time.random() < 0.5);
		world.join();
	}
}

interface Run {
	readonly seed: number;
	readonly banks?: readonly Bank[];
	readonly seconds?: number;
	readonly sabotage?: Sabotage;
}

/** Troubles of all kinds, and at the end some calm seconds in which all have to agree. */
async function run({ seed, banks = BANKS, seconds = SECONDS, sabotage }: Run) {
	const world = new InstitutionWorld(seed, banks);
	const { coordinators } = world;
	if (sabotage !== undefined) coordinators.sabotage = sabotage;
	for (let joined = 0; joined < NODES; joined++) world.join();
	coordinators.faults = FAULTS;
	for (let second = 0; second < seconds; second++) {
		await world.time.advance(1_000);
		trouble(world);
		for (const { id, later } of banks) {
			if (later?.second === second) world.setRate(id, later.ratePerSecond);
		}
	}
	coordinators.faults = CLEAN;
	await world.time.advance(CALM_MS);
	const violations = await judgeBanks(world);
	world.over();
	return violations;
}

const bank = (id: string) => BANKS.filter((one) => one.id === id);

describe('simulation of institutions', () => {
	test(
		'[I10] [I11] [I13] [I14] [I22] whatever fails, circuits and permits keep their promises',
		async () => {
			for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
				expect({ seed, violations: await run({ seed }) }).toEqual({ seed, violations: [] });
			}
		},
		TIMEOUT_MS,
	);

	test('[I22] shares that are taken for over too early are missed', async () => {
		const sabotage: Sabotage = (request) =>
			request.name === 'permits'
				? { ...request, args: { ...(request.args as object), past: 1e9 } }
				: request;
		const violations = await run({ seed: FIRST, banks: bank('tight-1'), seconds: 30, sabotage });
		expect(violations.map(({ rule }) => rule)).toContain('rate');
	});

	test('[I11] a bad node that cannot be told from the others is missed', async () => {
		const sabotage: Sabotage = (request) =>
			request.name === 'report'
				? { ...request, caller: { ...request.caller, userId: '1' } }
				: request;
		const violations = await run({ seed: FIRST, banks: bank('node-1'), seconds: 60, sabotage });
		expect(violations.map(({ rule }) => rule)).toContain('bad node');
	});

	test('[I12] an open circuit is known on every node within a second', async () => {
		const world = new InstitutionWorld(FIRST, bank('out-1'));
		for (let joined = 0; joined < NODES; joined++) world.join();
		const openAt = (name: string) => world.gateAt(name, 'out-1')?.circuit === 'open';
		const nodesOpen = () => [...world.nodes.keys()].filter(openAt).length;
		await world.time.advance(40_000);
		while (nodesOpen() === 0) await world.time.advance(10);
		// What was decided comes with the next commit: all hear of it at once.
		const since = world.time.now;
		while (nodesOpen() < NODES) await world.time.advance(10);
		expect(world.time.now - since).toBeLessThan(1_000);
		expect(since).toBeLessThan(55_000);
		world.over();
	});

	test('[I14] [I22] without an owner nodes keep what they know, and use permits while they last', async () => {
		const world = new InstitutionWorld(FIRST, [...bank('out-1'), ...bank('well-1')]);
		for (let joined = 0; joined < NODES; joined++) world.join();
		await world.time.advance(60_000);
		const gates = () => [...world.nodes.keys()].map((name) => world.gateAt(name, 'out-1'));
		const before = gates();
		expect(before.every((gate) => gate?.circuit === 'open')).toBe(true);
		world.coordinators.kill(1e9);
		const killedAt = world.time.now;
		await world.time.advance(60_000);
		expect(gates()).toEqual(before);
		const lastAt = world.calls.get('well-1')?.at(-1)?.at ?? 0;
		expect(lastAt - killedAt).toBeGreaterThan(13_000);
		expect(lastAt - killedAt).toBeLessThan(20_001);
		world.over();
	});
});
