import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { httpInstitutionTransport } from '../../../src/adapters/http/institution-transport.ts';
import { nodeRuntime } from '../../../src/adapters/node/node-runtime.ts';
import { SILENT } from '../../../src/core/log.ts';
import type { TokenAnswer } from '../../../src/institutions/answers.ts';
import { Circuits } from '../../../src/institutions/circuit-gate.ts';
import { createGuardedCalls } from '../../../src/institutions/guarded-calls.ts';
import { Permissions } from '../../../src/institutions/permit-gate.ts';
import type { CallRow, InstitutionCalls, Lane } from '../../../src/institutions/ports.ts';
import { testInstitutions } from '../../support/institutions.ts';
import { alternate } from '../harness/alternate.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { median, percentile } from '../harness/statistics.ts';

const SIMULATOR = fileURLToPath(
	new URL('../../../src/simulators/institution/main.ts', import.meta.url),
);
const INSTITUTION = 'bank-a';
const LATENCY_MS = 50;
/** Calls a second that the node's share of the contract allows: less than the backlog would use. */
const SHARE = 190;
const ONLINE_PER_SECOND = 50;
const FULL = { backlog: 50_000, seconds: 15, warmSeconds: 2 };
const QUICK = { backlog: 5_000, seconds: 3, warmSeconds: 1 };
/** Longer than a run: what waits, waits. */
const BATCH_WAIT_MS = 600_000;

const institutions = (url: string) =>
	testInstitutions(url, {
		perUser: { perSecondMax: 1_000, burstMax: 10_000 },
		lanes: {
			online: { inFlightMax: 64, waitingMax: 1_000 },
			batch: { inFlightMax: 32, waitingMax: FULL.backlog },
		},
	});

/** The simulated institutions in a process of their own, answering after a while. */
async function startInstitutions() {
	const child = fork(SIMULATOR, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
	const [{ url }] = (await once(child, 'message')) as [{ url: string }];
	const control = { institution: INSTITUTION, latencyMs: LATENCY_MS };
	const answer = await fetch(`${url}/control`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(control),
	});
	if (!answer.ok) throw new Error(`the simulator takes no orders: ${answer.status}`);
	return { url, stop: () => void child.kill() };
}

/** All of a node that stands before an institution. */
function openNode(url: string) {
	const shared = { runtime: nodeRuntime, log: SILENT, institutions: institutions(url) };
	const ids = shared.institutions.all.map(({ id }) => id);
	const went: Record<Lane, number> = { online: 0, batch: 0 };
	let tick = 0;
	const permits = new Permissions({
		...{ ...shared, institutions: ids, incarnation: 'bench' },
		ask: (_institution, _request, answer) =>
			queueMicrotask(() => answer({ share: SHARE, intervalMs: 1_000, tick: ++tick })),
	});
	const ticking = setInterval(() => permits.tick(), 100);
	const transport = httpInstitutionTransport(shared);
	const calls = createGuardedCalls({
		...{ ...shared, transport, permits, node: '1' },
		circuit: new Circuits(ids, nodeRuntime),
		history: { record: ({ lane }: CallRow) => void went[lane]++ },
		waitMsMax: { online: 5_000, batch: BATCH_WAIT_MS },
	});
	const close = async () => {
		clearInterval(ticking);
		calls.close();
		permits.close();
		await transport.close();
	};
	return { calls, went, close };
}

async function tokenOf(calls: InstitutionCalls): Promise<string> {
	const answer = await calls.call({
		...{ institution: INSTITUTION, api: 'token', lane: 'online', userId: 'ann' },
		grant: { authorisation: 'consent' },
	});
	if (!answer.ok || answer.class !== 'ok') throw new Error('there is no token');
	return (answer.body as TokenAnswer).accessToken;
}

interface Run {
	readonly p99: number;
	readonly missed: number;
	/** Batch calls that went out a second meanwhile. */
	readonly batchPerSecond: number;
}

/** Online calls at an even pace, beside a number of batch calls that wait. */
async function run(url: string, backlog: number, { quick }: Bench): Promise<Run> {
	const { seconds, warmSeconds } = quick ? QUICK : FULL;
	const { calls, went, close } = openNode(url);
	const accessToken = await tokenOf(calls);
	const shared = { institution: INSTITUTION, api: 'assets', userId: 'ann', accessToken } as const;
	const took: number[] = [];
	let missed = 0;
	let isOver = false;
	const waiting = async (n: number) => {
		const answer = await calls.call({ ...shared, userId: `user-${n}`, lane: 'batch' });
		if (!isOver && !(answer.ok && answer.class === 'ok')) missed++;
	};
	for (let n = 0; n < backlog; n++) void waiting(n);
	const one = async (counts: boolean) => {
		const since = performance.now();
		const answer = await calls.call({ ...shared, lane: 'online' });
		if (!answer.ok || answer.class !== 'ok') missed++;
		else if (counts) took.push(performance.now() - since);
	};
	const begun = performance.now();
	const pending: Promise<void>[] = [];
	let batchBefore = 0;
	for (let n = 0; n < (warmSeconds + seconds) * ONLINE_PER_SECOND; n++) {
		const isWarm = n >= warmSeconds * ONLINE_PER_SECOND;
		if (!isWarm) batchBefore = went.batch;
		pending.push(one(isWarm));
		const next = begun + ((n + 1) * 1_000) / ONLINE_PER_SECOND;
		await sleep(Math.max(0, next - performance.now()));
	}
	await Promise.all(pending);
	const batchPerSecond = (went.batch - batchBefore) / seconds;
	isOver = true;
	await close();
	return { p99: percentile(took, 0.99), missed, batchPerSecond };
}

export const batchBacklog: BenchRow = {
	id: 'batch-backlog',
	about: 'calls of users beside 50,000 batch calls that wait, to an institution over real sockets',
	async run(bench) {
		const { backlog } = bench.quick ? QUICK : FULL;
		const { url, stop } = await startInstitutions();
		try {
			const kinds = [0, backlog];
			const [without = [], beside = []] = await alternate(bench, kinds, (count, label) =>
				run(url, count, bench).then((found) => {
					const { p99, batchPerSecond } = found;
					bench.progress(
						`${label}, ${count} waiting: p99 ${p99.toFixed(1)} ms, ${batchPerSecond.toFixed(0)} batch calls a second`,
					);
					return found;
				}),
			);
			const p99Without = median(without.map(({ p99 }) => p99));
			// A backlog that stands still would hurt nobody, and help nobody.
			const idle = beside.filter(({ batchPerSecond }) => batchPerSecond < 1).length;
			const missed = [...without, ...beside].reduce((sum, one) => sum + one.missed, idle);
			return [
				{
					name: `online p99 beside ${backlog.toLocaleString('en-US')} waiting batch calls`,
					unit: 'ms',
					value: median(beside.map(({ p99 }) => p99)),
					atMost: 1.2 * p99Without,
					missed,
					peers: {
						'without them': p99Without,
						'batch calls a second': median(beside.map((one) => one.batchPerSecond)),
					},
				},
			];
		} finally {
			stop();
		}
	},
};
