/**
 * Which provider is asked next: shares by weight, and one circuit for each provider so that nobody
 * waits for one that does not answer. Plain data in the sale's state, changed by payment events.
 *
 *   closed ──FAILURES_MAX in a row──▶ open ──OPEN_MS──▶ one probe ──an answer──▶ closed
 *                                      ▲──────────no answer─────┘
 */
import type { EventMeta } from '../../src/core/actor-kind.ts';
import type { PaymentEvent } from './payment-events.ts';

/** Authorisations without an answer, in a row, that open a provider's circuit. */
export const FAILURES_MAX = 5;
/** Time without calls, and between two probes. */
export const OPEN_MS = 10_000;

export interface ProviderCircuit {
	/** In a row. */
	failures: number;
	/** Closed when absent; behind this time one attempt may probe. */
	openUntil?: number;
}

export interface PaymentRouter {
	readonly circuits: Record<string, ProviderCircuit>;
}

/** Providers by name, with the share of new orders that each gets. */
export type ProviderWeights = Readonly<Record<string, number>>;

export const initialRouter = (): PaymentRouter => ({ circuits: {} });

/** Spreads texts evenly over [0, 1), the same for the same text (FNV-1a, finished as murmur3). */
export function spread(text: string): number {
	let hash = 0x811c9dc5;
	for (let at = 0; at < text.length; at++) {
		hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
	}
	hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
	return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

const openUntil = ({ circuits }: PaymentRouter, provider: string): number =>
	(Object.hasOwn(circuits, provider) ? circuits[provider]?.openUntil : undefined) ?? 0;

export interface ProviderChoice {
	readonly weights: ProviderWeights;
	readonly now: number;
	/** Of the attempt: the same key, the same choice. */
	readonly key: string;
	/** Who may not be chosen. */
	readonly not: readonly string[];
}

/** The provider of a new attempt; `undefined` when none can be asked now. */
export function chooseProvider(
	router: PaymentRouter,
	{ weights, now, key, not }: ProviderChoice,
): string | undefined {
	const candidates = Object.entries(weights)
		.filter(([name, weight]) => weight > 0 && !not.includes(name) && openUntil(router, name) <= now)
		.sort(([one], [other]) => (one < other ? -1 : 1));
	const total = candidates.reduce((sum, [, weight]) => sum + weight, 0);
	let rest = spread(key) * total;
	for (const [name, weight] of candidates) {
		rest -= weight;
		if (rest < 0) return name;
	}
	return candidates.at(-1)?.[0];
}

/** When a provider may be asked again; `undefined` when none has a share. */
export function nextProviderAt(
	router: PaymentRouter,
	weights: ProviderWeights,
): number | undefined {
	const times = Object.keys(weights)
		.filter((name) => (weights[name] ?? 0) > 0)
		.map((name) => openUntil(router, name));
	return times.length === 0 ? undefined : Math.min(...times);
}

function answered(circuit: ProviderCircuit): void {
	circuit.failures = 0;
	delete circuit.openUntil;
}

function unanswered(circuit: ProviderCircuit, at: number): void {
	circuit.failures++;
	if (circuit.failures < FAILURES_MAX) return;
	// Answers that were under way when it opened do not keep it open.
	if (circuit.openUntil === undefined || circuit.openUntil <= at) circuit.openUntil = at + OPEN_MS;
}

/** Takes a payment's event in: what an authorisation showed of its provider. */
export function evolveRouter(
	router: PaymentRouter,
	event: PaymentEvent,
	{ at }: Pick<EventMeta, 'at'>,
): void {
	if (!('provider' in event.data)) return;
	const { provider } = event.data;
	const known = Object.hasOwn(router.circuits, provider) ? router.circuits[provider] : undefined;
	const circuit = known ?? { failures: 0 };
	router.circuits[provider] = circuit;
	if (event.type === 'paymentUnsent' || event.type === 'paymentInquired') unanswered(circuit, at);
	else if (event.type !== 'paymentAttempted') answered(circuit);
	// A probe: nobody else goes until it is answered, or has had its time.
	else if (circuit.openUntil !== undefined) circuit.openUntil = at + OPEN_MS;
}
