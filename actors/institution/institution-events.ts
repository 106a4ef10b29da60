import type { Counts } from '../../src/protocol/institution-nodes.ts';
import type { Standing } from './standing.ts';

/** A cell as it is kept: with the sixth of the cluster's minutes in which it began. */
export interface Cell {
	readonly generation: number;
	readonly slice: number;
	readonly sixth: number;
	readonly counts: Counts;
}

/** What was heard of a node: the present totals of cells that have changed. */
export interface ReportedEvent {
	readonly node: string;
	readonly incarnation: string;
	readonly time: number;
	/** False for a report that was long under way: it says nothing of whether the node lives. */
	readonly isFresh: boolean;
	readonly cells: readonly Cell[];
}

/** Why a standing is another; kept for operators. */
export interface StoodEvent {
	readonly standing: Standing;
	readonly at: number;
	readonly reason: string;
	/** The operator who ordered it. */
	readonly by?: string | undefined;
	/** The node that it is about. */
	readonly node?: string | undefined;
}

/** A node's share of the permits. */
export interface PermittedEvent {
	readonly node: string;
	readonly incarnation: string;
	readonly n: number;
	readonly want: number;
	/** What was granted, and what the node may be using: the larger one until it has answered. */
	readonly share: number;
	readonly bound: number;
	readonly tick: number;
	/** Holders whose shares are over. */
	readonly over: readonly string[];
}

/**
 * `turned`: the circuit, with a new generation. `told`: what nodes go by, in the same generation.
 * `healthTurned`; `counted`: the figures of a full minute.
 */
export type InstitutionEvent =
	| { readonly type: 'ensured' | 'turned' | 'told'; readonly data: StoodEvent }
	| { readonly type: 'healthTurned' | 'counted'; readonly data: StoodEvent }
	| { readonly type: 'suspected'; readonly data: { node?: string; readonly time: number } }
	| { readonly type: 'reported'; readonly data: ReportedEvent }
	| { readonly type: 'permitted'; readonly data: PermittedEvent };

export const INSTITUTION_EVENT_VERSIONS: Readonly<Record<InstitutionEvent['type'], number>> = {
	ensured: 1,
	turned: 1,
	told: 1,
	healthTurned: 1,
	counted: 1,
	suspected: 1,
	reported: 1,
	permitted: 1,
};
