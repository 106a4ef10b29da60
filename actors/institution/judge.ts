import { badNodeOf } from './bad-node.ts';
import { badOf, callsOf, gainOf, MINUTE_MS, SIXTHS } from './evolve-institution.ts';
import type { ReportedEvent } from './institution-events.ts';
import { cellKey, type InstitutionState, processKey, type Sums } from './institution-state.ts';

/** So long a verdict waits for the reports of other nodes when only one node's calls are bad. */
const OTHERS_MS = 3_000;
/** Without operators' wishes, this part of the rate that opens is worth caution. */
const CAUTION_PART = 0.4;
/** So many times the least number of calls are enough to judge the last 10 to 20 s by themselves. */
const MANY_CALLS = 3;

/**
 * What the calls of the present minute say (and of the one before, while there are too few), or, where
 * there are many, those of the last 10 to 20 s, so that good ones from before do not hide what happens.
 * `bank`: the institution itself. `node`: only this node's calls are bad, the others' are not.
 * `alone`: this node's are bad, and too little is known of the others.
 */
export type Finding =
	| { readonly kind: 'quiet' | 'fine' | 'caution' | 'bank' }
	| { readonly kind: 'node' | 'alone'; readonly node: string };

interface Window {
	readonly from: number;
	readonly sums: Sums;
}

/** Calls that a report brings in, of the present generation. */
function gainsOf(state: InstitutionState, { node, incarnation, cells }: ReportedEvent) {
	const known = state.reporters.get(processKey(node, incarnation))?.cells;
	const { generation } = state.standing;
	return cells
		.filter((cell) => cell.generation === generation)
		.map((cell) => {
			const gain = gainOf(cell.counts, known?.get(cellKey(cell))?.counts);
			return { sixth: cell.sixth, calls: callsOf(gain), bad: badOf(gain) };
		});
}

type Gains = ReturnType<typeof gainsOf>;

function sumsSince(state: InstitutionState, from: number, gains: Gains): Sums {
	const sums = { calls: 0, bad: 0 };
	const add = (sixth: number, { calls, bad }: Sums) => {
		if (sixth < from) return;
		sums.calls += calls;
		sums.bad += bad;
	};
	for (const [sixth, sum] of state.judged) add(sixth, sum);
	for (const gain of gains) add(gain.sixth, gain);
	return sums;
}

const isBad = ({ calls, bad }: Sums, rate: number) => calls > 0 && bad >= calls * rate;

/** Which of the latest calls to judge by; bad ones that have just begun go before the whole minute. */
function windowOf(
	state: InstitutionState,
	gains: Gains,
	{ time, callsMin, rate }: { readonly time: number; readonly callsMin: number; rate: number },
): Window {
	const latest = Math.floor((time * SIXTHS) / MINUTE_MS) - 1;
	const last = sumsSince(state, latest, gains);
	if (last.calls >= callsMin * MANY_CALLS && isBad(last, rate)) return { from: latest, sums: last };
	const minute = Math.floor(time / MINUTE_MS) * SIXTHS;
	const present = sumsSince(state, minute, gains);
	// Good calls may come some seconds later than bad ones: a minute that begins is not judged alone.
	const isYoung = latest < minute;
	if (present.calls >= callsMin && !isYoung) return { from: minute, sums: present };
	return { from: minute - SIXTHS, sums: sumsSince(state, minute - SIXTHS, gains) };
}

/** The same calls of one node, as far as they are known. */
export function sumsOfNode(state: InstitutionState, node: string, from: number): Sums {
	const sums = { calls: 0, bad: 0 };
	for (const [sixth, { nodes }] of state.judged) {
		const { calls, bad } = (sixth >= from && nodes.get(node)) || { calls: 0, bad: 0 };
		sums.calls += calls;
		sums.bad += bad;
	}
	return sums;
}

/** The same calls, node by node. */
function sumsByNode(
	state: InstitutionState,
	from: number,
	also: { readonly node: string; readonly gains: Gains },
): Map<string, Sums> {
	const rows = new Map<string, Sums>();
	const add = (node: string, { calls, bad }: Sums) => {
		const row = rows.get(node) ?? { calls: 0, bad: 0 };
		row.calls += calls;
		row.bad += bad;
		rows.set(node, row);
	};
	for (const [sixth, { nodes }] of state.judged) {
		if (sixth < from) continue;
		for (const [node, sums] of nodes) add(node, sums);
	}
	for (const gain of also.gains) if (gain.sixth >= from) add(also.node, gain);
	return rows;
}

/** Leaves out the worst node (and those known to be bad): do the others' calls fail as well? */
function whoseFault(
	state: InstitutionState,
	rows: ReadonlyMap<string, Sums>,
	{ rate, callsMin }: { readonly rate: number; readonly callsMin: number },
): Finding {
	const { badNodes } = state.standing;
	const suspects = [...rows].filter(([node]) => !badNodes.includes(node));
	const [worst] = suspects.toSorted(([, one], [, other]) => other.bad - one.bad);
	// All that is bad comes from nodes that are known to be.
	if (worst === undefined) {
		const others = [...state.reporters.values()].some((other) => !badNodes.includes(other.node));
		return { kind: others ? 'fine' : 'bank' };
	}
	const [node] = worst;
	const rest = { calls: 0, bad: 0 };
	for (const [other, { calls, bad }] of suspects) {
		if (other === node) continue;
		rest.calls += calls;
		rest.bad += bad;
	}
	if (rest.calls < callsMin) {
		return isBad(worst[1], rate) ? { kind: 'alone', node } : { kind: 'fine' };
	}
	return compare(worst, rest, rate);
}

/** One node against the others. Only where those are well for certain it is the node. */
function compare([node, sums]: readonly [string, Sums], rest: Sums, rate: number): Finding {
	if (isBad(rest, rate)) return { kind: 'bank' };
	if (!isBad(sums, rate)) return { kind: 'fine' };
	return isBad(rest, rate * CAUTION_PART) ? { kind: 'caution' } : { kind: 'node', node };
}

/** After a while, what is known of the others has to do; there may be none. */
function settle(
	state: InstitutionState,
	rows: ReadonlyMap<string, Sums>,
	{ node, time, rate }: { readonly node: string; readonly time: number; readonly rate: number },
): Finding {
	const { suspicion } = state;
	const reporters = [...state.reporters.values()];
	const others = reporters.some((other) => other.node !== node);
	const isHeard = reporters.some(({ sinceTime }) => time - sinceTime >= OTHERS_MS);
	// Where now one node stands out and now another, no one of them does.
	const waited = suspicion !== undefined && time - suspicion.time >= OTHERS_MS;
	if (!waited && (others || !isHeard)) return { kind: 'alone', node };
	const rest = { calls: 0, bad: 0 };
	for (const [other, { calls, bad }] of rows) {
		if (other === node || state.standing.badNodes.includes(other)) continue;
		rest.calls += calls;
		rest.bad += bad;
	}
	if (rest.calls === 0) return { kind: 'bank' };
	return compare([node, rows.get(node) ?? rest], rest, rate);
}

/** Judges the calls of the present generation, those of a report included. */
export function judge(state: InstitutionState, reported: ReportedEvent, callsMin: number): Finding {
	const { time, node } = reported;
	const { failureRate: rate } = state.standing.rules.breaker;
	const gains = gainsOf(state, reported);
	const { from, sums } = windowOf(state, gains, { time, callsMin, rate });
	if (sums.calls < callsMin) return { kind: 'quiet' };
	if (!isBad(sums, rate)) {
		const othersRate = rate * CAUTION_PART;
		const bad = sums.bad === 0 ? undefined : badNodeOf(state, { time, rate, othersRate, callsMin });
		if (bad !== undefined) return { kind: 'node', node: bad };
		return { kind: isBad(sums, othersRate) ? 'caution' : 'fine' };
	}
	const rows = sumsByNode(state, from, { node, gains });
	const finding = whoseFault(state, rows, { rate, callsMin });
	return finding.kind === 'alone'
		? settle(state, rows, { node: finding.node, time, rate })
		: finding;
}
