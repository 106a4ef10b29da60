import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../../src/adapters/memory/memory-store.ts';
import { SILENT } from '../../../src/core/log.ts';
import { createAuthenticator } from '../../../src/gateway/auth/authenticator.ts';
import {
	REVOCATIONS,
	Revocations,
	type RevocationsOptions,
	type RevocationTarget,
} from '../../../src/gateway/auth/revocations.ts';
import { signToken } from '../../../src/gateway/auth/sign-token.ts';
import { TOKEN_LIFE_MAX_MS } from '../../../src/gateway/auth/token-limits.ts';
import type { Revoked } from '../../../src/gateway/ports.ts';
import { VirtualRuntime } from '../../cluster/virtual-runtime.ts';

const SECRET = 'a secret for tests only, of 40 characters';

let runtime: VirtualRuntime;
let store: MemoryStore;
let revocations: Revocations;

beforeEach(async () => {
	runtime = new VirtualRuntime();
	store = new MemoryStore([REVOCATIONS]);
	revocations = await open();
});

const open = (options: Partial<RevocationsOptions> = {}) =>
	Revocations.open({ store, runtime, log: SILENT, ...options });

/** Revokes, with the turns of the loop that it takes. */
async function revoke(target: RevocationTarget, using = revocations) {
	const answer = using.revoke(target);
	await new Promise(setImmediate);
	runtime.turn();
	return await answer;
}

const tokenOf = (userId: string) => signToken({ secret: SECRET, userId, now: runtime.now() });

const verify = (token: string, using = revocations) =>
	createAuthenticator({ secret: SECRET, revocations: using, runtime, log: SILENT }).verify(token);

const REVOKED = { ok: false, code: 'UNAUTHORIZED', close: 'revoked' };

describe('revocations', () => {
	test('[P42] all tokens of a user issued until now end, later and other ones do not', async () => {
		const [old, other] = [await tokenOf('ann'), await tokenOf('bob')];
		runtime.advance(500);
		expect(await revoke({ userId: 'ann' })).toEqual({ ok: true });
		expect(await verify(old)).toMatchObject(REVOKED);
		expect(await verify(other)).toMatchObject({ ok: true });
		runtime.advance(1_000);
		expect(await verify(await tokenOf('ann'))).toMatchObject({ ok: true });
	});

	test('[P42] one token ends, the others of its user do not', async () => {
		const [one, other] = [await tokenOf('ann'), await tokenOf('ann')];
		const answer = await verify(one);
		const tokenId = answer.ok ? answer.identity.tokenId : undefined;
		await revoke({ tokenId: tokenId ?? '' });
		expect(await verify(one)).toMatchObject(REVOKED);
		expect(await verify(other)).toMatchObject({ ok: true });
	});

	test('[P42] a user and a token of the same name are two things', async () => {
		await revoke({ tokenId: 'ann' });
		expect(await verify(await tokenOf('ann'))).toMatchObject({ ok: true });
	});

	test('[P42] a revocation survives a restart, with more of them than a page holds', async () => {
		const token = await tokenOf('ann');
		await revoke({ userId: 'ann' });
		for (let count = 0; count < 2_500; count++) {
			// Some share their time with others.
			if (count % 3 === 0) runtime.advance(1);
			const { length } = revocations;
			void revocations.revoke({ tokenId: `token-${count}` });
			await Promise.resolve();
			expect(revocations.length).toBeGreaterThanOrEqual(length);
		}
		await new Promise(setImmediate);
		runtime.turn();
		const restarted = await open();
		expect(restarted.length).toBe(2_501);
		expect(await verify(token, restarted)).toMatchObject(REVOKED);
	});

	test('[P42] durable first: nobody is told of what was not stored', async () => {
		const told: Revoked[] = [];
		let stored = () => {};
		const slow = await open({
			store: {
				page: (query) => store.page(query),
				put: () => new Promise((resolve) => (stored = resolve)),
			},
		});
		slow.onRevoked((revoked) => told.push(revoked));
		const answer = slow.revoke({ userId: 'ann' });
		await new Promise(setImmediate);
		runtime.turn();
		expect([told, slow.length]).toEqual([[], 0]);
		stored();
		await new Promise(setImmediate);
		runtime.turn();
		expect(await answer).toEqual({ ok: true });
		expect(told).toEqual([{ userId: 'ann', at: runtime.now() }]);
	});

	test('[P22] a store that fails gives a refusal to try again, and no half revocation', async () => {
		const failing = await open({
			store: {
				page: (query) => store.page(query),
				put: () => Promise.reject(new Error('disk full')),
			},
		});
		expect(await failing.revoke({ userId: 'ann' })).toMatchObject({ code: 'UNAVAILABLE' });
		expect(failing.length).toBe(0);
	});

	test('a listener that throws keeps nobody from hearing; one that left hears nothing', async () => {
		const told: string[] = [];
		revocations.onRevoked(() => {
			throw new Error('a bug');
		});
		const undo = revocations.onRevoked(({ userId }) => told.push(`left ${userId}`));
		revocations.onRevoked(({ userId }) => told.push(`here ${userId}`));
		undo();
		await revoke({ userId: 'ann' });
		expect(told).toEqual(['here ann']);
	});

	test('[P42] a repetition after the clock jumped back takes nothing back', async () => {
		const token = await tokenOf('ann');
		await revoke({ userId: 'ann' });
		runtime.jump(-3_000);
		await revoke({ userId: 'ann' });
		runtime.jump(3_000);
		expect(await verify(token)).toMatchObject(REVOKED);
		expect(await verify(token, await open())).toMatchObject(REVOKED);
	});

	test.each([{ userId: '' }, { userId: 'a/b' }, { tokenId: '' }, { tokenId: 'x'.repeat(257) }])(
		'[P4] %j cannot be revoked',
		async (target) => {
			expect(await revocations.revoke(target)).toMatchObject({ code: 'INVALID' });
		},
	);

	test('what cannot matter any more is forgotten, and leaves room below the limit', async () => {
		revocations = await open({ lengthMax: 2 });
		await revoke({ userId: 'ann' });
		await revoke({ userId: 'bob' });
		expect(await revoke({ userId: 'eve' })).toMatchObject({ code: 'LIMIT' });
		expect(await revoke({ userId: 'ann' }), 'known ones may be renewed').toEqual({ ok: true });
		runtime.advance(TOKEN_LIFE_MAX_MS);
		expect(await revoke({ userId: 'eve' })).toMatchObject({ code: 'LIMIT' });
		runtime.advance(10_000);
		expect((await open()).length).toBe(0);
		expect(await revoke({ userId: 'eve' })).toEqual({ ok: true });
		expect(revocations.length).toBe(1);
	});
});
