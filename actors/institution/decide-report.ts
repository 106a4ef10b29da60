import type { Command, Context, Decision } from '../../src/core/actor-kind.ts';
import {
	CELL_AGE_MS_MAX,
	type Report,
	type Reported,
} from '../../src/protocol/institution-nodes.ts';
import { chooseCanaries, judgeCanaries, livingNodes, silentNodes } from './canaries.ts';
import { gainOf, MINUTE_MS, SIXTHS } from './evolve-institution.ts';
import type { Cell, InstitutionEvent, ReportedEvent } from './institution-events.ts';
import { cellKey, type InstitutionState, processKey, type Sums } from './institution-state.ts';
import { type Finding, judge, sumsOfNode } from './judge.ts';
import { circuitOf, gateOf, type Health, STEPS_PERCENT, type Standing } from './standing.ts';

/**
 * Where it matters who lives, one report brings the time on by no more: when nobody could be heard for a
 * while, nobody is dead because others are heard first.
 */
const STEP_MS = 2_000;
/** A report that was under way for longer says nothing of the present. */
const FRESH_MS = 5_000;
/** While the circuit is not closed, that a node lives is kept this often. */
const HEARD_MS = 900;
/** While all is well, good calls of a node are kept this often: totals lose nothing by it. */
const GOOD_MS = 5_000;
/** Figures of a minute wait so long for late reports. */
const FIGURES_MS = 10_000;
/** Calls that are judged while few go through. */
const RETURN_CALLS_MIN = 10;
const CELLS_MAX = 200;
/** Answers 429 lower the rate to this part, at most once in so long; it comes back in parts. */
const THROTTLE_PART = 0.7;
const THROTTLE_MS = 5_000;
const UNTHROTTLE_MS = 30_000;
const UNTHROTTLE_STEP = 0.1;
const FACTOR_MIN = 0.1;

const HEALTH_MS = MINUTE_MS;

/** All that a judgement goes by. */
interface Hearing {
	readonly state: InstitutionState;
	readonly reported: ReportedEvent;
	readonly finding: Finding;
	readonly now: number;
}

/** Cells with news, in the minutes of the cluster; each stays where it was seen first. */
function newsOf(state: InstitutionState, node: string, report: Report): Cell[] {
	const known = state.reporters.get(processKey(node, report.incarnation))?.cells;
	const sentTime = report.time ?? state.time;
	const oldestTime = Math.max(sentTime, state.time) - CELL_AGE_MS_MAX;
	const news: Cell[] = [];
	for (const [generation, slice, ageMs, ...counts] of report.cells.slice(0, CELLS_MAX)) {
		const before = known?.get(cellKey({ generation, slice }));
		const startTime = sentTime - ageMs;
		if (before === undefined && startTime < oldestTime) continue;
		if (gainOf(counts, before?.counts).every((gain) => gain === 0)) continue;
		const sixth = before?.sixth ?? Math.max(0, Math.floor((startTime * SIXTHS) / MINUTE_MS));
		const highest = counts.map((count, kind) => Math.max(count, before?.counts[kind] ?? 0));
		news.push({ generation, slice, sixth, counts: highest as unknown as Cell['counts'] });
	}
	return news;
}

/** Whether it matters which nodes live. */
function isWatched({ standing }: InstitutionState): boolean {
	const circuit = circuitOf(standing);
	return circuit === 'open' || circuit === 'recovering';
}

function isGood({ counts }: Cell, before: Cell | undefined): boolean {
	const [, failed, slow, throttled] = gainOf(counts, before?.counts);
	return failed + slow + throttled === 0;
}

function heardOf(state: InstitutionState, command: Command): ReportedEvent {
	const report = command.args as Report;
	const node = command.caller.userId;
	const isFresh = report.time === undefined || report.time > state.time - FRESH_MS;
	const aheadMs = Math.max(0, Math.floor(report.time ?? 0) - state.time);
	return {
		node,
		incarnation: report.incarnation,
		time: state.time + (isWatched(state) ? Math.min(aheadMs, STEP_MS) : aheadMs),
		isFresh,
		cells: newsOf(state, node, report),
	};
}

/**
 * Whether the report has to be kept: what is not good, while anything is not; a new process; that a node
 * lives while that matters. Good calls alone come again with the next totals.
 */
function isNews(
	state: InstitutionState,
	{ node, incarnation, time, isFresh, cells }: ReportedEvent,
) {
	const known = state.reporters.get(processKey(node, incarnation));
	if (known === undefined) return isFresh || cells.length > 0;
	const elapsedMs = time - known.heardTime;
	if (cells.length === 0) return isFresh && isWatched(state) && elapsedMs >= HEARD_MS;
	if (isWatched(state) || elapsedMs >= GOOD_MS) return true;
	const { health, badNodes } = state.standing;
	const isWell = health === 'HEALTHY' && badNodes.length === 0 && state.suspicion === undefined;
	return !isWell || cells.some((cell) => !isGood(cell, known.cells.get(cellKey(cell))));
}

const turned = (
	{ state, reported, now }: Hearing,
	change: Partial<Standing>,
	reason: string,
): InstitutionEvent => {
	const { standing } = state;
	const next: Standing = {
		...standing,
		step: 0,
		canaries: [],
		silent: [],
		expectedAt: 0,
		...change,
		generation: standing.generation + 1,
		version: standing.version + 1,
		since: now,
		turnedTime: reported.time,
	};
	return { type: 'turned', data: { standing: next, at: now, reason } };
};

const told = (
	{ state, now }: Hearing,
	change: Partial<Standing>,
	about: { readonly reason: string; readonly node?: string | undefined },
): InstitutionEvent => {
	const standing = { ...state.standing, ...change, version: state.standing.version + 1 };
	return { type: 'told', data: { standing, at: now, ...about } };
};

function opened(hearing: Hearing, reason: string): InstitutionEvent {
	const { state, reported, now } = hearing;
	const living = livingNodes(state, reported.time, reported.node);
	return turned(
		hearing,
		{
			auto: 'open',
			canaries: chooseCanaries(state, living),
			expectedAt: now + state.standing.rules.breaker.expectedMs,
		},
		reason,
	);
}

/** Names a bad node; as a canary it is replaced by the next oldest or newest. */
function named(hearing: Hearing, node: string): InstitutionEvent {
	const { state, reported } = hearing;
	const { standing } = state;
	const next = { ...standing, badNodes: [...standing.badNodes, node] };
	const living = livingNodes(state, reported.time, reported.node);
	const canaries = standing.canaries.length === 0 ? [] : chooseCanaries({ standing: next }, living);
	const change = { badNodes: next.badNodes, canaries };
	return told(hearing, change, { reason: 'only the calls of this node fail', node });
}

/** A node that was bad has a whole minute of good calls, or is gone. */
function cleared(hearing: Hearing): InstitutionEvent | undefined {
	const { state, reported } = hearing;
	const { badNodes, rules } = state.standing;
	if (badNodes.length === 0) return undefined;
	const present = Math.floor(reported.time / MINUTE_MS);
	const known = new Set([...state.reporters.values()].map(({ node }) => node));
	const node = badNodes.find((bad) => {
		const isGood = (sums: Sums) => sums.bad < sums.calls * rules.breaker.failureRate;
		const sums = sumsOfNode(state, bad, (present - 1) * SIXTHS);
		// Good ones from before it was bad are in that minute too.
		const last = sumsOfNode(state, bad, Math.floor((reported.time * SIXTHS) / MINUTE_MS) - 1);
		const isWell = isGood(sums) && (last.calls === 0 || isGood(last));
		return !known.has(bad) || (sums.calls >= RETURN_CALLS_MIN && isWell);
	});
	if (node === undefined) return undefined;
	const left = badNodes.filter((bad) => bad !== node);
	return told(hearing, { badNodes: left }, { reason: 'the calls of this node are good', node });
}

function suspected(hearing: Hearing): InstitutionEvent | undefined {
	const { state, finding, reported } = hearing;
	const node = finding.kind === 'alone' ? finding.node : undefined;
	if (node === state.suspicion?.node) return undefined;
	if (node === undefined) return { type: 'suspected', data: { time: reported.time } };
	return { type: 'suspected', data: { node, time: state.suspicion?.time ?? reported.time } };
}

function whileClosed(hearing: Hearing): InstitutionEvent | undefined {
	const { finding, state } = hearing;
	if (finding.kind === 'bank') return opened(hearing, 'too many calls failed');
	if (finding.kind === 'node' && !state.standing.badNodes.includes(finding.node)) {
		return named(hearing, finding.node);
	}
	return suspected(hearing) ?? cleared(hearing);
}

function whileOpen(hearing: Hearing): InstitutionEvent | undefined {
	const { state, reported, now } = hearing;
	const { standing } = state;
	const { time, node } = reported;
	const verdict = judgeCanaries(state, time);
	if (verdict.kind === 'bad' && !standing.badNodes.includes(verdict.node)) {
		return named(hearing, verdict.node);
	}
	if (verdict.kind === 'good') {
		const expectedAt = now + standing.rules.breaker.stepMs * STEPS_PERCENT.length;
		return turned(hearing, { auto: 'recovering', expectedAt }, 'the canaries’ calls are good');
	}
	const living = livingNodes(state, time, node);
	const silent = silentNodes(state, living, time);
	const canaries = chooseCanaries({ standing: { ...standing, silent } }, living);
	if (canaries.join() !== standing.canaries.join()) {
		return told(hearing, { canaries, silent }, { reason: 'it is the turn of other nodes to try' });
	}
	if (now >= standing.expectedAt) {
		const expectedAt = now + standing.rules.breaker.expectedMs;
		return told(hearing, { expectedAt }, { reason: 'it takes longer than expected' });
	}
	return undefined;
}

function whileRecovering(hearing: Hearing): InstitutionEvent | undefined {
	const { state, finding, reported } = hearing;
	const { standing } = state;
	if (finding.kind === 'bank') return opened(hearing, 'calls failed again');
	if (finding.kind === 'node' && !standing.badNodes.includes(finding.node)) {
		return named(hearing, finding.node);
	}
	const isLong = reported.time - standing.turnedTime >= standing.rules.breaker.stepMs;
	if (!isLong || finding.kind === 'alone') return suspected(hearing);
	const step = standing.step + 1;
	if (step < STEPS_PERCENT.length) {
		const { expectedAt } = standing;
		return turned(hearing, { step, expectedAt }, 'the last step went well');
	}
	return turned(hearing, { auto: 'closed' }, 'every step went well');
}

function rated(hearing: Hearing): InstitutionEvent | undefined {
	const { state, reported } = hearing;
	const { rateFactor, throttledTime } = state.standing;
	const { time, node, incarnation, cells } = reported;
	const known = state.reporters.get(processKey(node, incarnation))?.cells;
	const isThrottled = cells.some(
		(cell) => gainOf(cell.counts, known?.get(cellKey(cell))?.counts)[3] > 0,
	);
	const elapsedMs = time - throttledTime;
	if (isThrottled && (rateFactor === 1 || elapsedMs >= THROTTLE_MS)) {
		const factor = Math.max(FACTOR_MIN, rateFactor * THROTTLE_PART);
		const change = { rateFactor: factor, throttledTime: time };
		return told(hearing, change, { reason: 'it answers that we are too fast' });
	}
	if (isThrottled || rateFactor === 1 || elapsedMs < UNTHROTTLE_MS) return undefined;
	const change = { rateFactor: Math.min(1, rateFactor + UNTHROTTLE_STEP), throttledTime: time };
	return told(hearing, change, { reason: 'it takes more again' });
}

function turn(hearing: Hearing): InstitutionEvent | undefined {
	const { mode, auto } = hearing.state.standing;
	if (mode !== 'auto') return cleared(hearing) ?? rated(hearing);
	const turning = { closed: whileClosed, open: whileOpen, recovering: whileRecovering }[auto];
	return turning(hearing) ?? rated(hearing);
}

/** How well it is by what was found; a circuit that is not closed says it by itself. */
function healthOf(standing: Standing, { kind }: Finding): Health {
	const circuit = circuitOf(standing);
	if (circuit === 'open' || circuit === 'forced-open') return 'CRITICAL';
	if (kind === 'bank') return 'CRITICAL';
	if (circuit === 'recovering') return 'CAUTION';
	return kind === 'quiet' || kind === 'fine' ? 'HEALTHY' : 'CAUTION';
}

/** Worse at once, well again only after a minute; a transition of the circuit says it at once too. */
function withHealth(
	standing: Standing,
	finding: Finding,
	{ time, isTurn }: { readonly time: number; readonly isTurn: boolean },
): Standing {
	const { health, healthTime } = standing;
	const next = healthOf(standing, finding);
	const isCalm = next === 'HEALTHY' && time - healthTime < HEALTH_MS && !isTurn;
	if (next === health || isCalm) return standing;
	return { ...standing, health: next, prevStatus: health, healthTime: time };
}

function counted({ state, reported, now }: Hearing): InstitutionEvent | undefined {
	const { standing } = state;
	const minute = Math.floor((reported.time - FIGURES_MS) / MINUTE_MS) - 1;
	if (minute <= standing.minute) return undefined;
	const { calls, bad } = state.minutes.get(minute) ?? { calls: 0, bad: 0 };
	if (calls === 0 && standing.calls === 0) return undefined;
	const failureRate = calls === 0 ? 0 : bad / calls;
	const data = {
		standing: { ...standing, minute, calls, failureRate },
		at: now,
		reason: 'a minute is over',
	};
	return { type: 'counted', data };
}

/** The events that a report leads to, each whole: what stands, how well it is. */
function judged(hearing: Hearing): InstitutionEvent[] {
	const { state, finding, reported, now } = hearing;
	const { time } = reported;
	const event = turn(hearing) ?? counted(hearing);
	if (event !== undefined && 'standing' in event.data) {
		const isTurn = event.type === 'turned';
		const standing = withHealth(event.data.standing, finding, { time, isTurn });
		if (isTurn || standing === event.data.standing) {
			return [{ ...event, data: { ...event.data, standing } } as InstitutionEvent];
		}
	}
	const standing = withHealth(state.standing, finding, { time, isTurn: false });
	const before = event === undefined ? [] : [event];
	if (standing === state.standing) return before;
	// What the other event says comes with the next report: one of them is enough at a time.
	return [{ type: 'healthTurned', data: { standing, at: now, reason: `found ${finding.kind}` } }];
}

/** A node's report (I10): keeps what is new, and judges. */
export function decideReport(
	state: InstitutionState,
	command: Command,
	{ now }: Context,
): Decision<InstitutionEvent> {
	const reported = heardOf(state, command);
	const { version } = command.args as Report;
	const { standing } = state;
	const callsMin =
		standing.auto === 'closed'
			? standing.rules.breaker.callsMin
			: Math.min(RETURN_CALLS_MIN, standing.rules.breaker.callsMin);
	const finding = judge(state, reported, callsMin);
	const events = judged({ state, reported, finding, now });
	const isKept = events.length > 0 || isNews(state, reported);
	const reply: Reported = {
		time: reported.time,
		isKept: isKept || reported.cells.length === 0,
		...(version < standing.version ? { gate: gateOf(standing, now) } : {}),
	};
	if (!isKept) return { ok: true, events: [], reply };
	return { ok: true, events: [{ type: 'reported', data: reported }, ...events], reply };
}
