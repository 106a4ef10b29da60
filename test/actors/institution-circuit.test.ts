import { describe, expect, test } from 'vitest';
import { type InstitutionInfo, institutionInfoSchema } from '../../src/protocol/institution.ts';
import { NODES } from '../../src/protocol/institution-nodes.ts';
import { outcome } from '../support/channel-actor.ts';
import { BankWorld, each, OPS, openedBank, RULES, TEN } from '../support/institution-actor.ts';
import { person } from '../support/pure-actor.ts';

const bank = () => new BankWorld().begin();

describe('[I11] the circuit opens', () => {
	test('[I11] when the calls of the whole cluster fail, not of one node of ten', async () => {
		const world = await bank();
		const fine = each(TEN.slice(1), { ok: 5 });
		await world.run(70, { ...fine, 1: { failed: 50 } });
		expect(world.circuit).toBe('closed');
		expect(world.standing.badNodes).toEqual(['1']);
		await world.run(70, { ...fine, 1: { ok: 50 } });
		expect(world.standing.badNodes).toEqual([]);
		// The good calls of this minute do not hide it for long.
		await world.run(20, each(TEN, { failed: 5 }));
		expect(world.circuit).toBe('open');
	});

	test('[I11] not when the bad node is the first whose report of a minute comes', async () => {
		const world = await bank();
		await world.run(59, each(TEN, { ok: 1 }));
		world.pass(1_000);
		world.node('3').call('failed', 100);
		await world.node('3').report();
		expect(world.circuit).toBe('closed');
		await world.run(10, { ...each(TEN, { ok: 2 }), 3: { failed: 100 } });
		expect(world.circuit).toBe('closed');
		expect(world.standing.badNodes).toEqual(['3']);
	});

	test('[I11] a node of ten is named also when its calls are a tenth of all, or fewer', async () => {
		for (const failed of [1, 5]) {
			const world = await bank();
			const fine = each(TEN.slice(1), { ok: 5 });
			await world.run(20, each(TEN, { ok: 5 }));
			await world.run(60, { ...fine, 4: { failed } });
			expect(world.circuit).toBe('closed');
			expect(world.standing.badNodes).toEqual(['4']);
			await world.run(130, { ...fine, 4: { ok: failed } });
			expect(world.standing).toMatchObject({ badNodes: [], health: 'HEALTHY' });
		}
	});

	test('[I11] no node is named for what happens to all, whoever calls first', async () => {
		for (let secondsOk = 1; secondsOk <= 25; secondsOk++) {
			const world = await bank();
			await world.run(secondsOk, each(TEN.slice(1), { ok: 20 }));
			await world.run(45, { ...each(TEN.slice(1), { ok: 15, failed: 9 }), 1: { failed: 10 } });
			expect(world.standing.badNodes).toEqual([]);
		}
	});

	test('[I11] no node is named for what happens to all', async () => {
		const world = await bank();
		await world.run(25, each(TEN, { ok: 8, failed: 2 }));
		await world.run(20, each(TEN, { failed: 20 }));
		expect(world.circuit).toBe('open');
		expect(world.standing.badNodes).toEqual([]);
		expect(world.gates().every(({ badNodes }) => badNodes.length === 0)).toBe(true);
	});

	test('[I11] when the calls of all fail, though of few nodes now this one has the most and now that one', async () => {
		const callsMin = 100;
		const world = await new BankWorld().begin({
			...RULES,
			breaker: { ...RULES.breaker, callsMin },
		});
		await world.run(5, each(['1', '2', '3'], {}));
		await world.run(1, { 1: { failed: 60 }, 2: { failed: 50 } });
		expect(world.circuit).toBe('closed');
		for (let second = 0; second < 4; second++) {
			const isEven = second % 2 === 0;
			await world.run(1, { 1: { failed: isEven ? 1 : 16 }, 2: { failed: isEven ? 16 : 1 } });
		}
		expect(world.circuit).toBe('open');
		expect(world.standing.badNodes).toEqual([]);
	});

	test('[I11] of an only node at once, and of the only one that calls after a while', async () => {
		const alone = await bank();
		await alone.run(5, { 1: { ok: 1 } });
		await alone.run(1, { 1: { failed: 20 } });
		expect(alone.circuit).toBe('open');
		const world = await bank();
		await world.run(1, each(TEN, { ok: 1 }));
		world.pass(130_000);
		await world.run(2, { 1: { failed: 20 } });
		expect(world.circuit).toBe('closed');
		await world.run(4, { 1: { failed: 20 } });
		expect(world.circuit).toBe('open');
	});

	test('[I11] not below the least number of calls, nor below the rate', async () => {
		const world = await bank();
		await world.run(6, { 1: { failed: 3 } });
		expect(world.circuit).toBe('closed');
		world.pass(130_000);
		await world.run(60, each(TEN, { ok: 3, failed: 2 }));
		expect(world.circuit).toBe('closed');
	});

	test('[I11] by slow calls too; refusals in good order and 429 do not count', async () => {
		const world = await bank();
		await world.run(30, each(TEN, { ok: 1, throttled: 9 }));
		expect(world.circuit).toBe('closed');
		await world.run(30, each(TEN, { slow: 9 }));
		expect(world.circuit).toBe('open');
	});

	test('[I11] 429 lowers the rate of permits, which comes back later', async () => {
		const world = await bank();
		await world.run(1, { 1: { ok: 9, throttled: 1 } });
		expect(world.gates().at(-1)?.permits).toBe(66);
		await world.run(3, { 1: { throttled: 1 } });
		expect(world.gates().at(-1)?.permits).toBe(66);
		await world.run(2, { 1: { throttled: 1 } });
		expect(world.gates().at(-1)?.permits).toBe(46);
		await world.run(400, { 1: { ok: 1 } });
		expect(world.gates().at(-1)?.permits).toBe(95);
	});
});

describe('[I10] reports', () => {
	test('[I10] a lost, repeated or late one does no harm', async () => {
		const world = await bank();
		const node = world.node('1');
		node.call('ok', 10);
		const early = node.letter();
		node.call('ok', 10);
		await node.report();
		await node.report();
		await node.report(early);
		expect(world.actor.state.minutes.get(0)).toEqual({ calls: 20, bad: 0 });
		world.pass(200_000);
		await node.report(early);
		const other = world.node('2');
		other.call('failed', 50);
		const late = other.letter();
		world.pass(200_000);
		await world.run(1, { 1: { ok: 1 } });
		await other.report(late);
		expect(world.circuit).toBe('closed');
		expect([...world.actor.state.judged.values()].some(({ bad }) => bad > 0)).toBe(false);
	});

	test('[I10] what was called under an earlier generation is not judged', async () => {
		const world = await bank();
		const node = world.node('1');
		node.call('failed', 100);
		await world.order('forced-open');
		await world.order('auto');
		world.pass(1_000);
		await node.report();
		expect(world.circuit).toBe('closed');
		expect(world.actor.state.minutes.get(0)).toEqual({ calls: 100, bad: 100 });
	});

	test('[I10] a repeated report without news writes nothing', async () => {
		const world = await bank();
		world.node('1').call('ok');
		await world.node('1').report();
		const { position } = world.actor;
		await world.node('1').report();
		expect(world.actor.position).toBe(position);
	});

	test('[I10] the owner’s clock moves nothing', async () => {
		const world = await openedBank();
		world.actor.now += 10 * 3_600_000;
		await world.run(20, each(TEN, {}));
		expect(world.circuit).toBe('open');
		world.actor.now -= 20 * 3_600_000;
		await world.run(60, { ...each(TEN, {}), 1: { ok: 1 }, 10: { ok: 1 } });
		await world.run(60, each(TEN, { ok: 1 }));
		expect(world.circuit).toBe('closed');
	});

	test('[I10] good calls alone are kept every few seconds, and none is lost by it', async () => {
		const world = await bank();
		await world.run(1, each(TEN, { ok: 1 }));
		const { position } = world.actor;
		await world.run(20, each(TEN, { ok: 1 }));
		expect(world.actor.position - position).toBe(40);
		const letter = world.node('1').letter();
		expect(await world.node('1').report(letter)).toMatchObject({ reply: { isKept: true } });
		world.node('1').call('ok');
		expect(await world.node('1').report()).toMatchObject({ reply: { isKept: false } });
		world.node('1').call('failed');
		expect(await world.node('1').report()).toMatchObject({ reply: { isKept: true } });
		expect(world.actor.state.minutes.get(0)).toEqual({ calls: 212, bad: 1 });
	});

	test('[I10] another process of a node counts anew', async () => {
		const world = await bank();
		world.node('1').call('ok', 10);
		await world.node('1').report();
		world.node('1').restart();
		world.node('1').call('ok', 3);
		await world.node('1').report();
		expect(world.actor.state.minutes.get(0)?.calls).toBe(13);
	});

	test('[I10] only nodes report', async () => {
		const world = await bank();
		for (const caller of [person('ann'), OPS, person('shop', { roles: ['service'] })]) {
			for (const name of ['report', 'permits']) {
				expect(outcome(await world.actor.command(caller, name, {}))).toBe('FORBIDDEN');
			}
			const settings = RULES;
			expect(outcome(await world.actor.command(caller, 'ensure', { settings }))).toBe('FORBIDDEN');
		}
	});

	test('[I10] the state stays within bounds, whatever comes', async () => {
		const world = await bank();
		for (let turn = 0; turn < 200; turn++) {
			for (const name of ['1', '2']) {
				if (turn % 50 === 0) world.node(name).restart();
				world.node(name).call('ok');
				await world.node(name).report();
			}
			world.pass(7_000);
		}
		const { reporters, minutes, judged } = world.actor.state;
		expect(reporters.size).toBeLessThan(5);
		expect(minutes.size).toBeLessThan(7);
		expect(judged.size).toBeLessThan(40);
		for (const { cells } of reporters.values()) expect(cells.size).toBeLessThan(60);
	});
});

describe('[I15] health and orders', () => {
	test('[I15] each change of health is told with the one before', async () => {
		const world = await bank();
		await world.run(3, each(TEN, { ok: 7, failed: 3 }));
		await world.run(3, each(TEN, { failed: 30 }));
		await world.run(65, { ...each(TEN, {}), 1: { ok: 1 }, 10: { ok: 1 } });
		await world.run(120, each(TEN, { ok: 2 }));
		const told = world.actor.heard
			.filter(({ type }) => type === 'health')
			.map(({ data }) => data as { health: string; prevStatus?: string })
			.map(({ health, prevStatus }) => `${prevStatus ?? ''}>${health}`);
		expect(told.filter((line, index) => line !== told[index - 1])).toEqual([
			'>HEALTHY',
			'HEALTHY>CAUTION',
			'CAUTION>CRITICAL',
			'CRITICAL>CAUTION',
			'CAUTION>HEALTHY',
		]);
	});

	test('[I15] the figures of a full minute are told', async () => {
		const world = await bank();
		await world.run(70, each(TEN, { ok: 9, failed: 1 }));
		const view = await world.actor.open('ann');
		expect(view).toMatchObject({ calls: 5_900, failureRate: 0.1 });
	});

	test('[I15] operators force it open and closed, and give it back', async () => {
		const world = await bank();
		expect(await world.order('forced-open')).toMatchObject({
			reply: { circuit: 'forced-open', health: 'CRITICAL', prevStatus: 'HEALTHY', percent: 0 },
		});
		await world.run(5, each(TEN, { failed: 10 }));
		expect(await world.order('forced-closed')).toMatchObject({
			reply: { circuit: 'forced-closed', percent: 100 },
		});
		await world.run(5, each(TEN, { failed: 10 }));
		expect(world.circuit).toBe('forced-closed');
		expect(await world.order('auto')).toMatchObject({ reply: { circuit: 'closed' } });
		await world.run(2, each(TEN, { failed: 10 }));
		expect(world.circuit).toBe('open');
		const board = await world.actor.query(OPS, 'board');
		const turns = (board as { turns: { circuit: string; by?: string }[] }).turns.toReversed();
		const by = turns.map(({ circuit, by: who = '' }) => [circuit, who]);
		expect(by.filter(([, who]) => who === 'root')).toEqual([
			['forced-open', 'root'],
			['forced-closed', 'root'],
			['closed', 'root'],
		]);
		expect(by.at(-1)).toEqual(['open', '']);
	});

	test('[I15] a circuit that was open when it was forced is open behind it', async () => {
		const world = await openedBank();
		await world.order('forced-closed');
		await world.order('auto');
		expect(world.circuit).toBe('open');
		await world.run(2, each(TEN, {}));
		expect(world.gates().at(-1)).toMatchObject({ circuit: 'open', canaries: ['1', '10'] });
	});

	test('[I15] routes and rates are for operators, and within what there is', async () => {
		const world = await bank();
		const { actor } = world;
		expect(outcome(await actor.command(OPS, 'route', { route: 1 }))).toBe('OK');
		expect(world.gates().at(-1)?.route).toBe(1);
		expect(outcome(await actor.command(OPS, 'rate', { perSecond: 20 }))).toBe('OK');
		expect(world.gates().at(-1)).toMatchObject({ permits: 19, perSecond: 19 });
		for (const [name, args] of [
			['route', { route: 0 }],
			['rate', { perSecond: 5 }],
			['circuit', { mode: 'auto' }],
		] as const) {
			expect(outcome(await actor.command('ann', name, args))).toBe('FORBIDDEN');
		}
		expect(await actor.query('ann', 'board')).toMatchObject({ code: 'FORBIDDEN' });
		const one = await new BankWorld().begin({ ...RULES, routes: 1 });
		expect(outcome(await one.actor.command(OPS, 'route', { route: 1 }))).toBe('CONFLICT');
	});

	test('[I15] the board shows each node by the minute', async () => {
		const world = await bank();
		await world.run(6, { 1: { ok: 1 }, 2: { failed: 2 } });
		expect(await world.actor.query(OPS, 'board')).toMatchObject({
			matrix: [
				{ node: '1', minute: 0, calls: 6, bad: 0 },
				{ node: '2', minute: 0, calls: 12, bad: 12 },
			],
			nodes: [{ node: '1' }, { node: '2' }],
		});
	});

	test('[I12] only nodes see how calls are let through; everybody sees how it stands', async () => {
		const world = await openedBank();
		expect(await world.actor.open('ann')).not.toHaveProperty('gate');
		expect(await world.actor.open('ann')).toMatchObject({
			circuit: 'open',
			health: 'CRITICAL',
			expectedAt: expect.any(Number),
		});
		const node = person('3', { roles: ['system'] });
		expect(await world.actor.open(node)).toMatchObject({
			gate: { circuit: 'open', expectedInMs: expect.any(Number) },
		});
	});

	test('[I12] clients are told of health alone, by the fields that everybody may see', async () => {
		const world = await openedBank();
		await world.run(5, { ...each(TEN, { ok: 5 }), 4: { failed: 5 } });
		await world.order('forced-closed');
		await world.order('auto');
		await world.actor.command(OPS, 'route', { route: 1 });
		const { heard } = world.actor;
		const forClients = heard.filter(({ audience }) => audience === 'all');
		expect(new Set(heard.map(({ type }) => type))).toEqual(new Set(['circuit', 'health']));
		expect(new Set(forClients.map(({ type }) => type))).toEqual(new Set(['health']));
		const strict = institutionInfoSchema.strict();
		for (const { data } of forClients) expect(strict.parse(data)).toEqual(data);
		const others = heard.filter(({ audience }) => audience !== 'all');
		expect(new Set(others.flatMap(({ audience }) => audience))).toEqual(new Set([NODES]));
	});

	test('[I12] everybody is told when it takes longer than was expected', async () => {
		const world = await openedBank();
		const expected = () =>
			world.actor.heard
				.filter(({ type }) => type === 'health')
				.map(({ data }) => (data as InstitutionInfo).expectedAt);
		const [first = 0] = expected().slice(-1);
		world.actor.now = first - 1_000;
		await world.run(1, each(TEN, {}));
		expect(expected().at(-1)).toBe(first + RULES.breaker.expectedMs);
		expect(world.gates().at(-1)?.expectedInMs).toBeGreaterThan(0);
	});

	test('[I15] settings that have changed are taken over, and a rate that was set until then', async () => {
		const world = await bank();
		const node = person('2', { roles: ['system'] });
		const ensure = (settings: typeof RULES) => world.actor.command(node, 'ensure', { settings });
		await world.actor.command(OPS, 'rate', { perSecond: 20 });
		expect(outcome(await ensure(RULES))).toBe('OK-');
		await ensure({ ...RULES, name: 'Bank B' });
		expect(world.standing).toMatchObject({ rules: { name: 'Bank B' }, ratePerSecond: 20 });
		await ensure({ ...RULES, ratePerSecond: 50 });
		expect(world.standing.ratePerSecond).toBe(50);
	});
});
