import { describe, expect, test } from 'vitest';
import { CONSENT_SLOTS, consentSlot } from '../../actors/user/consent-slot.ts';
import { fieldNatures } from '../../src/ops/field-natures.ts';
import { maskedPicture } from '../../src/ops/masked-picture.ts';
import { userContract } from '../../src/protocol/user.ts';
import {
	asset,
	intents,
	jobs,
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
import { outcome } from '../support/channel-actor.ts';
import { person } from '../support/pure-actor.ts';

const PLAN = person('@assets', { roles: ['system'] });

const refresh = (ann: User, transactionId = 't1', institution = 'bank-a') =>
	ann.command(PLAN, 'refresh', { institution, transactionId });

const audit = async ({ store }: User) => {
	const { rows } = await store.page({ collection: 'consentAudit', prefix: ['ann'], limit: 100 });
	return rows.map(({ doc }) => `${doc.what} ${doc.institution}`);
};

const planned = async ({ store }: User, institution = 'bank-a') =>
	(await store.page({ collection: 'consents', index: 'bySlot', prefix: [institution], limit: 9 }))
		.rows;

describe('[I7] consents', () => {
	test('[I7] are kept with scope and end, put into the plan, and written down', async () => {
		const ann = user();
		await register(ann, ['bank-a', 'card-b']);
		const [row] = await planned(ann);
		expect(row).toMatchObject({
			key: ['bank-a', 'ann'],
			doc: { institution: 'bank-a', userId: 'ann', slot: consentSlot('ann') },
		});
		expect(row?.doc.expires).toBeGreaterThan(ann.now);
		expect(await audit(ann)).toEqual(['given bank-a', 'given card-b']);
	});

	test('[I7] withdrawn: work stops, token is revoked, assets and plan forget the user', async () => {
		const ann = await registered('bank-a', 'card-b');
		expect(outcome(await withdraw(ann))).toBe('OK');
		expect(await snapshots(ann, 'bank-a', 'card-b')).toMatchObject([{ institution: 'card-b' }]);
		expect(await planned(ann)).toEqual([]);
		expect(await planned(ann, 'card-b')).toHaveLength(1);
		expect(next(ann).args).toMatchObject({ op: 'revoke', institution: 'bank-a', token: TOKEN });
		await work(ann);
		expect(intents(ann)).toEqual([]);
		expect(await audit(ann)).toEqual([
			'given bank-a',
			'given card-b',
			'withdrawn bank-a',
			'revoked bank-a',
		]);
		expect(outcome(await withdraw(ann))).toBe('OK-');
	});

	test('[I7] withdrawn while it runs: the job ends, and results that come late change nothing', async () => {
		const ann = user();
		await register(ann, ['bank-a']);
		const authorise = next(ann);
		await reply(ann, authorise, resultOf(authorise));
		const token = next(ann);
		await withdraw(ann);
		expect(await jobs(ann)).toMatchObject([
			{ state: 'cancelled', steps: [{ state: 'failed', code: 'CLOSED' }] },
		]);
		expect(works(ann)).toEqual(['bank-a revoke']);
		expect(outcome(await reply(ann, token, resultOf(token)))).toBe('OK-');
		expect(works(ann)).toEqual(['bank-a revoke']);
		await reply(ann, authorise, resultOf(authorise));
		expect(works(ann)).toEqual(['bank-a revoke']);
	});

	test('[I7] a new consent waits until the token of the old one was asked back, once', async () => {
		const ann = await registered();
		await withdraw(ann);
		await register(ann, ['bank-a']);
		expect(works(ann)).toEqual(['bank-a revoke', 'undefined erase']);
		const revoke = next(ann);
		await reply(ann, revoke, UNAVAILABLE);
		expect(works(ann)).toEqual(['bank-a authorise', 'undefined erase']);
	});

	test('[I7] a revocation is tried again with pauses, and given up some time, written down', async () => {
		const ann = await registered();
		await withdraw(ann);
		let tries = 0;
		const since = ann.now;
		for (;;) {
			const [revoke] = intents(ann).filter(({ args }) => args.op === 'revoke');
			if (revoke === undefined) break;
			tries++;
			await reply(ann, revoke, UNAVAILABLE);
			if (ann.state.registration?.revocations.size === 0) break;
			await wake(ann);
		}
		expect(tries).toBe(10);
		expect(ann.now - since).toBeGreaterThan(3_600_000);
		expect((await audit(ann)).at(-1)).toBe('notRevoked bank-a');
	});

	test('[I7] at its end a consent leaves the plan, and nothing is called any more', async () => {
		const ann = await registered();
		await wake(ann);
		expect(intents(ann)).toEqual([]);
		expect(await planned(ann)).toEqual([]);
		expect(outcome(await refresh(ann))).toBe('FORBIDDEN');
		expect((await audit(ann)).at(-1)).toBe('expired bank-a');
		expect(await snapshots(ann, 'bank-a')).toHaveLength(1);
		expect(outcome(await withdraw(ann))).toBe('OK');
		expect(await snapshots(ann, 'bank-a')).toEqual([]);
	});

	test('[I7] assets that were withdrawn are taken out of the journal too', async () => {
		const ann = await registered();
		const holding = ann.events
			.map(({ type }, index) => ({ type, position: index + 1 }))
			.filter(({ type }) => type === 'fetched')
			.map(({ position }) => position);
		await withdraw(ann);
		const erase = next(ann, 'erase');
		expect(erase.args).toEqual({ op: 'erase', positions: holding });
		await reply(ann, erase, { ok: true });
		expect(works(ann)).toEqual(['bank-a revoke']);
	});

	test('[I7] a history whose assets were erased comes to the same state', async () => {
		const ann = await registered('bank-a', 'card-b');
		await withdraw(ann);
		await register(ann, ['bank-a']);
		await work(ann);
		const copy = user();
		const erased = new Set<number>();
		for (const { data, type } of ann.events) {
			if (type === 'erasing') {
				const index = ann.events.findIndex((event) => event.data === data);
				ann.events.slice(0, index).forEach((event, at) => {
					const isIt = event.type === 'fetched' && event.data.institution === 'bank-a';
					if (isIt) erased.add(at);
				});
			}
		}
		expect(erased.size).toBe(2);
		ann.events.forEach((event, at) => {
			const none = { institution: '', source: 'run', assets: [] } as const;
			copy.apply(erased.has(at) ? { type: 'fetched', data: none } : event);
		});
		await copy.catchUp();
		const { traces, ...rest } = ann.state.registration ?? {};
		const { traces: left, ...same } = copy.state.registration ?? {};
		expect(same).toEqual(rest);
		expect([...(left ?? [])]).toEqual([...(traces ?? [])]);
		expect(await snapshots(copy, 'bank-a', 'card-b')).toEqual(
			await snapshots(ann, 'bank-a', 'card-b'),
		);
	});

	test('[I8] operators see of a user neither tokens nor assets', async () => {
		const ann = await registered();
		await refresh(ann);
		const picture = JSON.stringify(maskedPicture(ann.state, fieldNatures(userContract)));
		expect(JSON.stringify([...ann.cut()])).toContain(TOKEN.access);
		for (const text of ['sealed', 'Savings', 'bank-a']) expect(picture).not.toContain(text);
	});

	test('[I20] users are spread evenly over the slots, each always at its own', () => {
		const buckets = new Array<number>(16).fill(0);
		for (let n = 0; n < 16_000; n++) {
			const slot = consentSlot(`user-${n}`);
			expect(Number.isInteger(slot) && slot >= 0 && slot < CONSENT_SLOTS).toBe(true);
			const bucket = Math.floor((slot / CONSENT_SLOTS) * 16);
			buckets[bucket] = (buckets[bucket] ?? 0) + 1;
		}
		expect(Math.min(...buckets)).toBeGreaterThan(850);
		expect(Math.max(...buckets)).toBeLessThan(1_150);
		expect(consentSlot('ann')).toBe(consentSlot('ann'));
	});
});

describe('[I23] refresh', () => {
	test('[I23] is one piece of work in its own right, recorded once per transaction', async () => {
		const ann = await registered();
		ann.now += 604_800_000;
		const before = await snapshots(ann, 'bank-a');
		expect(await refresh(ann)).toMatchObject({ ok: true, reply: { isRecorded: false } });
		expect(outcome(await refresh(ann))).toBe('OK-');
		const call = next(ann);
		expect(call.args).toMatchObject({ op: 'refresh', transactionId: 't1', token: TOKEN });
		const token = { ...TOKEN, access: 'sealed-b' };
		await reply(ann, call, { ok: true, assets: [asset('9', ann.now)], token });
		const [after] = (await snapshots(ann, 'bank-a')) as { version: number }[];
		expect(after).toMatchObject({ assets: [{ id: '9' }] });
		expect(after?.version).toBeGreaterThan((before[0] as { version: number }).version);
		expect(ann.heard.at(-1)).toMatchObject({
			type: 'refreshed',
			data: { institution: 'bank-a', transactionId: 't1' },
		});
		expect(await refresh(ann)).toMatchObject({ ok: true, reply: { isRecorded: true }, events: [] });
		await refresh(ann, 't2');
		expect(next(ann).args).toMatchObject({ token, transactionId: 't2' });
	});

	test('[I23] one that was refused is told so, and begins anew when it is asked again', async () => {
		const ann = await registered();
		await refresh(ann);
		const call = next(ann);
		await reply(ann, call, { ...UNAVAILABLE, retryAfterMs: 5 });
		expect(ann.heard.at(-1)?.data).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 5 });
		expect(intents(ann)).toEqual([]);
		expect(await refresh(ann)).toMatchObject({ reply: { isRecorded: false } });
		expect(works(ann)).toEqual(['bank-a refresh']);
		expect(next(ann).args).toMatchObject({ transactionId: 't1' });
	});

	test('[I23] waits for a registration, and ends when the consent does', async () => {
		const ann = await registered();
		await register(ann, ['bank-a']);
		expect(outcome(await refresh(ann))).toBe('BUSY');
		await work(ann);
		await refresh(ann);
		await withdraw(ann);
		expect(ann.heard.filter(({ type }) => type === 'refreshed').at(-1)?.data).toMatchObject({
			transactionId: 't1',
			code: 'BUSY',
		});
		expect(works(ann)).toEqual(['bank-a revoke', 'undefined erase']);
		expect(outcome(await refresh(ann))).toBe('FORBIDDEN');
	});
});
