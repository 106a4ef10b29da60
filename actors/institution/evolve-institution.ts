import type { Counts } from '../../src/protocol/institution-nodes.ts';
import type {
	InstitutionEvent,
	PermittedEvent,
	ReportedEvent,
	StoodEvent,
} from './institution-events.ts';
import {
	cellKey,
	type InstitutionState,
	type JudgedSums,
	NEVER,
	processKey,
	REPORTERS_MAX,
	type Reporter,
	type Sums,
	type Trial,
} from './institution-state.ts';

export const MINUTE_MS = 60_000;
export const SIXTHS = 6;
/** Longer than a cell may be told, so that its last totals are known as long as it may come again. */
const MINUTES_KEPT = 4;

/** What a report adds to what was known of a cell; never less than nothing. */
export function gainOf(counts: Counts, known: Counts | undefined): Counts {
	const gain = (index: 0 | 1 | 2 | 3) => Math.max(0, counts[index] - (known?.[index] ?? 0));
	return [gain(0), gain(1), gain(2), gain(3)];
}

export const minuteOf = ({ sixth }: { readonly sixth: number }) => Math.floor(sixth / SIXTHS);

/** Good, failed and slow calls; what was throttled has shown nothing. */
export const callsOf = ([ok, failed, slow]: Counts) => ok + failed + slow;
export const badOf = ([, failed, slow]: Counts) => failed + slow;

function add(sum: Sums, gain: Counts): void {
	sum.calls += callsOf(gain);
	sum.bad += badOf(gain);
}

const ofKey = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
	const known = map.get(key);
	if (known !== undefined) return known;
	const made = make();
	map.set(key, made);
	return made;
};

const noCalls = (): Sums => ({ calls: 0, bad: 0 });
const noJudgedCalls = (): JudgedSums => ({ ...noCalls(), nodes: new Map() });

/** Where more than this part is bad, a canary's time of good calls is over. */
const BAD_PART_MAX = 0.2;

/** A bad call among many good ones happens to the best; more of them, and the time begins anew. */
function tried(trial: Trial, gain: Counts, time: number): void {
	if (callsOf(gain) === 0) return;
	trial.lastTime = time;
	trial.good += gain[0];
	trial.bad += badOf(gain);
	if (trial.bad > (trial.good + trial.bad) * BAD_PART_MAX) {
		if (trial.badTime === NEVER) trial.badTime = time;
		trial.good = 0;
		trial.bad = 0;
		trial.goodTime = NEVER;
	} else {
		if (trial.goodTime === NEVER) trial.goodTime = time;
		trial.badTime = NEVER;
	}
}

function forget(state: InstitutionState): void {
	const oldest = Math.floor(state.time / MINUTE_MS) - MINUTES_KEPT;
	for (const minute of state.minutes.keys()) if (minute <= oldest) state.minutes.delete(minute);
	for (const sixth of state.judged.keys()) {
		if (minuteOf({ sixth }) <= oldest) state.judged.delete(sixth);
	}
	for (const [key, { heardTime }] of state.reporters) {
		if (heardTime <= oldest * MINUTE_MS) state.reporters.delete(key);
	}
}

/** The process that reports; moved behind all that were heard of before. */
function reporterOf(state: InstitutionState, { node, incarnation }: ReportedEvent): Reporter {
	const key = processKey(node, incarnation);
	const known = state.reporters.get(key);
	const { time } = state;
	const made = { node, incarnation, sinceTime: time, heardTime: time, cells: new Map() };
	const reporter = known ?? made;
	state.reporters.delete(key);
	state.reporters.set(key, reporter);
	if (state.reporters.size > REPORTERS_MAX) {
		const [oldest] = state.reporters.keys();
		if (oldest !== undefined) state.reporters.delete(oldest);
	}
	return reporter;
}

function report(state: InstitutionState, data: ReportedEvent): void {
	const before = Math.floor(state.time / MINUTE_MS);
	state.time = Math.max(state.time, data.time);
	const minute = Math.floor(state.time / MINUTE_MS);
	const reporter = reporterOf(state, data);
	if (data.isFresh) reporter.heardTime = state.time;
	const { generation } = state.standing;
	const trial = state.trials.find(({ node }) => node === data.node);
	for (const cell of data.cells) {
		const key = cellKey(cell);
		const gain = gainOf(cell.counts, reporter.cells.get(key)?.counts);
		reporter.cells.set(key, cell);
		add(ofKey(state.minutes, minuteOf(cell), noCalls), gain);
		if (cell.generation !== generation) continue;
		const judged = ofKey(state.judged, cell.sixth, noJudgedCalls);
		add(judged, gain);
		add(ofKey(judged.nodes, data.node, noCalls), gain);
		if (trial !== undefined) tried(trial, gain, state.time);
	}
	if (minute === before) return;
	forget(state);
	for (const { cells } of state.reporters.values()) {
		for (const [key, cell] of cells) {
			if (minuteOf(cell) <= minute - MINUTES_KEPT) cells.delete(key);
		}
	}
}

/** Canaries that stay keep what they have shown; a new generation begins without. */
function trialsOf(state: InstitutionState, { standing }: StoodEvent, isNew: boolean): Trial[] {
	return standing.canaries.map((node) => {
		const known = isNew ? undefined : state.trials.find((trial) => trial.node === node);
		const made = { good: 0, bad: 0, goodTime: NEVER, badTime: NEVER };
		return known ?? { node, sinceTime: state.time, ...made };
	});
}

function stand(state: InstitutionState, data: StoodEvent): void {
	const isNew = data.standing.generation !== state.standing.generation;
	state.trials = trialsOf(state, data, isNew);
	if (isNew) {
		state.judged.clear();
		state.suspicion = undefined;
	}
	state.standing = data.standing;
}

function permit(state: InstitutionState, data: PermittedEvent): void {
	const { over, node, incarnation, n, want, share, bound, tick } = data;
	for (const key of over) state.holders.delete(key);
	state.tick = tick;
	const key = processKey(node, incarnation);
	const known = state.holders.get(key);
	if (want === 0 && bound === 0) {
		state.holders.delete(key);
		return;
	}
	const isSame = known !== undefined && known.share > 0 === share > 0;
	const sinceTick = isSame ? known.sinceTick : tick;
	state.holders.set(key, { node, incarnation, n, want, share, bound, tick, sinceTick });
}

/** Applies an event, in place. */
export function evolveInstitution(
	state: InstitutionState,
	event: InstitutionEvent,
): InstitutionState {
	switch (event.type) {
		case 'reported':
			report(state, event.data);
			break;
		case 'permitted':
			permit(state, event.data);
			break;
		case 'suspected': {
			const { node, time } = event.data;
			state.suspicion = node === undefined ? undefined : { node, time };
			break;
		}
		case 'ensured':
		case 'turned':
		case 'told':
		case 'healthTurned':
		case 'counted':
			stand(state, event.data);
			break;
	}
	return state;
}
