import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Act, Fault, Script } from '../support/payment-world.ts';
import { PaymentWorld } from '../support/payment-world.ts';

const RUNS = 4_000;

const delay = fc.integer({ min: 0, max: 900_000 });
const fault: fc.Arbitrary<Fault> = fc.oneof(
	fc.record({
		kind: fc.constantFrom(
			'fine' as const,
			'unsent' as const,
			'requestLost' as const,
			'answerLost' as const,
			'bankSaysNo' as const,
			'mumbles' as const,
		),
	}),
	fc.record({ kind: fc.constantFrom('late' as const, 'twice' as const), ms: delay }),
);
/** Also long stretches of one kind: a provider, or the way to it, is down. */
const stretch = fc
	.tuple(fault, fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 30 })))
	.map(([one, length]) => Array.from({ length }, () => one));

const at = fc.integer({ min: 0, max: 500_000 });
const order = fc.integer({ min: 0, max: 2 });
const act: fc.Arbitrary<Act> = fc.oneof(
	fc.record({ at, order, kind: fc.constant('pay' as const) }),
	fc.record({
		at: delay,
		order,
		kind: fc.constant('refund' as const),
		part: fc.constantFrom(0, 1, 2_500, 5_000, 5_001),
	}),
	fc.record({
		at: fc.integer({ min: 0, max: 3_000_000 }),
		order,
		kind: fc.constant('resolve' as const),
		how: fc.constantFrom('retry' as const, 'settled' as const),
	}),
	fc.record({ at, kind: fc.constant('crash' as const) }),
);

const script: fc.Arbitrary<Script> = fc.record({
	orders: fc.integer({ min: 1, max: 3 }),
	faults: fc.array(stretch, { maxLength: 20 }).map((stretches) => stretches.flat()),
	acts: fc
		.array(act, { maxLength: 12 })
		.map((acts): Act[] => [{ at: 0, kind: 'pay', order: 0 }, ...acts]),
	crashes: fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 8 }),
	lateTimersMs: fc.constantFrom(0, 0, 0, 5_000),
});

const play = (one: Script) => new PaymentWorld(one).play();

describe('a sale among faults', () => {
	test('[T9] [T10] [T13] ends paid and sold or released and free of charge, whatever happens', () => {
		fc.assert(fc.property(script, play), { numRuns: RUNS });
	});

	test('[T9] a crash behind each single result changes nothing about that', () => {
		const acts: Act[] = [
			{ at: 0, kind: 'pay', order: 0 },
			{ at: 60_000, kind: 'refund', order: 0, part: 2_500 },
		];
		const kinds = ['fine', 'unsent', 'requestLost', 'answerLost', 'bankSaysNo', 'mumbles'] as const;
		for (const first of kinds) {
			for (const second of kinds) {
				for (let crash = 0; crash < 8; crash++) {
					const faults = [{ kind: first }, { kind: second }];
					play({ orders: 1, faults, acts, crashes: [crash], lateTimersMs: 0 });
				}
			}
		}
	});
});

test('[T10] a capture that arrives after the bank has refused it is given back', () => {
	const world = new PaymentWorld({
		orders: 1,
		faults: [
			{ kind: 'fine' },
			{ kind: 'late', ms: 5_000 },
			{ kind: 'bankSaysNo' },
			{ kind: 'requestLost' },
		],
		acts: [{ at: 0, kind: 'pay', order: 0 }],
		crashes: [],
		lateTimersMs: 0,
	});
	world.play();
	const [sold] = world.orders;
	const happened = sold?.payment.events.map(({ type }) => type);
	expect(happened).toContain('paymentExpired');
	expect(happened?.slice(-2)).toEqual(['paymentReturnRequested', 'paymentReturned']);
	expect(sold?.seats).toBe('free');
});

describe('readings of an answer that lose or keep money are found', () => {
	const wrong: Readonly<Record<string, NonNullable<Script['misread']>>> = {
		'a timeout of the authorisation is taken for a failure': ({ op }, result) =>
			op === 'authorise' && result.outcome === 'unknown'
				? { outcome: 'refused', state: 'voided' }
				: result,
		'not found is taken for a failure': ({ op }, result) =>
			op === 'status' && result.outcome === 'done' && result.state === 'notFound'
				? { outcome: 'refused', state: 'voided' }
				: result,
		'a void that is refused because of a capture is good enough': ({ op }, result) =>
			op === 'void' && result.outcome === 'refused' ? { outcome: 'done' } : result,
		'a timeout of the capture is taken for a success': ({ op }, result) =>
			op === 'capture' && result.outcome === 'unknown' ? { outcome: 'done' } : result,
		'a void is not acknowledged, but that is good enough': ({ op }, result) =>
			op === 'void' && result.outcome === 'unknown' ? { outcome: 'done' } : result,
		'a refund is not acknowledged, but that is good enough': ({ op }, result) =>
			op === 'refund' && result.outcome === 'unknown' ? { outcome: 'done' } : result,
	};

	test.each(Object.keys(wrong))('%s', (name) => {
		const misread = wrong[name];
		const found = fc.check(
			fc.property(script, (one) => play({ ...one, ...(misread && { misread }) })),
			{ numRuns: RUNS, endOnFailure: true, seed: 1 },
		);
		expect(found.failed).toBe(true);
	});
});
