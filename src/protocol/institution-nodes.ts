/** What nodes and the actor of an institution say to each other. */
import type { Circuit } from './institution.ts';

/** Whom the actor of an institution tells what concerns nodes only; no user has such an id. */
export const NODES = '@nodes';

/** Calls that began within so long of each other are counted together; a minute has whole ones. */
export const SLICE_MS = 5_000;
/** A cell that began longer ago is neither told nor counted any more. */
export const CELL_AGE_MS_MAX = 150_000;

/** Calls of one kind of outcome each: good ones (also refusals in good order), failed, slow, 429. */
export type Counts = readonly [ok: number, failed: number, slow: number, throttled: number];

/**
 * The calls of one node that began in one slice of its time, under one generation: totals since the
 * slice began, never what was added since the last report. `ageMs`: how long ago the slice began.
 */
export type ReportedCell = readonly [
	generation: number,
	slice: number,
	ageMs: number,
	...counts: Counts,
];

/** Arguments of `report`. A lost, repeated or late one does no harm (I10). */
export interface Report {
	/** Of the node's process: its slices are numbered from its start. */
	readonly incarnation: string;
	/** The actor's time as this node reckons it; absent until it has had an answer. */
	readonly time?: number | undefined;
	/** Of the gate that the node has; 0 for none. */
	readonly version: number;
	readonly cells: readonly ReportedCell[];
}

/** The answer to a report. */
export interface Reported {
	readonly time: number;
	/** Whether the calls need not be told again. */
	readonly isKept: boolean;
	/** When the node has an older one. */
	readonly gate?: Gate;
}

/** How a node is to let calls through: event `circuit`, view and answers. */
export interface Gate {
	readonly generation: number;
	/** The higher one holds, whatever the order in which they come. */
	readonly version: number;
	readonly circuit: Circuit;
	/** Of the calls that may go, while recovering. */
	readonly percent: number;
	/** Nodes that may try while it is open, once in `probeMs` each. */
	readonly canaries: readonly string[];
	readonly badNodes: readonly string[];
	readonly route: number;
	readonly probeMs: number;
	/** Permits of all nodes together: a change is a reason to ask anew. */
	readonly permits: number;
	/** What all nodes together may call in a second, as long as it is so; absent from older owners. */
	readonly perSecond?: number;
	/** When it is expected back, from the telling on. */
	readonly expectedInMs?: number;
}

/** Arguments of `permits`. */
export interface PermitRequest {
	readonly incarnation: string;
	/** Counts the requests of the incarnation: an older one has no effect. */
	readonly n: number;
	/** What this node keeps to from now on, and kept to in the interval that ends now. */
	readonly holds: number;
	/** What it could use; 0 gives all back. */
	readonly want: number;
	/** The highest number of an answer that this node has had for {@link PERMIT_OVER_MS}; 0 for none. */
	readonly past: number;
	/** The owner has changed: the share shall be renewed as it is. */
	readonly again?: boolean | undefined;
}

/** The answer to {@link PermitRequest}. */
export interface Permits {
	/** Calls in any `intervalMs`, valid for {@link PERMIT_VALID_MS} from the sending of the request. */
	readonly share: number;
	readonly intervalMs: number;
	/** Number of this answer, over all nodes. */
	readonly tick: number;
}

/** How long a share may be used, from the sending of its renewal. */
export const PERMIT_VALID_MS = 20_000;
/**
 * Whoever has had an answer so long knows that shares renewed before it are over: longer than they are
 * valid by more than the clocks of two machines differ in that time.
 */
export const PERMIT_OVER_MS = 21_500;
