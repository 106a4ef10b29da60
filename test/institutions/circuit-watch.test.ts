import { afterEach, describe, expect, test } from 'vitest';
import { institutionKind } from '../../actors/institution/institution-kind.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { SILENT } from '../../src/core/log.ts';
import {
	type InstitutionWatch,
	openInstitutionWatch,
} from '../../src/institutions/institution-watch.ts';
import { ChangingOwners } from '../support/changing-owners.ts';
import { CoreBench } from '../support/core-bench.ts';
import { OPS, RULES } from '../support/institution-actor.ts';

const KEY = 'institution/bank-a';
const BANK = { id: 'bank-a', ...RULES, baseUrls: ['http://127.0.0.1', 'http://127.0.0.2'] };
const kinds = [institutionKind] as unknown as ActorKind[];

let watch: InstitutionWatch | undefined;
afterEach(() => watch?.close());

async function watched(bench = new CoreBench({ kinds })) {
	watch?.close();
	watch = openInstitutionWatch({
		...{ actors: bench.system, runtime: bench.runtime, log: SILENT, node: '1' },
		institutions: { all: [BANK] },
	});
	await bench.runtime.advance(500);
	return { bench, watch };
}

const force = (bench: CoreBench, mode: string) =>
	bench.send(KEY, ['circuit', { mode }], { caller: OPS });

describe('[I10] a node that watches institutions', () => {
	test('[I10] makes the actor with what the settings say', async () => {
		const { bench, watch: node } = await watched();
		expect(node.infos()).toMatchObject([{ id: 'bank-a', name: 'Bank A', circuit: 'closed' }]);
		const [made] = await bench.events(KEY);
		expect(made).toMatchObject({ type: 'ensured', data: { standing: { rules: RULES } } });
	});

	test('[I12] hears of every turn, and refuses by itself', async () => {
		const { bench, watch: node } = await watched();
		expect(node.circuit.admit('bank-a').ok).toBe(true);
		await force(bench, 'forced-open');
		await bench.runtime.advance(100);
		expect(node.circuit.admit('bank-a')).toMatchObject({ code: 'MAINTENANCE' });
		expect(node.infos()).toMatchObject([{ circuit: 'forced-open', health: 'CRITICAL' }]);
		await force(bench, 'auto');
		await bench.runtime.advance(100);
		expect(node.circuit.admit('bank-a').ok).toBe(true);
	});

	test('[I14] comes back to another owner, and hears what it has missed', async () => {
		const { bench, watch: node } = await watched();
		await bench.system.release(KEY);
		const other = await bench.send(KEY, ['circuit', { mode: 'forced-open' }], { caller: OPS });
		expect(other.ok).toBe(true);
		await bench.runtime.advance(2_000);
		expect(node.circuit.admit('bank-a').ok).toBe(false);
	});

	test('[I10] [I22] calls of this node reach the actor, and permits come from it', async () => {
		const { bench, watch: node } = await watched();
		const answers = Promise.all(
			Array.from({ length: 3 }, () => node.permits.take('bank-a', 'online', 1_000)),
		);
		await bench.runtime.advance(400);
		expect(await answers).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
		node.circuit.report('bank-a', { class: 'failed', ageMs: 5 });
		await bench.runtime.advance(1_500);
		const types = (await bench.events(KEY)).map(({ type }) => type);
		expect(types).toContain('permitted');
		expect(types).toContain('reported');
		const board = await bench.send(KEY, ['board', {}], { caller: OPS });
		expect(board).toMatchObject({ reply: { matrix: [{ node: '1', calls: 1, bad: 1 }] } });
	});

	test('[I22] a rate that operators set is known here at once', async () => {
		const { bench, watch: node } = await watched();
		expect(node.perSecond('bank-a')).toBe(Math.floor(RULES.ratePerSecond * 0.95));
		await bench.send(KEY, ['rate', { perSecond: 0.5 }], { caller: OPS });
		await bench.runtime.advance(100);
		expect(node.perSecond('bank-a')).toBeCloseTo(0.475, 3);
	});

	test('[I22] an orderly end gives permits back at once', async () => {
		const { bench, watch: node } = await watched();
		void node.permits.take('bank-a', 'online', 1_000);
		await bench.runtime.advance(3_000);
		node.close();
		await bench.runtime.advance(500);
		const board = await bench.send(KEY, ['board', {}], { caller: OPS });
		expect(board).toMatchObject({ reply: { permits: { holders: [] } } });
	});

	test('[I13] a node that begins while the circuit is open gets no permit before it has heard so', async () => {
		const { bench } = await watched();
		await force(bench, 'forced-open');
		watch?.close();
		let refusals = 3;
		const { system: actors } = bench;
		watch = openInstitutionWatch({
			...{ runtime: bench.runtime, log: SILENT, node: '2' },
			actors: {
				...{ command: actors.command.bind(actors), unsubscribe: actors.unsubscribe.bind(actors) },
				open: (...args: Parameters<typeof actors.open>) =>
					refusals-- > 0 ? args[2]({ ok: false, code: 'MOVED' }) : actors.open(...args),
			} as unknown as typeof actors,
			institutions: { all: [BANK] },
		});
		const { circuit, permits } = watch;
		expect(circuit.admit('bank-a').ok).toBe(true);
		let isGranted = false;
		void permits.take('bank-a', 'online', 5_000).then(({ ok }) => {
			isGranted = ok;
		});
		const isHeard = () => circuit.generation('bank-a') > 0;
		await bench.runtime.until(() => isGranted || isHeard(), 5_000);
		expect(isHeard()).toBe(true);
		await bench.runtime.until(() => isGranted, 5_000);
		expect(circuit.admit('bank-a').ok).toBe(false);
	});

	test('[I14] where the actor cannot be reached, it knows nothing against an institution', async () => {
		const owners = new ChangingOwners();
		owners.kill();
		watch = openInstitutionWatch({
			...{ actors: owners, runtime: owners.runtime, log: SILENT, node: '1' },
			institutions: { all: [BANK] },
		});
		await owners.runtime.advance(20_000);
		expect(watch.circuit.admit('bank-a').ok).toBe(true);
		expect(watch.infos()).toMatchObject([{ circuit: 'closed' }]);
	});
});
