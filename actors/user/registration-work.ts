import type { Context, Intent } from '../../src/core/actor-kind.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import { ASSETS_MAX } from '../../src/protocol/institution.ts';
import { CONSENT_SLOTS, consentSlot } from './consent-slot.ts';
import { INSTITUTION_PORT, type InstitutionWork, type WorkResult } from './institution-port.ts';
import type { RegistrationEvent } from './registration-events.ts';
import { type Move, Plan } from './registration-plan.ts';
import {
	type Registration,
	type Revocation,
	RUNS_AT_ONCE_MAX,
	type Run,
	revocationWorkId,
	runWorkId,
} from './registration-state.ts';
import { takeStray } from './stray-token.ts';
import type { UserState } from './user-state.ts';

/** Assets whose details are asked for in one go; what they bring is kept before the next. */
const DETAILS_AT_ONCE = 5;
/** Failures in a row of one step: of the institution, and of calls that did not go out. */
const FAILURES_MAX = 3;
const REFUSALS_MAX = 8;
const REST = { firstMs: 1_000, maxMs: 60_000 };
/** Over about two and a half hours. */
const REVOCATION_ATTEMPTS_MAX = 10;
const REVOCATION_REST = { firstMs: 10_000, maxMs: 3_600_000 };

/** What counts as the institution's own failure; all else was refused before anything went out. */
const FAILURES: readonly ErrorCode[] = ['UNAVAILABLE', 'TIMEOUT'];

type Refused = Extract<WorkResult, { ok: false }>;
type Got = Extract<WorkResult, { ok: true }>;

const call = (id: string, args: InstitutionWork): Intent => ({
	kind: 'call',
	id,
	port: INSTITUTION_PORT,
	args,
});

/** What a run has to have done next. */
function runWork(userId: string, institution: string, at: RunAt): InstitutionWork | undefined {
	const { run, consent } = at;
	const subject = {
		institution,
		userId,
		consent: { id: consent.id, expires: consent.expires },
	};
	const { authorisation, ids, step } = run;
	const { token } = consent;
	if (step.step === 'authorise') return { ...subject, op: 'authorise' };
	if (step.step === 'token') {
		return authorisation === undefined ? undefined : { ...subject, op: 'token', authorisation };
	}
	if (token === undefined) return undefined;
	if (step.step === 'list') return { ...subject, op: 'list', token };
	const some = ids.slice(step.done, step.done + DETAILS_AT_ONCE);
	return { ...subject, op: 'details', token, ids: some };
}

interface RunAt {
	readonly run: Run;
	readonly consent: NonNullable<ReturnType<Registration['consents']['get']>>;
}

/**
 * Where an earlier token is just being made void: some institutions end all of the user's with it, so no
 * new one is asked for before.
 */
function beingRevoked({ revocations }: Registration): ReadonlySet<string> {
	const institutions = new Set<string>();
	for (const { institution, attempt, until } of revocations.values()) {
		if (attempt === 0 && until === undefined) institutions.add(institution);
	}
	return institutions;
}

function runIntents(userId: string, registration: Registration): Intent[] {
	const { runs, consents } = registration;
	const intents: Intent[] = [];
	const waiting = beingRevoked(registration);
	for (const [institution, run] of runs) {
		const consent = consents.get(institution);
		if (run.phase !== 'active' || consent === undefined) continue;
		if (run.step.step === 'authorise' && waiting.has(institution)) continue;
		const work = runWork(userId, institution, { run, consent });
		if (work !== undefined) intents.push(call(runWorkId(run), work));
	}
	return intents;
}

function refreshIntents(userId: string, { refreshes, consents }: Registration): Intent[] {
	const intents: Intent[] = [];
	for (const [institution, { id, transactionId }] of refreshes) {
		const consent = consents.get(institution);
		if (consent === undefined) continue;
		const { token } = consent;
		intents.push(
			call(id, {
				op: 'refresh',
				institution,
				userId,
				transactionId,
				consent: { id: consent.id, expires: consent.expires },
				...(token === undefined ? {} : { token }),
			}),
		);
	}
	return intents;
}

function revocationIntents(userId: string, { revocations }: Registration): Intent[] {
	const intents: Intent[] = [];
	for (const [id, revocation] of revocations) {
		if (revocation.until !== undefined) continue;
		const { institution, consentId, token } = revocation;
		const consent = { id: consentId, expires: Number.MAX_SAFE_INTEGER };
		const tokenPart = token === undefined ? {} : { token };
		const work: InstitutionWork = { op: 'revoke', institution, userId, consent, ...tokenPart };
		intents.push(call(revocationWorkId(id, revocation), work));
	}
	return intents;
}

/** All that is under way outside for a user's registrations. */
export function registrationIntents({ id, registration }: UserState): readonly Intent[] {
	if (registration === undefined) return [];
	const intents = [
		...runIntents(id, registration),
		...refreshIntents(id, registration),
		...revocationIntents(id, registration),
	];
	for (const [erasure, positions] of registration.erasures) {
		intents.push(call(erasure, { op: 'erase', positions }));
	}
	return intents;
}

const restMs = (attempt: number, { firstMs, maxMs }: typeof REST) =>
	Math.min(maxMs, firstMs * 2 ** attempt);

/** Users that were refused together come back spread over a quarter of the time. */
const spread = (userId: string, ms: number) =>
	Math.round(ms * (1 + consentSlot(userId) / CONSENT_SLOTS / 4));

/** Whether the consent stands longer than the work on it was told. */
const isLonger = ({ state, now }: Plan, institution: string) =>
	(state.consents.get(institution)?.expires ?? 0) > now;

function runRefused(plan: Plan, at: { institution: string; run: Run }, userId: string) {
	const { institution, run } = at;
	return (refused: Refused) => {
		const { code, isRepeatable, retryAfterMs } = refused;
		const got = refused.token === undefined ? undefined : { token: refused.token };
		if (code === 'EXPIRED' && isLonger(plan, institution)) {
			plan.move(institution, { phase: 'active', step: {}, ...(got && { got }) });
			return;
		}
		const attempt = run.attempt + 1;
		const attemptsMax = FAILURES.includes(code) ? FAILURES_MAX : REFUSALS_MAX;
		if (!isRepeatable || attempt >= attemptsMax) {
			plan.end(institution, { state: 'failed', code }, got);
			return;
		}
		const waitMs = Math.min(REST.maxMs, retryAfterMs ?? restMs(run.attempt, REST));
		const until = plan.now + spread(userId, waitMs);
		const step = { state: 'waiting', code, retryAt: until } as const;
		const rest = { phase: 'resting', step, attempt, until } as const;
		plan.move(institution, got === undefined ? rest : { ...rest, got });
	};
}

/** The last details are there. */
function finish(plan: Plan, institution: string, got: Move['got']): void {
	const total = plan.state.runs.get(institution)?.ids.length ?? 0;
	plan.record(institution, 'run');
	plan.end(institution, { step: 'details', state: 'done', done: total, total }, got);
}

function detailsDone(plan: Plan, at: { institution: string; run: Run }, got: Got): void {
	const { institution, run } = at;
	const { assets = [], count = 0, token } = got;
	const done = Math.min(run.step.done + count, run.ids.length);
	const tokenPart = token === undefined ? {} : { token };
	if (run.assets.length + assets.length > ASSETS_MAX) {
		plan.end(institution, { state: 'failed', code: 'TOO_LARGE' }, tokenPart);
		return;
	}
	if (assets.length > 0) {
		plan.emit({ type: 'fetched', data: { institution, source: 'run', assets } });
	}
	if (done === run.ids.length) finish(plan, institution, tokenPart);
	else plan.move(institution, { phase: 'active', step: { done }, got: tokenPart });
}

function runDone(plan: Plan, at: { institution: string; run: Run }, got: Got): void {
	const { institution, run } = at;
	const { authorisation, token, ids = [] } = got;
	const tokenPart = token === undefined ? {} : { token };
	const running = { state: 'running' } as const;
	if (run.step.step === 'authorise' && authorisation !== undefined) {
		const step = { ...running, step: 'token' } as const;
		plan.move(institution, { phase: 'active', step, got: { authorisation } });
	} else if (run.step.step === 'token' && token !== undefined) {
		const step = { ...running, step: 'list' } as const;
		plan.move(institution, { phase: 'active', step, got: { token } });
	} else if (run.step.step === 'list') {
		const step = { ...running, step: 'details', done: 0, total: ids.length } as const;
		plan.move(institution, { phase: 'active', step, got: { ids, ...tokenPart } });
		if (ids.length === 0) finish(plan, institution, {});
	} else if (run.step.step === 'details' && (got.count ?? 0) > 0) {
		detailsDone(plan, at, got);
	} else {
		plan.end(institution, { state: 'failed', code: 'INTERNAL' });
	}
}

function refreshDone(plan: Plan, institution: string, result: WorkResult): void {
	const transactionId = plan.state.refreshes.get(institution)?.transactionId ?? '';
	const tokenPart = result.token === undefined ? {} : { token: result.token };
	if (result.ok) {
		const { assets = [] } = result;
		if (assets.length > 0) {
			plan.emit({ type: 'fetched', data: { institution, source: 'refresh', assets } });
		}
		plan.record(institution, 'refresh');
		plan.emit({ type: 'refreshed', data: { institution, transactionId, ...tokenPart } });
		return;
	}
	const { code, retryAfterMs } = result;
	plan.emit({
		type: 'refreshed',
		data: {
			institution,
			transactionId,
			code,
			...(retryAfterMs === undefined ? {} : { retryAfterMs }),
			...tokenPart,
		},
	});
}

function revocationDone(plan: Plan, at: [string, Revocation], result: WorkResult): void {
	const [id, { attempt, institution }] = at;
	const isOver = result.ok || !result.isRepeatable;
	const isGivenUp = !result.ok && (!isOver || result.code !== 'FORBIDDEN');
	if (isOver || attempt + 1 >= REVOCATION_ATTEMPTS_MAX) {
		plan.emit({ type: 'revoked', data: { id, institution, isGivenUp } });
		return;
	}
	const until = plan.now + restMs(attempt, REVOCATION_REST);
	plan.emit({ type: 'revocationRested', data: { id, until } });
}

/** Takes a result of the work outside; of what was given up meanwhile only the token counts. */
export function workDone(
	user: UserState,
	{ id, result }: { readonly id: string; readonly result: WorkResult },
	context: Context,
): readonly RegistrationEvent[] {
	const plan = new Plan(user, context);
	const { runs, refreshes, revocations, erasures } = plan.state;
	for (const [institution, run] of runs) {
		if (run.phase !== 'active' || runWorkId(run) !== id) continue;
		if (result.ok) runDone(plan, { institution, run }, result);
		else runRefused(plan, { institution, run }, user.id)(result);
		return plan.settle();
	}
	const refresh = [...refreshes].find(([, one]) => one.id === id);
	const revocation = [...revocations].find(([name, one]) => revocationWorkId(name, one) === id);
	const { token, tokenOf } = result;
	if (refresh !== undefined) refreshDone(plan, refresh[0], result);
	else if (revocation !== undefined) revocationDone(plan, revocation, result);
	else if (erasures.has(id)) plan.emit({ type: 'erased', data: { id } });
	else if (token !== undefined && tokenOf !== undefined) takeStray(plan, { ...tokenOf, token });
	return plan.events;
}

/** When something rests no longer, or a consent ends. */
export function registrationDue({ registration }: UserState): number {
	if (registration === undefined) return Infinity;
	const { consents, runs, revocations } = registration;
	let next = Infinity;
	let active = 0;
	for (const { expires } of consents.values()) next = Math.min(next, expires);
	for (const { until } of revocations.values()) next = Math.min(next, until ?? Infinity);
	for (const { phase } of runs.values()) if (phase === 'active') active++;
	// While there is no room, those that have rested wait for the end of another.
	if (active >= RUNS_AT_ONCE_MAX) return next;
	for (const { until } of runs.values()) next = Math.min(next, until ?? Infinity);
	return next;
}

/** What is due by now. */
export function registrationWake(user: UserState, context: Context): readonly RegistrationEvent[] {
	if (user.registration === undefined) return [];
	const plan = new Plan(user, context);
	for (const [institution, { expires }] of [...plan.state.consents]) {
		if (expires <= plan.now) plan.withdraw(institution, 'expired');
	}
	for (const [id, { until }] of [...plan.state.revocations]) {
		if (until !== undefined && until <= plan.now) {
			plan.emit({ type: 'revocationRested', data: { id } });
		}
	}
	return plan.settle();
}
