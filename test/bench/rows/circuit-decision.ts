import { setTimeout as sleep } from 'node:timers/promises';
import type { InstitutionInfo } from '../../../src/protocol/institution.ts';
import { nodeOf } from '../../support/simulated-banks.ts';
import { InstitutionCluster, keepRegistering } from '../harness/institution-cluster.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { median, percentile } from '../harness/statistics.ts';

const NODES = 10;
const FULL = { decisions: 50 };
const QUICK = { decisions: 5 };
/** Decided on in turn; the last one fails by itself. */
const FORCED = ['bank-b', 'card-a', 'card-b', 'securities-a', 'telecom-a'];
const FAILING = 'bank-a';
const KNOWN_MS = 1_000;
const REFUSED = 'MAINTENANCE';
/** A call that went out before the node turned may arrive so much later on a busy machine. */
const UNDER_WAY_MS = 500;
const WAIT_MAX_MS = 10_000;
const OPENS_MAX_MS = 60_000;
const PAUSE_MS = 1_000;

interface Measured {
	/** From a decision until a node refuses, of all nodes and decisions. */
	readonly latenciesMs: number[];
	/** Nodes that did not turn or did not refuse, and calls of nodes that had turned. */
	missed: number;
}

/** When each node had turned so since the decision, by place; without those that have not. */
async function turnedAt(
	banks: InstitutionCluster,
	{ id, since, circuit }: InstitutionInfo,
): Promise<ReadonlyMap<number, number>> {
	const until = performance.now() + WAIT_MAX_MS;
	for (;;) {
		const times = new Map<number, number>();
		for (const [place, turns] of (await banks.turnsSince(id, since)).entries()) {
			const turn = turns.find((one) => one.circuit === circuit);
			if (turn !== undefined) times.set(place, turn.at);
		}
		if (times.size === NODES || performance.now() > until) return times;
		await sleep(20);
	}
}

/** Takes the times of a decision down, and proves that nodes which have turned call no more. */
async function take(
	banks: InstitutionCluster,
	info: InstitutionInfo,
	{ found, canaries }: { readonly found: Measured; readonly canaries: readonly string[] },
): Promise<void> {
	const times = await turnedAt(banks, info);
	found.missed += NODES - times.size;
	found.latenciesMs.push(...[...times.values()].map((at) => at - info.since));
	const codes = await Promise.all(
		banks.cluster.nodes.map(async (_, place) => {
			const id = await banks.idAt(place);
			return canaries.includes(id) ? REFUSED : banks.register(place, info.id);
		}),
	);
	found.missed += codes.filter((code) => code !== REFUSED).length;
	const calls = await banks.callsSince(info.id, info.since);
	for (const [place, turnedAt] of times) {
		const id = await banks.idAt(place);
		if (canaries.includes(id)) continue;
		const late = calls.filter((call) => nodeOf(call) === id && call.at > turnedAt + UNDER_WAY_MS);
		found.missed += late.length;
	}
}

/** Operators decide, through any node; then each node is tried. */
async function force(banks: InstitutionCluster, n: number, found: Measured): Promise<void> {
	const institution = FORCED[n % FORCED.length] ?? '';
	const order = (mode: string) =>
		banks.order<InstitutionInfo>(n % NODES, institution, ['circuit', { mode }]);
	await take(banks, await order('forced-open'), { found, canaries: [] });
	const times = await turnedAt(banks, await order('auto'));
	found.missed += NODES - times.size;
}

/** The institution fails, and its actor decides by what nodes tell it. */
async function fail(banks: InstitutionCluster, found: Measured): Promise<void> {
	await banks.control(FAILING, { outage: true });
	const until = performance.now() + OPENS_MAX_MS;
	let board = await banks.board(0, FAILING);
	while (board.info.circuit !== 'open' && performance.now() < until) {
		await sleep(200);
		board = await banks.board(0, FAILING);
	}
	const { info, gate } = board;
	if (info.circuit !== 'open') {
		found.missed += NODES;
		return;
	}
	await take(banks, info, { found, canaries: gate.canaries });
}

async function run(bench: Bench): Promise<Measured> {
	const { decisions } = bench.quick ? QUICK : FULL;
	await using banks = await InstitutionCluster.start({ bench, nodes: NODES });
	const found: Measured = { latenciesMs: [], missed: 0 };
	// Nodes that have just started are busy with that.
	await Promise.all(banks.cluster.nodes.map((_, place) => banks.register(place, FAILING)));
	const end = keepRegistering(banks, { institution: () => FAILING, pauseMs: PAUSE_MS });
	for (let n = 0; n < decisions; n++) await force(banks, n, found);
	await fail(banks, found);
	await end();
	return found;
}

export const circuitDecision: BenchRow = {
	id: 'decision',
	about: 'from the decision that a circuit opens until each of 10 processes refuses, over NATS',
	async run(bench) {
		const runs: Measured[] = [];
		for (let n = 1; n <= bench.runs; n++) {
			const found = await run(bench);
			runs.push(found);
			const { latenciesMs, missed } = found;
			bench.progress(
				`run ${n}/${bench.runs}: p50 ${percentile(latenciesMs, 0.5).toFixed(0)} ms, ` +
					`p99 ${percentile(latenciesMs, 0.99).toFixed(0)} ms, missed ${missed}`,
			);
		}
		const of = (p: number) => median(runs.map(({ latenciesMs }) => percentile(latenciesMs, p)));
		return [
			{
				name: 'decision until all of 10 nodes refuse, p99',
				unit: 'ms',
				value: of(0.99),
				atMost: KNOWN_MS,
				missed: runs.reduce((sum, { missed }) => sum + missed, 0),
				peers: { p50: of(0.5) },
			},
		];
	},
};
