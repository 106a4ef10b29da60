import type {
	Circuit,
	InstitutionInfo,
	InstitutionRules,
	MODES,
} from '../../src/protocol/institution.ts';
import type { Gate } from '../../src/protocol/institution-nodes.ts';

export type Mode = (typeof MODES)[number];
export type Health = InstitutionInfo['health'];

/** Percent of the calls that go through at each step of the return; behind the last it is closed. */
export const STEPS_PERCENT = [1, 5, 25] as const;
/** Of the contract's rate, what is handed out. */
const PERMITS_PART = 0.95;
/** A canary tries this often in the time that its calls have to be good, within these bounds. */
const PROBES = 12;
const PROBE_MS_MIN = 200;
const PROBE_MS_MAX = 5_000;

/**
 * How an institution stands, whole in each event that changes it, so that what is told of the event
 * needs nothing else. `Time` is the actor's own: see `InstitutionState.time`.
 *
 *              too many bad calls                 all canaries good
 *     closed ─────────────────────▶ open ─────────────────────────▶ recovering 1 ▶ 5 ▶ 25 %
 *        ▲                            ▲          bad calls               │            │
 *        │                            └──────────────────────────────────┤            │
 *        └───────────────────────────────────────────────────────────────┼────────────┘
 */
export interface Standing {
	readonly rules: InstitutionRules;
	readonly mode: Mode;
	/** What stands without an operator's order. */
	readonly auto: 'closed' | 'open' | 'recovering';
	/** Which of {@link STEPS_PERCENT}, while recovering. */
	readonly step: number;
	/** A new one with each transition: only its calls are judged. */
	readonly generation: number;
	/** Counts what nodes have to know. */
	readonly version: number;
	/** Milliseconds since 1970 of the last transition. */
	readonly since: number;
	readonly turnedTime: number;
	/** Milliseconds since 1970, as long as calls are refused; 0: nothing is expected. */
	readonly expectedAt: number;
	readonly canaries: readonly string[];
	/** Were canaries and had no calls; others have their turn. */
	readonly silent?: readonly string[];
	/** Nodes whose calls fail while those of the others do not. */
	readonly badNodes: readonly string[];
	readonly health: Health;
	readonly prevStatus?: Health;
	readonly healthTime: number;
	readonly route: number;
	/** The contract's rate as it is set now, and what part of it is used since the last 429. */
	readonly ratePerSecond: number;
	readonly rateFactor: number;
	readonly throttledTime: number;
	/** The last full minute of the cluster. */
	readonly minute: number;
	readonly calls: number;
	readonly failureRate: number;
}

export const initialStanding = (rules: InstitutionRules, now: number): Standing => ({
	rules,
	mode: 'auto',
	auto: 'closed',
	step: 0,
	generation: 1,
	version: 1,
	since: now,
	turnedTime: 0,
	expectedAt: 0,
	canaries: [],
	badNodes: [],
	health: 'HEALTHY',
	healthTime: 0,
	route: 0,
	ratePerSecond: rules.ratePerSecond,
	rateFactor: 1,
	throttledTime: 0,
	minute: -1,
	calls: 0,
	failureRate: 0,
});

/** An operator's order goes before what was found. */
export const circuitOf = ({ mode, auto }: Standing): Circuit => (mode === 'auto' ? auto : mode);

export function percentOf(standing: Standing): number {
	const circuit = circuitOf(standing);
	if (circuit === 'open' || circuit === 'forced-open') return 0;
	return circuit === 'recovering' ? (STEPS_PERCENT[standing.step] ?? 100) : 100;
}

/** What everybody may see. */
export function infoOf(id: string, standing: Standing): InstitutionInfo {
	const { rules, health, prevStatus, expectedAt, since, calls, failureRate } = standing;
	return {
		id,
		name: rules.name,
		industry: rules.industry,
		circuit: circuitOf(standing),
		health,
		...(prevStatus === undefined ? {} : { prevStatus }),
		percent: percentOf(standing),
		...(expectedAt === 0 ? {} : { expectedAt }),
		since,
		calls,
		failureRate,
	};
}

/** What nodes go by, seen at `now`. */
export function gateOf(standing: Standing, now: number): Gate {
	const { generation, version, canaries, badNodes, route, expectedAt, rules } = standing;
	const probeMs = Math.floor(rules.breaker.goodMs / PROBES);
	return {
		generation,
		version,
		circuit: circuitOf(standing),
		percent: percentOf(standing),
		canaries,
		badNodes,
		route,
		probeMs: Math.min(Math.max(probeMs, PROBE_MS_MIN), PROBE_MS_MAX),
		...permitsToldOf(standing),
		...(expectedAt === 0 ? {} : { expectedInMs: Math.max(0, expectedAt - now) }),
	};
}

function permitsToldOf(standing: Standing): Pick<Gate, 'permits' | 'perSecond'> {
	const { count, intervalMs } = permitsOf(standing);
	return { permits: count, perSecond: (count * 1_000) / intervalMs };
}

/**
 * How many permits may be out at a time, each for one call in any `intervalMs`. Whole ones only: parts
 * of a call on many nodes could meet in one second.
 */
export function permitsOf({ ratePerSecond, rateFactor }: Standing): {
	readonly count: number;
	readonly intervalMs: number;
} {
	// A hair more, for 0.95 × 20 has to be 19.
	const perSecond = ratePerSecond * rateFactor * PERMITS_PART + 1e-9;
	if (perSecond >= 1) return { count: Math.floor(perSecond), intervalMs: 1_000 };
	return { count: 1, intervalMs: Math.ceil(1_000 / perSecond) };
}
