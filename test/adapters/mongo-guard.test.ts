import { describe, expect, test } from 'vitest';
import { StorageError } from '../../src/adapters/mongo/storage-error.ts';
import { StoreGuard } from '../../src/adapters/mongo/store-guard.ts';
import { SILENT } from '../../src/core/log.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const TIMEOUT_MS = 1_000;
/** As many as may be under way, and as may wait. */
const PLACES = { inFlight: 16, waiting: 5_000 };
const never = () => new Promise<never>(() => {});
const refusedByServer = () => Promise.reject(new StorageError('no', 'UNAVAILABLE', 'answered'));

function setUp() {
	const runtime = new VirtualRuntime();
	const counted: string[] = [];
	let renewals = 0;
	const guard = new StoreGuard({
		name: 'a store',
		timeoutMs: TIMEOUT_MS,
		runtime,
		log: SILENT,
		meter: { count: (name, _, code = '') => counted.push(name + code), observe: () => {} },
		renew: () => renewals++,
	});
	const failures: string[] = [];
	/** Calls without waiting; what it fails with is kept. */
	const post = (work: () => Promise<unknown>, times = 1) => {
		for (let n = 0; n < times; n++) {
			guard.run('call', work).catch(({ code }: StorageError) => failures.push(code));
		}
	};
	const hang = async () => {
		post(never, 3);
		await runtime.advance(TIMEOUT_MS);
		failures.splice(0);
	};
	return { runtime, guard, counted, failures, post, hang, renewals: () => renewals };
}

describe('mongo guard', () => {
	test('[P22] a call without an answer ends in time', async () => {
		const { runtime, failures, post } = setUp();
		post(never);
		await runtime.advance(TIMEOUT_MS - 1);
		expect(failures).toEqual([]);
		await runtime.advance(1);
		expect(failures).toEqual(['TIMEOUT']);
	});

	test('[P22] since when it is not answered is told from the first call that was not', async () => {
		const { runtime, guard, post } = setUp();
		const opened = runtime.monotonic();
		expect(guard.health).toMatchObject({ answeredAt: opened, unanswered: undefined });
		for (let n = 0; n < 2; n++) {
			post(never);
			await runtime.advance(TIMEOUT_MS);
		}
		const unanswered = { since: opened + TIMEOUT_MS, until: opened + 2 * TIMEOUT_MS };
		expect(guard.health).toMatchObject({ answeredAt: opened, unanswered });
		// It is there, although it says no.
		await expect(guard.run('call', refusedByServer)).rejects.toThrow('no');
		const answeredAt = runtime.monotonic();
		expect(guard.health).toMatchObject({ answeredAt, unanswered: undefined });
		guard.shut('not ours');
		await runtime.advance(10);
		const shut = { since: answeredAt, until: answeredAt + 10 };
		expect(guard.health).toMatchObject({ unanswered: shut });
		guard.open();
		expect(guard.health).toMatchObject({ answeredAt: answeredAt + 10, unanswered: undefined });
	});

	test('[C24] a store that hangs is noticed, and nobody waits for it any more', async () => {
		const { guard, counted, failures, post, hang } = setUp();
		await hang();
		expect(guard.health.state).toBe('open');
		post(async () => 1);
		await expect(guard.run('call', async () => 1, 'own')).rejects.toThrow('does not answer');
		expect(failures).toEqual(['UNAVAILABLE']);
		expect(counted).toEqual([
			'storeBreaks',
			'storeRefusalsUNAVAILABLE',
			'storeRefusalsUNAVAILABLE',
		]);
	});

	test('[P22] and is used again as soon as it answers', async () => {
		const { runtime, guard, hang } = setUp();
		await hang();
		await runtime.advance(400);
		expect(await guard.run('call', async () => 1)).toBe(1);
		expect(guard.health.state).toBe('closed');
	});

	test('[C24] what a server refuses, or a caller does wrong, breaks nothing', async () => {
		const { runtime, guard, post } = setUp();
		post(refusedByServer, 10);
		post(() => Promise.reject(new Error('a bug')), 10);
		await runtime.advance(1);
		expect(guard.health.state).toBe('closed');
	});

	test('[C24] only so many are under way and wait; the writer is not among them', async () => {
		const { runtime, guard, failures, post } = setUp();
		const { inFlight, waiting } = PLACES;
		post(never, inFlight + waiting);
		expect(guard.health).toMatchObject({ inFlight, waiting });
		post(never);
		await runtime.advance(1);
		expect(failures).toEqual(['BUSY']);
		expect(await guard.run('append', async () => 1, 'own')).toBe(1);
	});

	test('[C24] those that wait are told at once when it is found out that nobody answers', async () => {
		const { runtime, guard, failures, post } = setUp();
		post(never, PLACES.inFlight + 7);
		await runtime.advance(TIMEOUT_MS);
		expect(failures.filter((code) => code === 'TIMEOUT')).toHaveLength(PLACES.inFlight);
		expect(failures).toHaveLength(PLACES.inFlight + 7);
		expect(guard.health.waiting).toBe(0);
	});

	test('places of calls that never end are free again behind their deadline', async () => {
		const { runtime, guard, hang } = setUp();
		await hang();
		expect(guard.health.inFlight).toBe(3);
		await runtime.advance(TIMEOUT_MS);
		expect(guard.health.inFlight).toBe(0);
	});

	test('[P22] a client is renewed with each call that finds nobody, in case it is stuck itself', async () => {
		const { runtime, hang, post, renewals } = setUp();
		await hang();
		for (let ms = 0; ms < 20 * TIMEOUT_MS; ms += 50) {
			post(never);
			await runtime.advance(50);
		}
		// Each of these took its time-out, and a pause of at least the longest behind the first ones.
		expect(renewals()).toBeGreaterThanOrEqual(7);
		expect(renewals()).toBeLessThanOrEqual(12);
	});

	test('a store that is shut refuses until it is open', async () => {
		const { guard } = setUp();
		guard.shut('it is not open yet');
		expect(guard.health.state).toBe('shut');
		await expect(guard.run('call', async () => 1)).rejects.toThrow('it is not open yet');
		guard.open();
		expect(await guard.run('call', async () => 1)).toBe(1);
	});
});
