import { nodeRuntime } from '../../../src/adapters/node/node-runtime.ts';
import { openSqlite } from '../../../src/adapters/sqlite/open-sqlite.ts';
import { SILENT } from '../../../src/core/log.ts';
import type { Store } from '../../../src/core/store.ts';
import { CALL_DAYS } from '../../../src/institutions/call-days.ts';
import { CALLS, CallHistory } from '../../../src/institutions/call-history.ts';
import { Circuits } from '../../../src/institutions/circuit-gate.ts';
import { createGuardedCalls } from '../../../src/institutions/guarded-calls.ts';
import { Permissions } from '../../../src/institutions/permit-gate.ts';
import type {
	CallRequest,
	InstitutionTransport,
	OutsideAnswer,
	OutsideCall,
} from '../../../src/institutions/ports.ts';
import { testInstitutions } from '../../support/institutions.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { median } from '../harness/statistics.ts';

const FULL = { rounds: 100, calls: 10_000 };
const QUICK = { rounds: 5, calls: 1_000 };
/** So many that nobody reaches the limit of a user. */
const USERS = 10_000;
const PERMITS = 1_000_000_000;

/** Answers at once, so that nothing but our own work is measured. */
const ANSWER = Promise.resolve<OutsideAnswer>({ class: 'ok', status: 200, ms: 1, body: {} });
const transport: InstitutionTransport = { call: () => ANSWER, close: async () => {} };

const institutions = testInstitutions('http://127.0.0.1:9', {
	perUser: { perSecondMax: 1_000, burstMax: 10_000 },
});

const request = (n: number): CallRequest => ({
	institution: institutions.all[n % institutions.all.length]?.id ?? '',
	api: 'assets',
	lane: 'online',
	userId: `user-${n % USERS}`,
	accessToken: 'token',
});

/** All of a node that stands before an institution, with circuits closed and permits for all. */
function protection(store: Store) {
	const shared = { runtime: nodeRuntime, log: SILENT };
	const ids = institutions.all.map(({ id }) => id);
	let asked = 0;
	let tick = 0;
	const permits = new Permissions({
		...{ ...shared, institutions: ids, incarnation: 'bench' },
		ask: (_institution, _request, answer) => {
			asked++;
			queueMicrotask(() => answer({ share: PERMITS, intervalMs: 1_000, tick: ++tick }));
		},
	});
	const history = new CallHistory({ store, ...shared, node: '1', institutions });
	const circuit = new Circuits(ids, nodeRuntime);
	const calls = createGuardedCalls({
		...{ ...shared, institutions, transport, circuit, permits, history, node: '1' },
	});
	return { calls, history, permits, asked: () => asked };
}

/** CPU time of the process since then, per call: what else the machine does is not in it. */
function cpuSince(before: NodeJS.CpuUsage, calls: number): number {
	const { user, system } = process.cpuUsage(before);
	return (user + system) / calls;
}

/** One after another, straight to the transport. */
async function bareCalls(calls: number): Promise<number> {
	const settings = institutions.all[0] as OutsideCall['settings'];
	const before = process.cpuUsage();
	for (let n = 0; n < calls; n++)
		await transport.call({ ...request(n), settings, transactionId: 't' });
	return cpuSince(before, calls);
}

interface Measured {
	readonly bare: readonly number[];
	readonly guarded: readonly number[];
	readonly recorded: readonly number[];
	/** Calls that did not go out, or are in no history, and questions to others on the way. */
	readonly missed: number;
}

async function measure({ quick }: Bench, store: Store): Promise<Measured> {
	const { rounds, calls: count } = quick ? QUICK : FULL;
	const { calls, history, permits, asked } = protection(store);
	const found = { bare: [] as number[], guarded: [] as number[], recorded: [] as number[] };
	let missed = 0;
	const guardedCalls = async () => {
		const askedBefore = asked();
		const before = process.cpuUsage();
		for (let n = 0; n < count; n++) if (!(await calls.call(request(n))).ok) missed++;
		const took = cpuSince(before, count);
		missed += asked() - askedBefore;
		return took;
	};
	// The first call of each institution asks for its permits.
	for (const { id } of institutions.all) await permits.take(id, 'online', 1_000);
	for (let round = 0; round < rounds; round++) {
		// Its cost is a second's, not a call's.
		permits.tick();
		found.bare.push(await bareCalls(count));
		found.guarded.push(await guardedCalls());
		const before = process.cpuUsage();
		await history.flush();
		found.recorded.push(cpuSince(before, count));
	}
	const { lost, waiting } = history.figures();
	return { ...found, missed: missed + lost + waiting };
}

export const protectedCall: BenchRow = {
	id: 'protected-call',
	about: 'a call through circuit, limits, lane and permits, and the same call without them',
	async run(bench) {
		const collections = [CALLS, CALL_DAYS];
		const { store, close } = await openSqlite({ directory: '', collections, memoryOnly: true });
		try {
			const { bare, guarded, recorded, missed } = await measure(bench, store);
			const added = guarded.map((cost, round) => cost - (bare[round] ?? 0));
			return [
				{
					name: 'protected call, circuit closed: added cost',
					unit: 'µs CPU',
					value: median(added),
					atMost: 5,
					missed,
					peers: {
						'bare call': median(bare),
						'its record, off the path, all threads': median(recorded),
					},
				},
			];
		} finally {
			await close();
		}
	},
};
