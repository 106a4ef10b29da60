import { z } from 'zod';

const milliseconds = z.number().min(0).max(600_000);
const share = z.number().min(0).max(1);

const behaviour = {
	/** Before each answer; of two numbers something between them. */
	latencyMs: z.union([milliseconds, z.tuple([milliseconds, milliseconds])]),
	/** Share of authorisations that the bank declines. */
	declineRate: share,
	/** Share of requests that are answered 500 and have no effect. */
	errorRate: share,
	/** Share of requests that take effect, money included, but are never answered. */
	lostAnswerRate: share,
	/**
	 * Above 0, authorisations are never answered and take effect so much later: behind whatever was asked
	 * or voided meanwhile.
	 */
	lateArrivalMs: milliseconds,
	/** Share of requests that come twice, the second time a little later. */
	duplicateRate: share,
	/** `true`: 503 at once; `refuse`: no answer, the connection ends; `hang`: never any answer. */
	outage: z.union([z.boolean(), z.enum(['refuse', 'hang'])]),
};

/** How a provider behaves. */
export type ProviderBehaviour = {
	readonly [K in keyof typeof behaviour]: z.infer<(typeof behaviour)[K]>;
};

export const GOOD_BEHAVIOUR: ProviderBehaviour = {
	latencyMs: [20, 80],
	declineRate: 0,
	errorRate: 0,
	lostAnswerRate: 0,
	lateArrivalMs: 0,
	duplicateRate: 0,
	outage: false,
};

/** What `POST /control` takes: fields that are absent stay as they are. */
export const controlSchema = z.strictObject({
	/** Absent: all of them. */
	provider: z.string().optional(),
	...z.object(behaviour).partial().shape,
});

/** Something between the two bounds of a latency. */
export function latencyOf({ latencyMs }: ProviderBehaviour, random: () => number): number {
	if (typeof latencyMs === 'number') return latencyMs;
	const [min, max] = latencyMs;
	return min + random() * Math.max(0, max - min);
}

/** Chance that is the same for the same seed (mulberry32). */
export function seededChance(seed: number): () => number {
	let state = seed | 0;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
