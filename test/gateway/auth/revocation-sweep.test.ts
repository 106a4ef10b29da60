import { beforeEach, expect, test } from 'vitest';
import { MemoryStore } from '../../../src/adapters/memory/memory-store.ts';
import { SILENT } from '../../../src/core/log.ts';
import { sweepRevocations } from '../../../src/gateway/auth/revocation-sweep.ts';
import { REVOCATIONS, Revocations } from '../../../src/gateway/auth/revocations.ts';
import { TOKEN_LIFE_MAX_MS } from '../../../src/gateway/auth/token-limits.ts';
import { VirtualRuntime } from '../../cluster/virtual-runtime.ts';
import { type Hooks, hooked } from '../../support/hooked.ts';

const DAY_MS = 24 * 3_600_000;

let runtime: VirtualRuntime;
let store: MemoryStore;
beforeEach(() => {
	runtime = new VirtualRuntime();
	store = new MemoryStore([REVOCATIONS]);
});

async function rows(): Promise<number> {
	const query = { collection: REVOCATIONS.name, prefix: [], limit: 100_000 };
	return (await store.page(query)).rows.length;
}

async function revoke(count: number, name: string): Promise<void> {
	const revocations = await Revocations.open({ store, runtime, log: SILENT });
	const answers = Array.from({ length: count }, (_, n) =>
		revocations.revoke({ tokenId: `${name}-${n}` }),
	);
	await new Promise(setImmediate);
	runtime.turn();
	for (const answer of await Promise.all(answers)) expect(answer).toEqual({ ok: true });
}

/** Lets time pass in steps, with the promises that settle on the way. */
async function pass(ms: number, stepMs = 1_000): Promise<void> {
	for (let passed = 0; passed < ms; passed += stepMs) {
		runtime.advance(stepMs);
		await new Promise(setImmediate);
	}
}

test('[P42] revocations that matter no more are removed from the store, in bounded steps, others stay', async () => {
	let limitMax = 0;
	const hooks: Hooks<MemoryStore> = {
		dropBelow: (run, { limit }) => {
			limitMax = Math.max(limitMax, limit);
			return run();
		},
	};
	await revoke(2_500, 'old');
	runtime.jump(10 * DAY_MS);
	await revoke(3, 'young');
	const stop = sweepRevocations({ store: hooked(store, hooks), runtime, log: SILENT });
	await pass(120_000);
	expect(await rows(), 'they still matter').toBe(2_503);
	runtime.jump(TOKEN_LIFE_MAX_MS - 10 * DAY_MS + DAY_MS / 2);
	await pass(2 * 3_600_000, 60_000);
	expect(await rows(), 'a clock may be wrong for a day').toBe(2_503);
	runtime.jump(DAY_MS);
	await pass(3_600_000, 60_000);
	await pass(5_000);
	expect(await rows()).toBe(3);
	expect(limitMax).toBe(1_000);
	stop();
	runtime.jump(TOKEN_LIFE_MAX_MS);
	await pass(3 * 3_600_000, 60_000);
	expect(await rows(), 'it was stopped').toBe(3);
});

test('[P22] a store that is away for a while is asked again', async () => {
	await revoke(1, 'old');
	runtime.jump(2 * TOKEN_LIFE_MAX_MS);
	const hooks: Hooks<MemoryStore> = { dropBelow: () => Promise.reject(new Error('away')) };
	sweepRevocations({ store: hooked(store, hooks), runtime, log: SILENT });
	await pass(120_000);
	expect(await rows()).toBe(1);
	delete hooks.dropBelow;
	await pass(3_600_000, 60_000);
	expect(await rows()).toBe(0);
});
