import type { Command, Context, Decision } from '../../src/core/actor-kind.ts';
import { refusal } from '../../src/core/entries.ts';
import type { AssetJob, JobStep } from '../../src/protocol/institution.ts';
import type { Args } from '../../src/protocol/kind.ts';
import type { userContract } from '../../src/protocol/user.ts';
import type { RegistrationEvent } from './registration-events.ts';
import { Plan } from './registration-plan.ts';
import { CONSENTS_MAX, isOver, JOBS_RUNNING_MAX } from './registration-state.ts';
import { takeStray } from './stray-token.ts';
import type { UserState } from './user-state.ts';

type RegisterArgs = Args<typeof userContract, 'register'>;
type RefreshArgs = Args<typeof userContract, 'refresh'>;
type Decided = Decision<RegistrationEvent>;

/** How long a refresh waits for a registration at the same institution. */
const REFRESH_AGAIN_MS = 5_000;

/** The job in which all of these institutions are on their way (I3). */
function runningJob({ state }: Plan, institutions: readonly string[]): AssetJob | undefined {
	for (const job of state.jobs.values()) {
		const open = new Set(job.steps.filter((step) => !isOver(step)).map((one) => one.institution));
		if (institutions.every((institution) => open.has(institution))) return job;
	}
	return undefined;
}

/** A refresh on an older consent ends here; the leveller asks again. */
function endRefresh(plan: Plan, institution: string): void {
	const refresh = plan.state.refreshes.get(institution);
	if (refresh === undefined) return;
	const { transactionId } = refresh;
	plan.emit({ type: 'refreshed', data: { institution, transactionId, code: 'BUSY' } });
}

/** The consent that stands gives way to a newer one, and its token has to be made void. */
function supersede(plan: Plan, institution: string): void {
	const { consents, refreshes, runs } = plan.state;
	const before = consents.get(institution);
	// Without a token there may be one on its way.
	const isAtWork = refreshes.has(institution) || runs.has(institution);
	endRefresh(plan, institution);
	// Behind its end an institution is not called, not even for this.
	if (before === undefined || before.expires <= plan.now) return;
	const { id, token } = before;
	if (token !== undefined || isAtWork) plan.dropToken(institution, id, token);
	plan.dropSpare(institution, before);
}

function consent(plan: Plan, institution: string, { consent: given }: RegisterArgs): void {
	const { consents, runs } = plan.state;
	const before = consents.get(institution);
	const scopes = [...new Set(given.scopes)];
	const { expiresAt: expires } = given;
	// What is on its way goes on, on the newer word of the user: unless it could go beyond that.
	const isRunning = runs.has(institution) && before !== undefined;
	const goesOn = isRunning && before.expires <= expires;
	if (!goesOn) supersede(plan, institution);
	else if (before.expires === expires) return;
	const id = goesOn ? before.id : plan.newId();
	plan.emit({ type: 'consented', data: { institution, id, scopes, expires } });
	if (isRunning && !goesOn) plan.restart(institution);
}

function startJob(plan: Plan, institutions: readonly string[]): string {
	const { runs } = plan.state;
	const steps = institutions.map((institution): JobStep => {
		const fresh = { step: 'authorise', state: 'waiting', done: 0, total: 0 } as const;
		return runs.get(institution)?.step ?? { institution, ...fresh, at: plan.now };
	});
	const job: AssetJob = { id: plan.newId(), state: 'running', startedAt: plan.now, steps };
	const fresh = institutions.filter((institution) => !runs.has(institution));
	plan.emit({
		type: 'jobStarted',
		data: { job, runs: fresh.map((institution) => ({ institution, run: plan.newId() })) },
	});
	return job.id;
}

/** Begins at once, or joins what runs; institutions are asked behind the answer (I1, I3). */
function register(state: UserState, args: RegisterArgs, context: Context): Decided {
	const plan = new Plan(state, context);
	const institutions = [...new Set(args.institutions)];
	if (args.consent.expiresAt <= plan.now)
		return refusal('EXPIRED', 'the consent has ended already');
	const { consents, jobs } = plan.state;
	if (new Set([...consents.keys(), ...institutions]).size > CONSENTS_MAX) {
		return refusal('LIMIT', `a user has at most ${CONSENTS_MAX} consents: withdraw one`);
	}
	const joined = runningJob(plan, institutions);
	const running = [...jobs.values()].filter((job) => job.state === 'running').length;
	if (joined === undefined && running >= JOBS_RUNNING_MAX) {
		return refusal('LIMIT', `at most ${JOBS_RUNNING_MAX} registrations run at once: wait for one`);
	}
	for (const institution of institutions) consent(plan, institution, args);
	const id = joined?.id ?? startJob(plan, institutions);
	const events = plan.settle();
	return { ok: true, events, reply: plan.state.jobs.get(id) };
}

/** Ends the consent, and all that stands on it, also where there are only old snapshots (I7). */
function withdraw(
	state: UserState,
	{ institution }: Args<typeof userContract, 'withdraw'>,
	context: Context,
): Decided {
	const plan = new Plan(state, context);
	const { consents, snapshots } = plan.state;
	if (!consents.has(institution) && !snapshots.has(institution)) {
		return { ok: true, events: [], reply: { version: 0 } };
	}
	const version = snapshots.get(institution)?.version ?? 0;
	endRefresh(plan, institution);
	plan.withdraw(institution, 'withdrawn');
	return { ok: true, events: plan.settle(), reply: { version } };
}

/** Fetches all of one institution anew, once for each transaction id (I23). */
function refresh(
	state: UserState,
	{ institution, transactionId }: RefreshArgs,
	context: Context,
): Decided {
	const plan = new Plan(state, context);
	const { consents, refreshes, runs } = plan.state;
	const known = consents.get(institution);
	if (known === undefined || known.expires <= plan.now) {
		return refusal('FORBIDDEN', 'there is no consent');
	}
	const { refreshed } = known;
	if (refreshed?.transactionId === transactionId && refreshed.code === undefined) {
		return { ok: true, events: [], reply: { isRecorded: true } };
	}
	const running = refreshes.get(institution);
	if (running?.transactionId === transactionId) {
		return { ok: true, events: [], reply: { isRecorded: false } };
	}
	if (running !== undefined || runs.has(institution)) {
		return refusal('BUSY', 'this institution is on its way already', REFRESH_AGAIN_MS);
	}
	const id = plan.newId();
	plan.emit({ type: 'refreshBegun', data: { institution, id, transactionId } });
	return { ok: true, events: plan.events, reply: { isRecorded: false } };
}

/** A token that came when nobody waited for it any more. */
function stray(
	state: UserState,
	args: Args<typeof userContract, 'stray'>,
	context: Context,
): Decided {
	const plan = new Plan(state, context);
	takeStray(plan, args);
	return { ok: true, events: plan.events, reply: {} };
}

/** A command of a registration; only nodes give it, for the user or for the weekly plan. */
export function decideRegistration(
	state: UserState,
	{ name, args, caller }: Command,
	context: Context,
): Decided {
	if (!caller.roles.includes('system')) return refusal('FORBIDDEN', 'use assets/me');
	if (name === 'register') return register(state, args as RegisterArgs, context);
	if (name === 'refresh') return refresh(state, args as RefreshArgs, context);
	if (name === 'stray') return stray(state, args as Args<typeof userContract, 'stray'>, context);
	return withdraw(state, args as Args<typeof userContract, 'withdraw'>, context);
}
