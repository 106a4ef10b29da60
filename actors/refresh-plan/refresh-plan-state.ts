import {
	REFRESH_MINUTES_MAX,
	type RefreshCursor,
	type RefreshMinute,
	type RefreshPlanInfo,
} from '../../src/protocol/refresh-plan.ts';

const VERSION = 1;
/** A part of a snapshot holds at most this many open targets: 100 KB. */
const PART_ROWS_MAX = 2_000;

/** What is bounded by nature: goes into a snapshot as it stands. */
interface Standing {
	phase: RefreshPlanInfo['phase'];
	paused: boolean;
	perSecondMax?: number | undefined;
	/** While it rests: when it goes on. */
	nextAt?: number | undefined;
	/** Counts the runs: the name of the work that the host has done. */
	run: number;
	/** Who may take steps now, and which step was its last. */
	worker?: string | undefined;
	step: number;
	/** Of the last step's targets. */
	batch?: string | undefined;
	week: number;
	weekFrom: number;
	cursor?: RefreshCursor | undefined;
	walked: boolean;
	expected: number;
	targets: number;
	recorded: number;
	gone: number;
	failed: number;
	/** How many targets the week before had. */
	before: number;
	missedLastWeek: number;
}

/** Bounded: open targets by {@link REFRESH_OPEN_MAX}, minutes by {@link REFRESH_MINUTES_MAX}. */
export interface RefreshPlanState extends Standing {
	readonly id: string;
	/** Users by transaction id: taken up, not settled. */
	readonly open: Map<string, string>;
	/** Oldest first. */
	minutes: RefreshMinute[];
}

export const initialRefreshPlan = (id: string): RefreshPlanState => ({
	id,
	phase: 'resting',
	paused: false,
	run: 0,
	step: -1,
	week: 0,
	weekFrom: 0,
	walked: false,
	expected: 0,
	targets: 0,
	recorded: 0,
	gone: 0,
	failed: 0,
	before: 0,
	missedLastWeek: 0,
	open: new Map(),
	minutes: [],
});

/** Whether the week leaves nothing to do. */
export const isDone = ({ walked, open }: RefreshPlanState) => walked && open.size === 0;

/** About how many targets the present week has. */
export const weekTargets = ({ walked, expected, targets }: RefreshPlanState) =>
	walked ? targets : Math.max(expected, targets);

/** Targets of the present week that would be missed if it ended now. */
export const missed = (state: RefreshPlanState) =>
	state.open.size + weekTargets(state) - state.targets;

export function planInfo(state: RefreshPlanState): RefreshPlanInfo {
	const { id, phase, paused, perSecondMax, nextAt, week, weekFrom, walked, open } = state;
	const { missedLastWeek, targets, recorded, gone, failed } = state;
	return {
		institution: id,
		phase,
		paused,
		...(perSecondMax !== undefined && { perSecondMax }),
		week,
		weekFrom,
		expected: weekTargets(state),
		walked,
		missedLastWeek,
		...(nextAt !== undefined && phase === 'resting' && { nextAt }),
		totals: { targets, recorded, gone, failed, open: open.size },
	};
}

/** Forgets the oldest minutes now and then, so that not each one moves all the others. */
export function keepMinute(state: RefreshPlanState, minute: RefreshMinute): void {
	state.minutes.push(minute);
	if (state.minutes.length < 2 * REFRESH_MINUTES_MAX) return;
	state.minutes = state.minutes.slice(-REFRESH_MINUTES_MAX);
}

type Part =
	| { readonly version: number; readonly standing: Standing; readonly minutes: RefreshMinute[] }
	| { readonly open: readonly (readonly [string, string])[] };

function* partsOf(
	standing: Standing,
	minutes: RefreshMinute[],
	open: readonly (readonly [string, string])[],
): Generator<Part> {
	yield { version: VERSION, standing, minutes };
	for (let from = 0; from < open.length; from += PART_ROWS_MAX) {
		yield { open: open.slice(from, from + PART_ROWS_MAX) };
	}
}

/** An immutable cut. */
export function cutRefreshPlan(state: RefreshPlanState): Iterable<unknown> {
	const { id: _id, open, minutes, ...standing } = state;
	return partsOf(standing, minutes.slice(-REFRESH_MINUTES_MAX), [...open]);
}

/** The state of a cut; throws on a version that this build does not know. */
export function restoreRefreshPlan(id: string, parts: readonly unknown[]): RefreshPlanState {
	const state = initialRefreshPlan(id);
	for (const part of parts as readonly Part[]) {
		if ('open' in part) {
			for (const [transactionId, userId] of part.open) state.open.set(transactionId, userId);
		} else {
			if (part.version !== VERSION) throw new Error(`refresh plan snapshot ${part.version}`);
			Object.assign(state, part.standing);
			state.minutes = [...part.minutes];
		}
	}
	return state;
}
