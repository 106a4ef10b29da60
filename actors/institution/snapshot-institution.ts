import type { Cell } from './institution-events.ts';
import {
	cellKey,
	type Holder,
	type InstitutionState,
	initialInstitution,
	processKey,
	type Reporter,
	type Sums,
} from './institution-state.ts';

const VERSION = 1;
/** Far below the bound of a part: a process has some 40 cells. */
const PART_ROWS_MAX = 50;

type Head = Pick<InstitutionState, 'standing' | 'time' | 'trials' | 'tick' | 'suspicion'> & {
	readonly judged: readonly (readonly [number, readonly (readonly [string, Sums])[]])[];
	readonly minutes: readonly (readonly [number, Sums])[];
	readonly holders: readonly Holder[];
};
type ReporterRow = Omit<Reporter, 'cells'> & { readonly cells: readonly Cell[] };
type Part =
	| { readonly part: 'head'; readonly version: number; readonly head: Head }
	| { readonly part: 'reporters'; readonly rows: readonly ReporterRow[] };

function* partsOf(head: Head, reporters: readonly ReporterRow[]): Generator<Part> {
	yield { part: 'head', version: VERSION, head };
	for (let from = 0; from < reporters.length; from += PART_ROWS_MAX) {
		yield { part: 'reporters', rows: reporters.slice(from, from + PART_ROWS_MAX) };
	}
}

/** The sums of all nodes are those of the whole. */
const judgedOf = (judged: InstitutionState['judged']) =>
	[...judged].map(([sixth, { nodes }]) => [sixth, nodesOf(nodes)] as const);

const nodesOf = (nodes: ReadonlyMap<string, Sums>) =>
	[...nodes].map(([node, sums]) => [node, { ...sums }] as const);

const sumsOf = (sums: ReadonlyMap<number, Sums>) =>
	[...sums].map(([minute, sum]) => [minute, { ...sum }] as const);

/** An immutable cut: cells and holders are shared and never changed. */
export function cutInstitution(state: InstitutionState): Iterable<unknown> {
	const { standing, time, tick, suspicion } = state;
	const head: Head = {
		standing,
		time,
		tick,
		...(suspicion === undefined ? {} : { suspicion }),
		trials: state.trials.map((trial) => ({ ...trial })),
		judged: judgedOf(state.judged),
		minutes: sumsOf(state.minutes),
		holders: [...state.holders.values()],
	};
	const reporters = [...state.reporters.values()].map((reporter) => ({
		...reporter,
		cells: [...reporter.cells.values()],
	}));
	return partsOf(head, reporters);
}

function restoreHead(state: InstitutionState, head: Head): void {
	state.standing = head.standing;
	state.time = head.time;
	state.tick = head.tick;
	state.suspicion = head.suspicion;
	state.trials = head.trials.map((trial) => ({ ...trial }));
	for (const [sixth, nodes] of head.judged) {
		const sums = { calls: 0, bad: 0, nodes: new Map<string, Sums>() };
		for (const [node, { calls, bad }] of nodes) {
			sums.calls += calls;
			sums.bad += bad;
			sums.nodes.set(node, { calls, bad });
		}
		state.judged.set(sixth, sums);
	}
	for (const [minute, sums] of head.minutes) state.minutes.set(minute, { ...sums });
	for (const holder of head.holders) {
		state.holders.set(processKey(holder.node, holder.incarnation), holder);
	}
}

/** The state of a cut; throws on a version that this build does not know. */
export function restoreInstitution(id: string, parts: readonly unknown[]): InstitutionState {
	const state = initialInstitution(id);
	for (const part of parts as readonly Part[]) {
		if (part.part === 'reporters') {
			for (const row of part.rows) {
				const cells = new Map(row.cells.map((cell) => [cellKey(cell), cell]));
				state.reporters.set(processKey(row.node, row.incarnation), { ...row, cells });
			}
		} else if (part.version === VERSION) restoreHead(state, part.head);
		else throw new Error(`institution snapshot version ${part.version}`);
	}
	return state;
}
