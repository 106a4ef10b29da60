import type { Command, Context, Decision, Rejection } from '../../src/core/actor-kind.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import type { Args } from '../../src/protocol/kind.ts';
import {
	REFRESH_OPEN_MAX,
	type RefreshBegun,
	type RefreshStep,
	type RefreshStepped,
	type RefreshTotals,
	type refreshPlanContract,
} from '../../src/protocol/refresh-plan.ts';
import { isDone, missed, type RefreshPlanState, weekTargets } from './refresh-plan-state.ts';

/** What happens to the weekly refresh of one institution. */
export type RefreshPlanEvent =
	/** It rests until then. */
	| { readonly type: 'rested'; readonly data: { readonly nextAt: number } }
	| { readonly type: 'started'; readonly data: { readonly run: number } }
	| {
			readonly type: 'begun';
			readonly data: {
				readonly worker: string;
				readonly week: number;
				readonly weekFrom: number;
				/** Targets of the week before that nobody came to, when another week begins. */
				readonly missed?: number;
			};
	  }
	| { readonly type: 'stepped'; readonly data: Stepped }
	| { readonly type: 'limited'; readonly data: { readonly perSecondMax?: number | undefined } }
	| { readonly type: 'paused' | 'resumed'; readonly data: Readonly<Record<string, never>> };

/** A step with what the actor adds: the name of its targets, and the totals behind it. */
export interface Stepped extends Omit<RefreshStep, 'worker'> {
	readonly batch?: string;
	readonly totals: RefreshTotals;
}

type Contract = typeof refreshPlanContract;
type Decided = Decision<RefreshPlanEvent>;

/** The port of the work that a run is; its result is `{nextAt}`. */
const REFRESH_RUN_PORT = 'refresh-plan';

const refuse = (code: ErrorCode, message: string): Rejection => ({ ok: false, code, message });

const accept = (events: readonly RefreshPlanEvent[], reply: unknown = {}): Decided => ({
	ok: true,
	events,
	reply,
});

const runId = ({ run }: RefreshPlanState) => `run-${run}`;

/** While it runs, one piece of work outside: the worker, beside whoever owns the actor. */
export const intentsOf = (state: RefreshPlanState) =>
	state.phase === 'running'
		? [{ kind: 'call', id: runId(state), port: REFRESH_RUN_PORT, args: {} } as const]
		: [];

function ensure(
	state: RefreshPlanState,
	{ week, nextAt }: Args<Contract, 'ensure'>,
	{ exists }: Context,
): Decided {
	const rested: RefreshPlanEvent = { type: 'rested', data: { nextAt } };
	if (!exists) return accept([rested]);
	const isNeeded = state.phase === 'resting' && !(state.week === week && isDone(state));
	return accept(isNeeded && nextAt < (state.nextAt ?? Infinity) ? [rested] : []);
}

function wake(state: RefreshPlanState, { now }: Context): Decided {
	const isDue = state.phase === 'resting' && now >= (state.nextAt ?? Infinity);
	return accept(isDue ? [{ type: 'started', data: { run: state.run + 1 } }] : []);
}

function begin(state: RefreshPlanState, args: Args<Contract, 'begin'>): Decided {
	if (state.phase !== 'running') return refuse('CONFLICT', 'the plan rests');
	if (args.week < state.week) return refuse('CONFLICT', 'a later week has begun');
	const isNew = args.week > state.week;
	const begun: RefreshPlanEvent = {
		type: 'begun',
		data: { ...args, ...(isNew && { missed: state.week === 0 ? 0 : missed(state) }) },
	};
	const { paused, perSecondMax, cursor, walked, open, targets, before } = state;
	const reply: RefreshBegun = {
		paused,
		...(perSecondMax !== undefined && { perSecondMax }),
		...(!isNew && cursor !== undefined && { cursor }),
		walked: !isNew && walked,
		open: isNew ? [] : [...open],
		targets: isNew ? 0 : targets,
		before: isNew ? weekTargets(state) : before,
	};
	return accept([begun], reply);
}

/** Of the named targets those that are open, each once. */
const openOnes = (state: RefreshPlanState, named: readonly string[], taken: Set<string>) =>
	named.filter((id) => state.open.has(id) && !taken.has(id) && taken.add(id));

function step(state: RefreshPlanState, args: RefreshStep, context: Context): Decided {
	const { worker, ...told } = args;
	if (worker !== state.worker || state.phase !== 'running') {
		return refuse('CONFLICT', 'another worker has taken over');
	}
	const { paused, perSecondMax } = state;
	const orders = { paused, ...(perSecondMax !== undefined && { perSecondMax }) };
	const { n, users } = told;
	if (n === state.step) {
		const again: RefreshStepped = { ...orders, ...(users.length > 0 && { batch: state.batch }) };
		return accept([], again);
	}
	if (n < state.step) return refuse('CONFLICT', 'a later step was taken');
	const settled = new Set<string>();
	const recorded = openOnes(state, told.recorded, settled);
	const gone = openOnes(state, told.gone, settled);
	const failed = openOnes(state, told.failed, settled);
	const open = state.open.size - settled.size + users.length;
	if (open > REFRESH_OPEN_MAX) return refuse('LIMIT', 'settle targets before you take up more');
	const isNews = users.length > 0 || settled.size > 0 || told.minute !== undefined;
	if (!isNews && told.walked === state.walked) return accept([], orders);
	const batch = users.length > 0 ? { batch: context.newId() } : {};
	const totals: RefreshTotals = {
		targets: state.targets + users.length,
		recorded: state.recorded + recorded.length,
		gone: state.gone + gone.length,
		failed: state.failed + failed.length,
		open,
	};
	const data: Stepped = { ...told, ...batch, recorded, gone, failed, totals };
	return accept([{ type: 'stepped', data }], { ...orders, ...batch } satisfies RefreshStepped);
}

/** The run is over. A result without a time is a worker's bug: it is looked at again in a minute. */
function intentDone(state: RefreshPlanState, args: unknown, { now }: Context): Decided {
	const { id, result } = args as { id: string; result?: { nextAt?: number } };
	if (state.phase !== 'running' || id !== runId(state)) return accept([]);
	const nextAt = Math.max(result?.nextAt ?? 0, now + 1_000);
	return accept([{ type: 'rested', data: { nextAt } }]);
}

function order(state: RefreshPlanState, { name, args }: Command): Decided {
	if (name === 'rate') {
		const { perSecondMax } = args as Args<Contract, 'rate'>;
		if (perSecondMax === state.perSecondMax) return accept([]);
		return accept([{ type: 'limited', data: perSecondMax === undefined ? {} : { perSecondMax } }]);
	}
	const paused = name === 'pause';
	if (paused === state.paused) return accept([]);
	return accept([{ type: paused ? 'paused' : 'resumed', data: {} }]);
}

/** Nodes run the plan, operators steer it; nobody else has to do with it. */
export function decideRefreshPlan(
	state: RefreshPlanState,
	command: Command,
	context: Context,
): Decided {
	const { name, args, caller } = command;
	if (name === 'rate' || name === 'pause' || name === 'resume') {
		if (!caller.roles.includes('ops')) return refuse('FORBIDDEN', 'only operators steer the plan');
		return order(state, command);
	}
	if (!caller.roles.includes('system')) return refuse('FORBIDDEN', 'only nodes run the plan');
	switch (name) {
		case 'ensure':
			return ensure(state, args as Args<Contract, 'ensure'>, context);
		case 'wake':
			return wake(state, context);
		case 'begin':
			return begin(state, args as Args<Contract, 'begin'>);
		case 'step':
			return step(state, args as RefreshStep, context);
		case 'intentDone':
			return intentDone(state, args, context);
		default:
			return refuse('INVALID', `plans have no command ${name}`);
	}
}
