import { setTimeout as sleep } from 'node:timers/promises';
import { TcpProxy } from '../../services/tcp-proxy.ts';
import { InstitutionCluster, keepRegistering } from '../harness/institution-cluster.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { median } from '../harness/statistics.ts';

const NODES = 10;
const BROKEN = 4;
const BANK = 'bank-a';
const NAMED_MAX_MS = 180_000;
const FULL = { warmMs: 20_000, behindMs: 30_000 };
const QUICK = { warmMs: 5_000, behindMs: 1_000 };
const PAUSE_MS = 500;

interface Measured {
	/** From the cut until the node is named. */
	readonly namedMs: number;
	/** Turns of the circuit at any node. */
	readonly turns: number;
	/** Other nodes that were named, and users who were refused at them. */
	readonly missed: number;
}

async function untilNamed(banks: InstitutionCluster): Promise<readonly string[]> {
	const until = performance.now() + NAMED_MAX_MS;
	while (performance.now() < until) {
		const { badNodes } = await banks.board(0, BANK);
		if (badNodes.length > 0) return badNodes;
		await sleep(500);
	}
	return [];
}

async function measure(bench: Bench): Promise<Measured> {
	const { warmMs, behindMs } = bench.quick ? QUICK : FULL;
	let way: TcpProxy | undefined;
	const through = async (url: string) => {
		way = await TcpProxy.start(url);
		return way.through(url);
	};
	await using banks = await InstitutionCluster.start({
		...{ bench, nodes: NODES },
		way: (place, url) => (place === BROKEN ? through(url) : url),
	});
	const begun = Date.now();
	const end = keepRegistering(banks, { institution: () => BANK, pauseMs: PAUSE_MS });
	await sleep(warmMs);
	const cutAt = performance.now();
	way?.cut();
	const named = await untilNamed(banks);
	const namedMs = performance.now() - cutAt;
	await sleep(behindMs);
	const others = banks.cluster.nodes.map((_, place) => place).filter((place) => place !== BROKEN);
	const codes = await Promise.all(others.map((place) => banks.register(place, BANK)));
	const { badNodes } = await banks.board(0, BANK);
	await end();
	const expected = await banks.idAt(BROKEN);
	const turns = (await banks.turnsSince(BANK, begun)).flat().length;
	await way?.close();
	const isNamed = [named, badNodes].every((nodes) => nodes.join() === expected);
	const refused = codes.filter((code) => code !== 'OK').length;
	return { namedMs, turns, missed: (isNamed ? 0 : 1) + refused };
}

export const brokenPath: BenchRow = {
	id: 'broken-path',
	about: 'one of 10 processes cannot reach a healthy bank: it is named, and no circuit opens',
	async run(bench) {
		const runs: Measured[] = [];
		for (let n = 1; n <= bench.runs; n++) {
			const found = await measure(bench);
			runs.push(found);
			const { namedMs, turns, missed } = found;
			bench.progress(
				`run ${n}/${bench.runs}: named after ${(namedMs / 1_000).toFixed(1)} s, ` +
					`${turns} turns of the circuit, missed ${missed}`,
			);
		}
		const missed = runs.reduce((sum, one) => sum + one.missed, 0);
		return [
			{
				name: 'one of 10 nodes with a broken path: turns of the circuit',
				unit: 'turns',
				value: Math.max(...runs.map(({ turns }) => turns)),
				atMost: 0,
				missed,
			},
			{
				name: 'one of 10 nodes with a broken path: until it is named',
				unit: 's',
				value: median(runs.map(({ namedMs }) => namedMs)) / 1_000,
				missed,
			},
		];
	},
};
