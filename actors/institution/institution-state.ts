import type { Cell } from './institution-events.ts';
import { initialStanding, type Standing } from './standing.ts';

/** Most processes of nodes whose calls are kept; those heard of longest ago give way. */
export const REPORTERS_MAX = 400;
/** Most holders of permits; beyond it others wait. */
export const HOLDERS_MAX = 400;

/** One process of a node. */
export interface Reporter {
	readonly node: string;
	readonly incarnation: string;
	/** When it was heard of first, and last. */
	readonly sinceTime: number;
	heardTime: number;
	/** By generation and slice, the oldest first. */
	readonly cells: Map<string, Cell>;
}

/** Before all time. */
export const NEVER = -1;

/** What a canary's calls have shown since it is one, in this generation. */
export interface Trial {
	readonly node: string;
	readonly sinceTime: number;
	/** Good ones, and few bad ones among them. */
	good: number;
	bad: number;
	/** Of the first of them; {@link NEVER} without one. */
	goodTime: number;
	/** Since when there are too many bad ones; {@link NEVER} where there are not. */
	badTime: number;
	/** Of the last call; absent without one. */
	lastTime?: number;
}

/** Sums of calls; bad are failed and slow ones. */
export interface Sums {
	calls: number;
	bad: number;
}

/** The same, node by node as well. */
export interface JudgedSums extends Sums {
	readonly nodes: Map<string, Sums>;
}

export interface Holder {
	readonly node: string;
	readonly incarnation: string;
	readonly n: number;
	readonly want: number;
	readonly share: number;
	/** What it may be using at most. */
	readonly bound: number;
	readonly tick: number;
	/** Since when it holds something, or waits for the first, as a tick. */
	readonly sinceTick: number;
}

/** Bounded, whatever the number of calls. */
export interface InstitutionState {
	readonly id: string;
	standing: Standing;
	/**
	 * The actor's own time in milliseconds: what its nodes' monotonic clocks have counted since it was
	 * made. No wall clock can move it, and it stands still while nobody reports.
	 */
	time: number;
	readonly reporters: Map<string, Reporter>;
	/** Calls of the present generation, by sixth of a minute. */
	readonly judged: Map<number, JudgedSums>;
	/** All calls, by minute. */
	readonly minutes: Map<number, Sums>;
	/** One node's calls are bad, and the others have not been heard yet. */
	suspicion?: { readonly node: string; readonly time: number } | undefined;
	trials: Trial[];
	readonly holders: Map<string, Holder>;
	/** Number of the last answer about permits. */
	tick: number;
}

const NO_RULES = {
	name: '',
	industry: 'bank',
	ratePerSecond: 1,
	routes: 1,
	breaker: { failureRate: 1, callsMin: 1, goodMs: 1, stepMs: 1, expectedMs: 1 },
} as const;

export const initialInstitution = (id: string): InstitutionState => ({
	id,
	standing: initialStanding(NO_RULES, 0),
	time: 0,
	reporters: new Map(),
	judged: new Map(),
	minutes: new Map(),
	trials: [],
	holders: new Map(),
	tick: 0,
});

export const processKey = (node: string, incarnation: string) => `${node} ${incarnation}`;
export const cellKey = ({ generation, slice }: Pick<Cell, 'generation' | 'slice'>) =>
	`${generation}:${slice}`;

/** Node numbers count up, so the oldest comes first. */
export const byAge = (one: string, other: string) =>
	Number(one) - Number(other) || (one < other ? -1 : Number(one > other));
