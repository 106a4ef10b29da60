import { afterEach, expect, test } from 'vitest';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import { refreshAssets } from '../../src/institutions/refresh-assets.ts';
import { dayConsent, SimulatedBanks } from '../support/simulated-banks.ts';
import { devToken, rest, until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

/** Users who have connected these institutions, on a node of their own. */
async function connected(users: readonly string[], institutions: readonly string[]) {
	const banks = await SimulatedBanks.start();
	world.later(() => banks.close());
	const server = await world.server({ env: banks.env });
	for (const userId of users) {
		const { assets } = world.device(server.url, userId).naru;
		const job = await assets.register(institutions, { consent: dayConsent() });
		expect((await job.ended()).state).toBe('done');
	}
	return { banks, server };
}

test('[I16] [I5] the traffic report counts the calls that the institutions have seen', async () => {
	const { banks, server } = await connected(['ann', 'bob'], ['bank-a', 'bank-b', 'card-a']);
	const seen = async (...ids: string[]) => {
		const calls = await Promise.all(ids.map((id) => banks.calls(id)));
		return calls.flat();
	};
	const [ofBanks, ofCards] = [await seen('bank-a', 'bank-b'), await seen('card-a')];
	expect(ofCards.length).toBeGreaterThan(3);
	const ids = [...ofBanks, ...ofCards].map(({ transactionId }) => transactionId);
	expect(new Set(ids).size).toBe(ids.length);
	const token = await devToken(server.url, { userId: 'root', roles: ['ops'] });
	// Calls are recorded off their path, in batches.
	await until(async () => {
		const { body } = await rest(server.url, '/api/v1/ops/institutions/traffic', { token });
		const [bank, card] = body as { industry: string; today: number }[];
		return bank?.today === ofBanks.length && card?.today === ofCards.length;
	});
});

test('[I23] [I4] a refresh goes out once for its transaction id, and brings what is new to the page', async () => {
	const { banks, server } = await connected(['ann'], ['bank-a']);
	const { assets } = world.device(server.url, 'ann').naru;
	const { snapshot: before } = await assets.get('bank-a');
	const told = new Promise<number>((resolve) => {
		assets.on('snapshot', ({ version }) => {
			if (version > (before?.version ?? 0)) resolve(version);
		});
	});
	const refresh = refreshAssets({ actors: server.actors, runtime: nodeRuntime });
	const called = (await banks.calls('bank-a')).length;
	expect(await refresh('bank-a', 'ann', 'week-47-1')).toEqual({ ok: true });
	const version = await told;
	const after = await banks.calls('bank-a');
	expect(after.length).toBeGreaterThan(called);
	// Repeated, as behind a crash between the call and its recording.
	expect(await refresh('bank-a', 'ann', 'week-47-1')).toEqual({ ok: true });
	expect(await banks.calls('bank-a')).toHaveLength(after.length);
	expect((await assets.get('bank-a')).snapshot?.version).toBe(version);
	// Without a consent nothing is called.
	expect(await refresh('bank-a', 'zoe', 'week-47-2')).toMatchObject({ ok: false });
	expect(await banks.calls('bank-a')).toHaveLength(after.length);
});
