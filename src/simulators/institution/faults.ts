import { z } from 'zod';

const latency = z.number().min(0).max(600_000);

const faults = {
	/** Before each answer; of two numbers something between them. */
	latencyMs: z.union([latency, z.tuple([latency, latency])]),
	/** Share of calls that are answered 500. */
	errorRate: z.number().min(0).max(1),
	/** `true`: 503 at once; `refuse`: no answer, the connection ends; `hang`: never any answer. */
	outage: z.union([z.boolean(), z.enum(['refuse', 'hang'])]),
	/** Calls in any one second; more are answered 429. */
	ratePerSecond: z.number().positive().max(1_000_000).nullable(),
	/** Between two pieces of an answer, which comes in pieces when this is not 0. */
	dripMs: latency,
	/**
	 * What comes instead of an answer; `true`: of each something in turn. `cut` ends the connection in
	 * the middle of the answer.
	 */
	garbage: z.union([z.boolean(), z.enum(['schema', 'text', 'huge', 'redirect', 'cut'])]),
};

/** How an institution behaves on one route. */
export type Faults = { readonly [K in keyof typeof faults]: z.infer<(typeof faults)[K]> };

export const NO_FAULTS: Faults = {
	latencyMs: [20, 80],
	errorRate: 0,
	outage: false,
	ratePerSecond: null,
	dripMs: 0,
	garbage: false,
};

/** What `POST /control` takes: fields that are absent stay as they are. */
export const controlSchema = z.strictObject({
	/** `*`: all of them. */
	institution: z.string(),
	/** The first or the second route; absent: both. */
	route: z.int().min(0).max(1).optional(),
	...z.object(faults).partial().shape,
});

/** Draws how long to wait. */
export function latencyOf({ latencyMs }: Faults): number {
	if (typeof latencyMs === 'number') return latencyMs;
	const [min, max] = latencyMs;
	return min + Math.random() * Math.max(0, max - min);
}

const GARBAGE = ['schema', 'text', 'huge', 'redirect', 'cut'] as const;
export type Garbage = (typeof GARBAGE)[number];

/** What to send instead of the answer, if anything; `n` counts the calls. */
export function garbageOf({ garbage }: Faults, n: number): Garbage | undefined {
	if (garbage === true) return GARBAGE[n % GARBAGE.length];
	return garbage === false ? undefined : garbage;
}
