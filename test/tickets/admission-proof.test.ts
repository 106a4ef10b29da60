import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { AdmissionProofs } from '../../src/tickets/admission-proof.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const SECRET = 'a secret of an event, long enough';
const runtime = new VirtualRuntime();
const DEADLINE = runtime.now() + 600_000;
const ADMISSION = { userId: 'ann', id: 'admission-1', deadline: DEADLINE };

const proofsOf = (eventId = 'concert', secret = SECRET) =>
	new AdmissionProofs({ eventId, secret, runtime });

const codeOf = async (proofs: AdmissionProofs, proof: string, userId = 'ann') => {
	const checked = await proofs.check(proof, userId);
	return checked.ok ? checked.admission : checked.code;
};

const bytes = new TextEncoder().encode(SECRET);
const seconds = Math.ceil(DEADLINE / 1_000);
const jwt = (claims: object = { event: 'concert' }) =>
	new SignJWT({ ...claims })
		.setProtectedHeader({ alg: 'HS256' })
		.setSubject('ann')
		.setJti('admission-1')
		.setExpirationTime(seconds);

describe('[T5] a proof of admission', () => {
	test('is good at every node of the event, for its user', async () => {
		const proof = await proofsOf().sign(ADMISSION);
		expect(await codeOf(proofsOf(), proof)).toBe('admission-1');
		const here = proofsOf();
		expect(await codeOf(here, proof)).toBe('admission-1');
		expect(await codeOf(here, proof)).toBe('admission-1');
	});

	test('is refused to another user, at another event and under another secret', async () => {
		const proofs = proofsOf();
		const proof = await proofs.sign(ADMISSION);
		expect(await codeOf(proofs, proof, 'bob')).toBe('NOT_ADMITTED');
		expect(await codeOf(proofsOf('other'), proof)).toBe('NOT_ADMITTED');
		expect(await codeOf(proofsOf('concert', `${SECRET}!`), proof)).toBe('NOT_ADMITTED');
	});

	test.each([
		['nothing', async () => ''],
		['rubbish', async () => 'a.b.c'],
		[
			'no signature',
			async () => new UnsecuredJWT({ event: 'concert' }).setSubject('ann').setJti('x').encode(),
		],
		['another event in it', () => jwt({ event: 'other' }).sign(bytes)],
		['no event in it', () => jwt({}).sign(bytes)],
		[
			'no end',
			() =>
				new SignJWT({ event: 'concert' })
					.setProtectedHeader({ alg: 'HS256' })
					.setSubject('ann')
					.setJti('x')
					.sign(bytes),
		],
		[
			'another algorithm',
			() =>
				new SignJWT({ event: 'concert' })
					.setProtectedHeader({ alg: 'HS512' })
					.setSubject('ann')
					.setJti('x')
					.setExpirationTime(seconds)
					.sign(new TextEncoder().encode(SECRET.repeat(3))),
		],
	])('with %s is none', async (_, make) => {
		expect(await codeOf(proofsOf(), await make())).toBe('NOT_ADMITTED');
	});

	test('ends with its second and what clocks may differ, wherever it was looked at', async () => {
		const clock = new VirtualRuntime();
		const options = { eventId: 'concert', secret: SECRET, runtime: clock };
		const [signer, other] = [new AdmissionProofs(options), new AdmissionProofs(options)];
		const proof = await signer.sign({ ...ADMISSION, deadline: clock.now() + 60_000 });
		expect(await codeOf(other, proof)).toBe('admission-1');
		await clock.advance(69_000);
		expect(await codeOf(other, proof)).toBe('admission-1');
		await clock.advance(2_000);
		const codes = [signer, other, new AdmissionProofs(options)].map((one) => codeOf(one, proof));
		expect(await Promise.all(codes)).toEqual(['EXPIRED', 'EXPIRED', 'EXPIRED']);
		expect(await codeOf(other, proof, 'bob')).toBe('NOT_ADMITTED');
	});
});
