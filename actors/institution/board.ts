import type { InstitutionBoard } from '../../src/protocol/institution.ts';
import { livingNodes } from './canaries.ts';
import { badOf, callsOf, minuteOf } from './evolve-institution.ts';
import { byAge, type InstitutionState, type Sums } from './institution-state.ts';
import { circuitOf, gateOf, infoOf, percentOf, permitsOf, type Standing } from './standing.ts';

/** Calls and bad ones of one node in one minute. */
interface Square extends Sums {
	readonly node: string;
	readonly minute: number;
}

/** Node × minute over all generations: whether it is the institution or one node. */
function matrixOf(state: InstitutionState): Square[] {
	const squares = new Map<string, Square>();
	for (const { node, cells } of state.reporters.values()) {
		for (const cell of cells.values()) {
			const { counts } = cell;
			const minute = minuteOf(cell);
			const key = `${node} ${minute}`;
			const square = squares.get(key) ?? { node, minute, calls: 0, bad: 0 };
			square.calls += callsOf(counts);
			square.bad += badOf(counts);
			squares.set(key, square);
		}
	}
	return [...squares.values()].sort(
		(one, other) => byAge(one.node, other.node) || one.minute - other.minute,
	);
}

/** Lists of their own, for whoever reads the board. */
const namesOf = ({ canaries, badNodes }: Standing) => ({
	canaries: [...canaries],
	badNodes: [...badNodes],
});

/** All that is known of an institution, for operators. */
export function boardOf(state: InstitutionState, now: number): Omit<InstitutionBoard, 'turns'> {
	const { standing, id, time, trials, holders, reporters } = state;
	return {
		info: infoOf(id, standing),
		rules: standing.rules,
		gate: { ...gateOf(standing, now), ...namesOf(standing) },
		mode: standing.mode,
		auto: standing.auto,
		time,
		nodes: [...reporters.values()]
			.map(({ node, incarnation, heardTime }) => ({ node, incarnation, agoMs: time - heardTime }))
			.sort((one, other) => byAge(one.node, other.node)),
		matrix: matrixOf(state),
		canaries: trials.map(({ lastTime: _, ...trial }) => trial),
		badNodes: [...standing.badNodes],
		permits: {
			...permitsOf(standing),
			ratePerSecond: standing.ratePerSecond,
			rateFactor: standing.rateFactor,
			holders: [...holders.values()].map(({ node, want, share, bound }) => ({
				node,
				want,
				share,
				bound,
			})),
		},
	};
}

/** A few numbers and words for the room beside the actor. */
export function figuresOf(state: InstitutionState): Readonly<Record<string, unknown>> {
	const { standing, time, holders } = state;
	const { generation, health, calls, failureRate, badNodes, route, canaries } = standing;
	const out = [...holders.values()].reduce((sum, { bound }) => sum + bound, 0);
	return {
		circuit: circuitOf(standing),
		health,
		percent: percentOf(standing),
		generation,
		calls,
		failureRate,
		nodes: livingNodes(state, time).length,
		canaries: canaries.join(' '),
		badNodes: badNodes.join(' '),
		route,
		permits: permitsOf(standing).count,
		permitsOut: out,
	};
}
