import { byAge, type InstitutionState, NEVER, type Trial } from './institution-state.ts';

/** A node that was not heard of for longer becomes no canary; one that is stays somewhat longer. */
const LIVING_MS = 3_000;
const STAYING_MS = 10_000;
/** Good calls of a canary, at least. */
const GOOD_CALLS_MIN = 3;

/** Nodes that have reported lately, the oldest first. */
export function livingNodes(state: InstitutionState, time: number, me?: string): string[] {
	const nodes = new Set(me === undefined ? [] : [me]);
	for (const { node, heardTime } of state.reporters.values()) {
		const isCanary = state.standing.canaries.includes(node);
		if (time - heardTime <= (isCanary ? STAYING_MS : LIVING_MS)) nodes.add(node);
	}
	return [...nodes].sort(byAge);
}

/**
 * The oldest and the newest living node: a canary release has one on each side of it. Nodes that are
 * known to be bad, and those from which nobody calls, stand back as long as there is another.
 */
export function chooseCanaries(
	{ standing }: Pick<InstitutionState, 'standing'>,
	living: readonly string[],
): string[] {
	const { badNodes, silent = [] } = standing;
	const sound = living.filter((node) => !badNodes.includes(node));
	const heard = sound.filter((node) => !silent.includes(node));
	const nodes = [heard, sound, living].find(({ length }) => length > 0) ?? [];
	const [oldest] = nodes;
	const newest = nodes.at(-1);
	if (oldest === undefined || newest === undefined) return [];
	return oldest === newest ? [oldest] : [oldest, newest];
}

type Verdict = 'good' | 'bad' | 'silent' | 'under way';

/** What one canary's calls say by themselves. */
function verdictOf(trial: Trial, time: number, goodMs: number): Verdict {
	const { sinceTime, good, goodTime, badTime } = trial;
	if (goodTime !== NEVER) {
		if (time - goodTime < goodMs) return 'under way';
		return good >= GOOD_CALLS_MIN ? 'good' : 'silent';
	}
	if (badTime !== NEVER) return time - badTime >= goodMs ? 'bad' : 'under way';
	return time - sinceTime >= goodMs ? 'silent' : 'under way';
}

/**
 * `good`: the institution is well again. `bad`: this canary's calls fail while another's do not, so
 * it is the node. A canary without any calls has no say.
 */
export function judgeCanaries(
	{ trials, standing }: Pick<InstitutionState, 'trials' | 'standing'>,
	time: number,
): { readonly kind: 'good' | 'wait' } | { readonly kind: 'bad'; readonly node: string } {
	const { goodMs } = standing.rules.breaker;
	const verdicts = trials.map((trial) => verdictOf(trial, time, goodMs));
	if (!verdicts.includes('good')) return { kind: 'wait' };
	const bad = trials[verdicts.indexOf('bad')];
	if (bad !== undefined) return { kind: 'bad', node: bad.node };
	return { kind: verdicts.includes('under way') ? 'wait' : 'good' };
}

/**
 * Who stands back: canaries without calls for so long as good ones are asked for, while no other has good
 * ones. Once nobody is left, all have their turn again.
 */
export function silentNodes(
	{ trials, standing }: Pick<InstitutionState, 'trials' | 'standing'>,
	living: readonly string[],
	time: number,
): readonly string[] {
	const { silent = [], badNodes, rules } = standing;
	const idle = trials.filter(
		({ lastTime, sinceTime }) => time - (lastTime ?? sinceTime) >= rules.breaker.goodMs,
	);
	if (trials.some((trial) => trial.goodTime !== NEVER && !idle.includes(trial))) return silent;
	const all = [...new Set([...silent, ...idle.map(({ node }) => node)])];
	const isRound = living.every((node) => all.includes(node) || badNodes.includes(node));
	return isRound ? [] : all;
}
