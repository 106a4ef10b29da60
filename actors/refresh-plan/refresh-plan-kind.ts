/**
 * The weekly refresh of one institution's users (I20–I23). The actor keeps what must not be lost: how far
 * the week's reading of consents has come, and which targets were taken up and are not settled. A worker
 * beside its owner does the work, one second after the other:
 *
 *     resting ──wake──▶ running ──the run's result──▶ resting
 *                        │ begin: a worker takes over, a week begins
 *                        │ step: targets are taken up, then called; settled ones are told
 *
 * A target stands here before it is called. So after a crash nobody is left out, and only who stands here
 * is called again, with the same transaction id.
 */
import type {
	ActorKind,
	Caller,
	Command,
	EventMeta,
	QueryPlan,
	Rejection,
	Shown,
} from '../../src/core/actor-kind.ts';
import type { Collection, RowWrite } from '../../src/core/store.ts';
import type { Args } from '../../src/protocol/kind.ts';
import { refreshPlanContract } from '../../src/protocol/refresh-plan.ts';
import {
	decideRefreshPlan,
	intentsOf,
	type RefreshPlanEvent,
	type Stepped,
} from './decide-refresh-plan.ts';
import {
	cutRefreshPlan,
	initialRefreshPlan,
	keepMinute,
	planInfo,
	type RefreshPlanState,
	restoreRefreshPlan,
	weekTargets,
} from './refresh-plan-state.ts';

/** Plan against actual, minute by minute: doc as in the protocol. */
const REFRESH_MINUTES: Collection = {
	name: 'refreshMinutes',
	key: [
		{ name: 'institution', type: 'text' },
		{ name: 'at', type: 'int' },
	],
	actor: { column: 'institution', kind: 'refresh-plan' },
	datedBy: 'at',
};

/** What became of each week: doc with the totals, `expected`, `walked`, and `missed` once it is over. */
const REFRESH_WEEKS: Collection = {
	name: 'refreshWeeks',
	key: [
		{ name: 'institution', type: 'text' },
		{ name: 'week', type: 'int' },
	],
	actor: { column: 'institution', kind: 'refresh-plan' },
	datedBy: 'from',
};

const EVENT_VERSIONS: Readonly<Record<RefreshPlanEvent['type'], number>> = {
	rested: 1,
	started: 1,
	begun: 1,
	stepped: 1,
	limited: 1,
	paused: 1,
	resumed: 1,
};

function evolveBegun(
	state: RefreshPlanState,
	{ worker, week, weekFrom, missed }: (RefreshPlanEvent & { type: 'begun' })['data'],
): void {
	state.worker = worker;
	state.step = -1;
	state.batch = undefined;
	if (missed === undefined) return;
	state.missedLastWeek = missed;
	state.before = weekTargets(state);
	state.week = week;
	state.weekFrom = weekFrom;
	state.cursor = undefined;
	state.walked = false;
	state.expected = 0;
	state.targets = 0;
	state.recorded = 0;
	state.gone = 0;
	state.failed = 0;
	state.open.clear();
}

function evolveStepped(state: RefreshPlanState, data: Stepped): void {
	state.step = data.n;
	state.batch = data.batch;
	for (const ids of [data.recorded, data.gone, data.failed]) {
		for (const id of ids) state.open.delete(id);
	}
	data.users.forEach((userId, n) => {
		state.open.set(`${data.batch}-${n}`, userId);
	});
	if (data.cursor !== undefined) state.cursor = data.cursor;
	state.walked = data.walked;
	state.expected = data.expected;
	state.targets = data.totals.targets;
	state.recorded = data.totals.recorded;
	state.gone = data.totals.gone;
	state.failed = data.totals.failed;
	if (data.minute !== undefined) keepMinute(state, data.minute);
}

function evolve(state: RefreshPlanState, event: RefreshPlanEvent): RefreshPlanState {
	switch (event.type) {
		case 'rested':
			state.phase = 'resting';
			state.nextAt = event.data.nextAt;
			state.worker = undefined;
			break;
		case 'started':
			state.phase = 'running';
			state.nextAt = undefined;
			state.run = event.data.run;
			break;
		case 'begun':
			evolveBegun(state, event.data);
			break;
		case 'stepped':
			evolveStepped(state, event.data);
			break;
		case 'limited':
			state.perSecondMax = event.data.perSecondMax;
			break;
		case 'paused':
		case 'resumed':
			state.paused = event.type === 'paused';
			break;
	}
	return state;
}

function show(event: RefreshPlanEvent): Shown[] {
	if (event.type !== 'stepped') return [{ type: 'changed', data: {}, audience: 'all' }];
	const { totals, minute } = event.data;
	const shown: Shown[] = [{ type: 'progress', data: totals, audience: 'all' }];
	if (minute !== undefined) shown.push({ type: 'minute', data: minute, audience: 'all' });
	return shown;
}

/** The week's row is as new as the last minute; a week that is over gets its last one. */
function project(
	state: RefreshPlanState,
	event: RefreshPlanEvent,
	{ id }: EventMeta,
): readonly RowWrite[] {
	if (event.type !== 'stepped') return [];
	const { minute, totals } = event.data;
	if (minute === undefined) return [];
	const { week, weekFrom, walked, expected, missedLastWeek } = state;
	const doc = { ...totals, from: weekFrom, walked, expected, missedLastWeek };
	return [
		{ op: 'put', collection: REFRESH_MINUTES.name, key: [id, minute.at], doc: minute },
		{ op: 'put', collection: REFRESH_WEEKS.name, key: [id, week], doc },
	];
}

const NOT_YOURS: Rejection = {
	ok: false,
	code: 'FORBIDDEN',
	message: 'plans are for operators and nodes',
};

const mayLook = ({ roles }: Caller) => roles.includes('ops') || roles.includes('system');

function query(state: RefreshPlanState, { name, args, caller }: Command): QueryPlan {
	if (!mayLook(caller)) return NOT_YOURS;
	if (name !== 'board') return { ok: false, code: 'INVALID', message: 'no such query' };
	const { minutes } = args as Args<typeof refreshPlanContract, 'board'>;
	const board = { info: planInfo(state), minutes: state.minutes.slice(-minutes) };
	return { ok: true, run: () => board };
}

/** The plan and cursor of one institution's weekly refresh. */
export const refreshPlanKind: ActorKind<RefreshPlanState, RefreshPlanEvent> = {
	contract: refreshPlanContract,
	collections: [REFRESH_MINUTES, REFRESH_WEEKS],
	eventVersions: EVENT_VERSIONS,
	initial: initialRefreshPlan,
	decide: decideRefreshPlan,
	evolve,
	nextWakeAt: ({ phase, nextAt }) => (phase === 'resting' ? nextAt : undefined),
	intents: intentsOf,
	grant: (_state, caller) => (mayLook(caller) ? { ok: true } : NOT_YOURS),
	view: (state) => {
		const info = planInfo(state);
		return { ok: true, run: () => info };
	},
	show,
	query,
	project,
	cut: cutRefreshPlan,
	restore: restoreRefreshPlan,
	figures: (state) => {
		const { totals, ...info } = planInfo(state);
		return { ...info, ...totals };
	},
};
