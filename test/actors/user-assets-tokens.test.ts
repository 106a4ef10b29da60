import { describe, expect, test } from 'vitest';
import type { SealedToken } from '../../actors/user/institution-port.ts';
import {
	jobs,
	NODE,
	next,
	register,
	registered,
	reply,
	resultOf,
	snapshots,
	TOKEN,
	UNAVAILABLE,
	type User,
	user,
	wake,
	withdraw,
	work,
	works,
} from '../support/asset-user.ts';

const LATE: SealedToken = { access: 'sealed-late', refresh: 'sealed-late-r', expires: 9_500_000 };

const revocations = (ann: User) => [...(ann.state.registration?.revocations.values() ?? [])];
const consentOf = (ann: User) => ann.state.registration?.consents.get('bank-a');

const again = (ann: User, ms: number) =>
	ann.command(NODE, 'register', {
		institutions: ['bank-a'],
		consent: { scopes: ['assets'], expiresAt: ann.now + ms },
	});

const stray = (ann: User, id: string, { token = LATE, ms = 60_000 } = {}) =>
	ann.command(NODE, 'stray', {
		institution: 'bank-a',
		consent: { id, expires: ann.now + ms },
		token,
	});

/** A registration whose institution is asked for a token. */
async function tokenUnderWay() {
	const ann = user();
	await register(ann, ['bank-a']);
	await reply(ann, next(ann, 'authorise'), resultOf(next(ann, 'authorise')));
	const { id = '', expires = 0 } = consentOf(ann) ?? {};
	const tokenOf = { institution: 'bank-a', consent: { id, expires } };
	return { ann, call: next(ann, 'token'), tokenOf };
}

describe('[I7] a consent that is given again', () => {
	test('[I7] has the token of the one before made void, and the new registration goes on', async () => {
		const ann = await registered();
		const before = consentOf(ann)?.id;
		await register(ann, ['bank-a']);
		// Some institutions end all tokens of a user with one: the old one goes first.
		expect(works(ann)).toEqual(['bank-a revoke']);
		expect(next(ann, 'revoke').args).toMatchObject({ consent: { id: before }, token: TOKEN });
		await reply(ann, next(ann, 'revoke'), UNAVAILABLE);
		await work(ann);
		expect(await jobs(ann)).toMatchObject([{ state: 'done' }, { state: 'done' }]);
		expect(await snapshots(ann, 'bank-a')).toHaveLength(1);
		// It is tried again until the institution has taken it, over a restart too.
		ann.restart();
		expect(revocations(ann)).toMatchObject([{ consentId: before, token: TOKEN, attempt: 1 }]);
		await wake(ann);
		await reply(ann, next(ann, 'revoke'), { ok: true });
		expect(revocations(ann)).toEqual([]);
		expect(consentOf(ann)).toMatchObject({ token: TOKEN });
	});

	test('[I7] after one that failed before there was a token needs nothing made void', async () => {
		const ann = user();
		await register(ann, ['bank-a']);
		await work(ann, () => ({ ok: false, code: 'CONFLICT', isRepeatable: false }));
		await register(ann, ['bank-a']);
		expect(works(ann)).toEqual(['bank-a authorise']);
	});

	test('[I7] behind the end of the one before calls nobody for that one', async () => {
		const ann = await registered();
		ann.now = consentOf(ann)?.expires ?? 0;
		await register(ann, ['bank-a']);
		expect(works(ann)).toEqual(['bank-a authorise']);
	});

	test('[I7] ends a refresh that began on the one before, with the token that it may bring', async () => {
		const ann = await registered();
		await ann.command(NODE, 'refresh', { institution: 'bank-a', transactionId: 't1' });
		const refresh = next(ann, 'refresh');
		const before = consentOf(ann)?.id ?? '';
		await register(ann, ['bank-a']);
		await reply(ann, refresh, { ...resultOf(refresh), token: LATE });
		expect(consentOf(ann)).not.toHaveProperty('token');
		await stray(ann, before);
		expect(revocations(ann)).toMatchObject([{ token: TOKEN }, { token: LATE }]);
	});

	test('[I7] for a shorter time while it runs: the work that could go beyond that begins anew', async () => {
		const ann = user();
		await register(ann, ['bank-a']);
		for (const op of ['authorise', 'token', 'list', 'details']) {
			await reply(ann, next(ann, op), resultOf(next(ann, op)));
		}
		const late = next(ann, 'details');
		const before = consentOf(ann)?.id;
		const [{ id } = { id: '' }] = await jobs(ann);
		expect(await again(ann, 60_000)).toMatchObject({ ok: true, reply: { id } });
		expect(works(ann)).toEqual(['bank-a revoke']);
		expect(next(ann, 'revoke').args).toMatchObject({ consent: { id: before }, token: TOKEN });
		await reply(ann, late, resultOf(late));
		await work(ann);
		expect(await jobs(ann)).toMatchObject([{ id, state: 'done' }]);
		const [snapshot] = (await snapshots(ann, 'bank-a')) as { assets: unknown[] }[];
		expect(snapshot?.assets).toHaveLength(7);
		expect(consentOf(ann)?.expires).toBe(ann.now + 60_000);
	});

	test('[I7] for longer while it runs: work that ended by the shorter time is taken up again', async () => {
		const ann = user();
		await again(ann, 1_000);
		const authorise = next(ann, 'authorise');
		await again(ann, 60_000);
		ann.now += 1_500;
		await reply(ann, authorise, { ok: false, code: 'EXPIRED', isRepeatable: false });
		expect(next(ann, 'authorise').args).toMatchObject({ consent: { expires: 1_060_000 } });
		await work(ann);
		expect(await jobs(ann)).toMatchObject([{ state: 'done' }]);
	});
});

describe('[I7] a token that nobody waited for', () => {
	test('[I7] is made void when its consent is gone, until the institution has taken that', async () => {
		const ann = await registered();
		const id = consentOf(ann)?.id ?? '';
		await withdraw(ann);
		await work(ann);
		await stray(ann, id);
		expect(next(ann, 'revoke').args).toMatchObject({ consent: { id }, token: LATE });
		await reply(ann, next(ann, 'revoke'), UNAVAILABLE);
		await wake(ann);
		await reply(ann, next(ann, 'revoke'), { ok: true });
		expect(works(ann)).toEqual([]);
	});

	test('[I7] does not hold up a registration that is on its way', async () => {
		const ann = await registered();
		const id = consentOf(ann)?.id ?? '';
		await withdraw(ann);
		await work(ann);
		await register(ann, ['bank-a']);
		await reply(ann, next(ann, 'authorise'), resultOf(next(ann, 'authorise')));
		const token = next(ann, 'token');
		await stray(ann, id);
		expect(next(ann, 'token')).toEqual(token);
	});

	test('[I7] goes on where its consent stands, if it is good for longer; the other ends with the consent', async () => {
		for (const end of [(ann: User) => withdraw(ann), (ann: User) => register(ann, ['bank-a'])]) {
			const ann = await registered();
			const id = consentOf(ann)?.id ?? '';
			await stray(ann, id);
			expect(consentOf(ann)).toMatchObject({ token: LATE, spare: [TOKEN] });
			// Told again, as by one who had no answer.
			expect(await stray(ann, id)).toMatchObject({ ok: true, events: [] });
			const older = { access: 'sealed-old', expires: 8_000_000 };
			await stray(ann, id, { token: older });
			ann.restart();
			expect(consentOf(ann)).toMatchObject({ token: LATE, spare: [TOKEN, older] });
			expect(revocations(ann)).toEqual([]);
			await end(ann);
			const dropped = revocations(ann).map(({ token }) => token?.access);
			expect(dropped).toEqual([LATE.access, TOKEN.access, older.access]);
		}
	});

	test('[I7] and came while others are on their way stays known, whatever token these bring', async () => {
		const orders = [
			async (ann: User) => {
				await ann.command(NODE, 'refresh', { institution: 'bank-a', transactionId: 't1' });
				return next(ann, 'refresh');
			},
			async (ann: User) => {
				await again(ann, 90_000_000_000);
				await reply(ann, next(ann, 'revoke'), { ok: true });
				await reply(ann, next(ann, 'authorise'), resultOf(next(ann, 'authorise')));
				return next(ann, 'token');
			},
		];
		for (const order of orders) {
			const ann = await registered();
			const call = await order(ann);
			const kept = consentOf(ann)?.token;
			await stray(ann, consentOf(ann)?.id ?? '');
			expect(consentOf(ann)?.token).toEqual(kept);
			const renewed = { ...TOKEN, access: 'sealed-renewed' };
			await reply(ann, call, { ...resultOf(call), token: renewed });
			expect(consentOf(ann)).toMatchObject({ token: renewed, spare: [LATE] });
			// Told again, as by one who had no answer.
			expect(await stray(ann, consentOf(ann)?.id ?? '')).toMatchObject({ ok: true, events: [] });
			await withdraw(ann);
			const dropped = revocations(ann).map(({ token }) => token?.access);
			expect(dropped).toEqual([renewed.access, LATE.access]);
		}
	});

	test('[I7] because its work was given up in that moment is made void all the same', async () => {
		const { ann, call, tokenOf } = await tokenUnderWay();
		const { id } = tokenOf.consent;
		// It came before the withdrawal was there, and waited behind it.
		await withdraw(ann);
		await reply(ann, call, { ok: true, token: LATE, tokenOf });
		expect(revocations(ann)).toMatchObject([{ consentId: id }, { consentId: id, token: LATE }]);
	});

	test('[I7] is not one that its work has brought already', async () => {
		const { ann, call, tokenOf } = await tokenUnderWay();
		await reply(ann, call, { ok: true, token: LATE, tokenOf });
		expect(await reply(ann, call, { ok: true, token: LATE, tokenOf })).toMatchObject({
			events: [],
		});
		expect(consentOf(ann)).toMatchObject({ token: LATE });
		expect(JSON.stringify(ann.events)).not.toContain('tokenOf');
	});

	test('[I7] behind the end of its consent is left: nothing is called any more', async () => {
		const ann = await registered();
		expect(await stray(ann, 'of-before', { ms: 0 })).toMatchObject({ ok: true, events: [] });
	});
});
