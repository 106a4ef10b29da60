import type { EventMeta } from '../../src/core/actor-kind.ts';
import type { AssetJob, JobStep } from '../../src/protocol/institution.ts';
import type { RegistrationEvent, Stepped } from './registration-events.ts';
import {
	type Consent,
	isOver,
	JOBS_MAX,
	type Registration,
	type Run,
	SPARE_TOKENS_MAX,
} from './registration-state.ts';

type Data<T extends RegistrationEvent['type']> = Extract<RegistrationEvent, { type: T }>['data'];
type When = Pick<EventMeta, 'at' | 'position'>;

/** Changes the value under a key, if it is there. */
function change<V>(map: Map<string, V>, key: string, to: (value: V) => V): void {
	const value = map.get(key);
	if (value !== undefined) map.set(key, to(value));
}

function consented({ consents }: Registration, data: Data<'consented'>, at: number): void {
	const { institution, id, scopes, expires } = data;
	const before = consents.get(institution);
	const kept = before?.id === id ? before : undefined;
	consents.set(institution, { ...kept, id, scopes, given: at, expires });
}

/** Ended jobs give way to newer ones. */
function dropOldJobs({ jobs }: Registration): void {
	for (const { id, state } of jobs.values()) {
		if (jobs.size <= JOBS_MAX) return;
		if (state !== 'running') jobs.delete(id);
	}
}

function jobStarted(state: Registration, { job, runs }: Data<'jobStarted'>): void {
	state.jobs.set(job.id, job);
	for (const { institution, run } of runs) {
		const step = job.steps.find((one) => one.institution === institution) as JobStep;
		const fresh = { phase: 'queued', n: 0, attempt: 0, jobs: [], ids: [], assets: [] } as const;
		state.runs.set(institution, { ...fresh, id: run, step });
	}
	for (const { institution } of job.steps) {
		change(state.runs, institution, (run) => ({ ...run, jobs: [...run.jobs, job.id] }));
	}
	dropOldJobs(state);
}

const withStep = (job: AssetJob, step: JobStep): AssetJob => ({
	...job,
	steps: job.steps.map((one) =>
		one.institution === step.institution && !isOver(one) ? step : one,
	),
});

function stepped(state: Registration, data: Stepped): void {
	const { institution, phase, attempt, until, step, ids, token, authorisation } = data;
	change(state.runs, institution, (run): Run => {
		const { until: _, authorisation: known, ...rest } = run;
		// Used up once there is a token.
		const kept = token === undefined ? (authorisation ?? known) : undefined;
		// At its first step there is nothing yet, also when it goes back there.
		const nothing = step.step === 'authorise' ? { ids: [], assets: [] } : {};
		return {
			...rest,
			...nothing,
			...(ids === undefined ? {} : { ids }),
			...(until === undefined ? {} : { until }),
			...(kept === undefined ? {} : { authorisation: kept }),
			phase,
			attempt,
			step,
			n: run.n + 1,
		};
	});
	if (token !== undefined) {
		change(state.consents, institution, (consent) => ({ ...consent, token }));
	}
	for (const id of data.jobs) change(state.jobs, id, (job) => withStep(job, step));
}

function fetched(state: Registration, data: Data<'fetched'>, position: number): void {
	const { institution, source, assets } = data;
	// Erased since.
	if (assets.length === 0) return;
	const add = <T extends { readonly assets: Run['assets'] }>(one: T): T => ({
		...one,
		assets: [...one.assets, ...assets],
	});
	if (source === 'run') change(state.runs, institution, add);
	else change(state.refreshes, institution, add);
	state.traces.set(institution, [...(state.traces.get(institution) ?? []), position]);
}

function withdrawn(state: Registration, data: Data<'withdrawn'>): void {
	const { institution, reason, revocation } = data;
	const consent = state.consents.get(institution);
	state.consents.delete(institution);
	state.refreshes.delete(institution);
	if (reason === 'withdrawn') state.snapshots.delete(institution);
	if (revocation === undefined || consent === undefined) return;
	const { id: consentId, token } = consent;
	const tokenPart = token === undefined ? {} : { token };
	tokenDropped(state, { id: revocation, institution, consentId, ...tokenPart });
}

function tokenKept(consent: Consent, { token, isSpare }: Data<'tokenKept'>): Consent {
	const { token: before, spare = [] } = consent;
	const other = isSpare === true ? token : before;
	const present = isSpare === true ? before : token;
	return {
		...consent,
		...(present === undefined ? {} : { token: present }),
		...(other === undefined ? {} : { spare: [...spare, other].slice(-SPARE_TOKENS_MAX) }),
	};
}

function tokenDropped({ revocations }: Registration, data: Data<'tokenDropped'>): void {
	const { id, ...dropped } = data;
	revocations.set(id, { ...dropped, attempt: 0 });
}

function revocationRested(state: Registration, { id, until }: Data<'revocationRested'>): void {
	change(state.revocations, id, ({ until: _, ...rest }) =>
		until === undefined ? rest : { ...rest, attempt: rest.attempt + 1, until },
	);
}

function refreshed(state: Registration, data: Data<'refreshed'>): void {
	const { institution, transactionId, code, token } = data;
	state.refreshes.delete(institution);
	change(state.consents, institution, (consent) => ({
		...consent,
		...(token === undefined ? {} : { token }),
		refreshed: { transactionId, ...(code === undefined ? {} : { code }) },
	}));
}

function erasing(state: Registration, { id, institution, keep }: Data<'erasing'>): void {
	const traces = state.traces.get(institution) ?? [];
	const from = traces.length - keep;
	state.erasures.set(id, traces.slice(0, from));
	if (keep === 0) state.traces.delete(institution);
	else state.traces.set(institution, traces.slice(from));
}

/** Applies an event in place; the values of the maps are replaced, never changed. */
export function evolveRegistration(
	state: Registration,
	{ type, data }: RegistrationEvent,
	{ at, position }: When,
): void {
	switch (type) {
		case 'consented':
			consented(state, data, at);
			break;
		case 'jobStarted':
			jobStarted(state, data);
			break;
		case 'stepped':
			stepped(state, data);
			break;
		case 'fetched':
			fetched(state, data, position);
			break;
		case 'recorded':
			state.snapshots.set(data.institution, { version: data.version, asOf: data.asOf });
			break;
		case 'runEnded':
			state.runs.delete(data.institution);
			break;
		case 'jobEnded':
			state.jobs.set(data.job.id, data.job);
			break;
		case 'withdrawn':
			withdrawn(state, data);
			break;
		case 'tokenDropped':
			tokenDropped(state, data);
			break;
		case 'tokenKept':
			change(state.consents, data.institution, (consent) => tokenKept(consent, data));
			break;
		case 'revocationRested':
			revocationRested(state, data);
			break;
		case 'revoked':
			state.revocations.delete(data.id);
			break;
		case 'refreshBegun':
			state.refreshes.set(data.institution, {
				id: data.id,
				transactionId: data.transactionId,
				assets: [],
			});
			break;
		case 'refreshed':
			refreshed(state, data);
			break;
		case 'erasing':
			erasing(state, data);
			break;
		case 'erased':
			state.erasures.delete(data.id);
	}
}
