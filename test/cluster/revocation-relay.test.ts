import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryBus, type MemoryRelay } from '../../src/adapters/memory/memory-relay.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { RevocationRelay } from '../../src/cluster/revocation-relay.ts';
import { SILENT } from '../../src/core/log.ts';
import {
	REVOCATIONS,
	Revocations,
	type RevocationTarget,
} from '../../src/gateway/auth/revocations.ts';
import { CLOCK_TOLERANCE_MS, TOKEN_LIFE_MAX_MS } from '../../src/gateway/auth/token-limits.ts';
import type { Revoked } from '../../src/gateway/ports.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

interface Node {
	readonly revocations: Revocations;
	readonly relay: MemoryRelay;
	readonly exchange: RevocationRelay;
	/** What the gateway of the node was told. */
	readonly told: Revoked[];
}

let runtime: VirtualRuntime;
let bus: MemoryBus;
let store: MemoryStore;
let one: Node;
let two: Node;
/** Set: the store of node 2 cannot be read. */
let isAway: boolean;

async function open(id: string): Promise<Node> {
	const relay = bus.relay(id);
	const reads = {
		put: store.put.bind(store),
		page: (query: Parameters<typeof store.page>[0]) =>
			id === '2' && isAway ? Promise.reject(new Error('away')) : store.page(query),
	};
	const revocations = await Revocations.open({ store: reads, runtime, log: SILENT });
	const told: Revoked[] = [];
	revocations.onRevoked((revoked) => told.push(revoked));
	const subject = 'r';
	const options = { self: id, revocations, relay, runtime, log: SILENT, subject };
	return { revocations, relay, exchange: new RevocationRelay(options), told };
}

beforeEach(async () => {
	runtime = new VirtualRuntime();
	bus = new MemoryBus({ runtime });
	store = new MemoryStore([REVOCATIONS]);
	isAway = false;
	one = await open('1');
	two = await open('2');
});

async function revoke(target: RevocationTarget, { revocations } = one): Promise<number> {
	const at = runtime.now();
	const answer = revocations.revoke(target);
	await runtime.advance(1);
	expect(await answer).toEqual({ ok: true });
	return at;
}

const hasAnn = ({ revocations }: Node, issuedAt = 0) =>
	revocations.has({ userId: 'ann', roles: [], issuedAt });

describe('revocations over nodes', () => {
	test('[P42] what one node revokes ends at all at once, each told once', async () => {
		const at = await revoke({ userId: 'ann' });
		expect([one.told, two.told]).toEqual([[{ userId: 'ann', at }], [{ userId: 'ann', at }]]);
		await revoke({ tokenId: 'token-1' }, two);
		expect(one.told[1]).toMatchObject({ tokenId: 'token-1' });
		expect([hasAnn(one), hasAnn(two), hasAnn(two, at + 1)]).toEqual([true, true, false]);
		await runtime.advance(30_000);
		expect([one.told.length, two.told.length], 'nothing twice').toEqual([2, 2]);
	});

	test('[P42] what the relay loses is found in the store within ten seconds', async () => {
		bus.faults = () => [];
		await revoke({ userId: 'ann' });
		expect(two.told).toEqual([]);
		await runtime.advance(10_100);
		expect(two.told).toMatchObject([{ userId: 'ann' }]);
		expect(hasAnn(two)).toBe(true);
	});

	test('[P42] also what a node revokes whose clock goes after', async () => {
		bus.faults = () => [];
		await runtime.advance(20_000);
		const at = runtime.now() - 30_000;
		const row = { at, forgetAt: at + TOKEN_LIFE_MAX_MS + 2 * CLOCK_TOLERANCE_MS };
		await store.put(REVOCATIONS.name, ['user', 'ann'], row);
		await runtime.advance(10_100);
		expect(hasAnn(two)).toBe(true);
	});

	test('[P22] a node that had neither relay nor store learns once it has either', async () => {
		isAway = true;
		two.relay.setConnected(false);
		for (let count = 0; count < 2; count++) {
			await revoke(count === 0 ? { userId: 'ann' } : { tokenId: 'token-1' });
			await runtime.advance(200_000);
		}
		expect(two.told).toEqual([]);
		isAway = false;
		two.relay.setConnected(true);
		await runtime.advance(10);
		expect(two.told).toMatchObject([{ userId: 'ann' }, { tokenId: 'token-1' }]);
	});

	test('what comes twice or late takes nothing back, what is no revocation is passed over', async () => {
		bus.faults = () => [0, 50, 3_000];
		await revoke({ userId: 'ann' });
		const at = await revoke({ userId: 'ann' });
		one.relay.publish('r', Uint8Array.of(1, 2, 3));
		await two.revocations.learn({ at });
		await two.revocations.learn({ userId: 'a/b', at });
		await runtime.advance(10_000);
		expect(two.revocations.length).toBe(1);
		expect(hasAnn(two, at)).toBe(true);
		expect(two.told.at(-1)).toEqual({ userId: 'ann', at });
	});

	test('a stop ends the looking', async () => {
		two.exchange.stop();
		bus.faults = () => [];
		await revoke({ userId: 'ann' });
		await runtime.advance(20_000);
		expect(two.told).toEqual([]);
	});
});
