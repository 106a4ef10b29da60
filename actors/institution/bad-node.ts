import { MINUTE_MS, SIXTHS } from './evolve-institution.ts';
import type { InstitutionState, Sums } from './institution-state.ts';

/** A slice that began in a sixth of a minute lasts into the next, and good calls are told late. */
const TOLD_MS = 12_000;
/** Calls of a node in two sixths that say something of it. */
const NODE_CALLS_MIN = 10;

interface Bounds {
	readonly time: number;
	/** Share of bad calls with which a node is bad, and with which the others are not well either. */
	readonly rate: number;
	readonly othersRate: number;
	readonly callsMin: number;
}

const isBad = (sums: Sums | undefined, rate: number): sums is Sums =>
	sums !== undefined && sums.calls > 0 && sums.bad >= sums.calls * rate;

/**
 * A node whose calls fail while they are so few beside those of the others that the whole looks well.
 * Two sixths of a minute have to say so: with the first alone it might be the one that calls most just
 * when all begin to fail. Nodes that are known to be bad are not looked for.
 */
export function badNodeOf(state: InstitutionState, bounds: Bounds): string | undefined {
	const { time, rate, othersRate, callsMin } = bounds;
	const second = Math.floor(((time - TOLD_MS) * SIXTHS) / MINUTE_MS) - 1;
	const before = state.judged.get(second - 1);
	const after = state.judged.get(second);
	if (before === undefined || after === undefined) return undefined;
	for (const [node, sums] of after.nodes) {
		const known = before.nodes.get(node);
		if (!isBad(sums, rate) || !isBad(known, rate)) continue;
		if (sums.calls + known.calls < Math.min(NODE_CALLS_MIN, callsMin)) continue;
		if (state.standing.badNodes.includes(node)) continue;
		const others = { calls: after.calls - sums.calls, bad: after.bad - sums.bad };
		if (others.calls >= NODE_CALLS_MIN && !isBad(others, othersRate)) return node;
	}
	return undefined;
}
