import type { Context } from '../../src/core/actor-kind.ts';
import type { Asset, JobStep } from '../../src/protocol/institution.ts';
import { evolveRegistration } from './evolve-registration.ts';
import type { SealedToken } from './institution-port.ts';
import type { RegistrationEvent, RunPhase, Source, Stepped } from './registration-events.ts';
import {
	type Consent,
	copyRegistration,
	isOver,
	noRegistration,
	outcomeOf,
	REVOCATIONS_MAX,
	type Registration,
	RUNS_AT_ONCE_MAX,
	type Run,
	TRACES_MAX,
	WITHDRAWN,
} from './registration-state.ts';
import type { UserState } from './user-state.ts';

/** How a run moves on; what is left out stays as it was. */
export interface Move {
	readonly phase: RunPhase;
	readonly step: Partial<JobStep>;
	readonly attempt?: number;
	readonly until?: number;
	readonly got?: Pick<Stepped, 'authorisation' | 'token' | 'ids'>;
}

/** Adjusts a step; why and how long it waited is gone when it goes on. */
function movedStep(
	{ code: _, retryAt: __, ...before }: JobStep,
	change: Partial<JobStep>,
	at: number,
): JobStep {
	return { ...before, ...change, at };
}

/**
 * The events of one decision. Each is applied to a copy of the state, so that the next is decided on what
 * the one before left; the state itself is not touched.
 */
export class Plan {
	readonly events: RegistrationEvent[] = [];
	readonly state: Registration;
	readonly now: number;
	readonly newId: () => string;

	constructor({ registration }: UserState, { now, newId }: Context) {
		this.state = registration === undefined ? noRegistration() : copyRegistration(registration);
		this.now = now;
		this.newId = newId;
	}

	emit(event: RegistrationEvent): void {
		this.events.push(event);
		// Positions matter to what is erased later only, and the copy does not live that long.
		evolveRegistration(this.state, event, { at: this.now, position: 0 });
	}

	/** Moves a run on. */
	move(institution: string, { phase, step, attempt = 0, until, got }: Move): void {
		const run = this.state.runs.get(institution);
		if (run === undefined) return;
		this.emit({
			type: 'stepped',
			data: {
				institution,
				run: run.id,
				phase,
				step: movedStep(run.step, step, this.now),
				jobs: run.jobs,
				attempt,
				...(until === undefined ? {} : { until }),
				...got,
			},
		});
	}

	/** Has a run begin anew, on another consent. */
	restart(institution: string): void {
		const step = { step: 'authorise', state: 'waiting', done: 0, total: 0 } as const;
		this.move(institution, { phase: 'queued', step });
	}

	/** Ends a run for good. */
	end(institution: string, step: Partial<JobStep>, got?: Move['got']): void {
		this.move(institution, { phase: 'done', step, ...(got === undefined ? {} : { got }) });
		this.emit({ type: 'runEnded', data: { institution } });
	}

	/** Keeps what was fetched as the newest snapshot, unless a newer one is there (I4). */
	record(institution: string, source: Source): void {
		const { runs, refreshes, snapshots } = this.state;
		const assets = (source === 'run' ? runs : refreshes).get(institution)?.assets ?? [];
		const asOf = newest(assets) ?? this.now;
		const kept = snapshots.get(institution);
		if (kept !== undefined && asOf < kept.asOf) return;
		const version = Math.max(this.now, (kept?.version ?? 0) + 1);
		this.emit({ type: 'recorded', data: { institution, source, version, asOf } });
		const { length } = this.state.traces.get(institution) ?? [];
		if (length > TRACES_MAX) this.erase(institution, TRACES_MAX / 2);
	}

	/** Has assets taken out of the journal, but for the newest events. */
	erase(institution: string, keep: number): void {
		if (!this.state.traces.has(institution)) return;
		this.emit({ type: 'erasing', data: { id: this.newId(), institution, keep } });
	}

	/** Ends a consent with all that stands on it (I7). */
	withdraw(institution: string, reason: 'withdrawn' | 'expired'): void {
		const { consents, runs, snapshots } = this.state;
		const consent = consents.get(institution);
		if (runs.has(institution)) {
			this.end(institution, {
				state: 'failed',
				code: reason === 'withdrawn' ? WITHDRAWN : 'EXPIRED',
			});
		}
		// Behind its end an institution is not called, not even to make void what has ended by itself.
		const isRevoked = consent !== undefined && reason === 'withdrawn';
		if (isRevoked) this.#makeRoom();
		this.emit({
			type: 'withdrawn',
			data: {
				institution,
				reason,
				version: snapshots.get(institution)?.version ?? 0,
				...(isRevoked ? { revocation: this.newId() } : {}),
			},
		});
		if (isRevoked) this.dropSpare(institution, consent);
		if (reason === 'withdrawn') this.erase(institution, 0);
	}

	/** Has a token made void, and all work on its consent ended. */
	dropToken(institution: string, consentId: string, token: SealedToken | undefined): void {
		this.#makeRoom();
		const tokenPart = token === undefined ? {} : { token };
		const data = { id: this.newId(), institution, consentId, ...tokenPart };
		this.emit({ type: 'tokenDropped', data });
	}

	/** The same for what a consent has besides its token. */
	dropSpare(institution: string, { id, spare = [] }: Consent): void {
		for (const token of spare) this.dropToken(institution, id, token);
	}

	/** What follows by itself: jobs end, and runs begin where there is room. */
	settle(): RegistrationEvent[] {
		this.#endJobs();
		this.#beginRuns();
		return this.events;
	}

	#endJobs(): void {
		for (const job of [...this.state.jobs.values()]) {
			if (job.state !== 'running' || !job.steps.every(isOver)) continue;
			const ended = { ...job, state: outcomeOf(job), endedAt: this.now };
			this.emit({ type: 'jobEnded', data: { job: ended } });
		}
	}

	#beginRuns(): void {
		const runs = [...this.state.runs];
		let free = RUNS_AT_ONCE_MAX - runs.filter(([, { phase }]) => phase === 'active').length;
		for (const [institution, run] of runs) {
			if (free <= 0) return;
			if (!this.#mayBegin(run)) continue;
			const { attempt } = run;
			this.move(institution, { phase: 'active', step: { state: 'running' }, attempt });
			free--;
		}
	}

	#mayBegin({ phase, until = 0 }: Run): boolean {
		return phase === 'queued' || (phase === 'resting' && until <= this.now);
	}

	#makeRoom(): void {
		for (const [id, { institution }] of this.state.revocations) {
			if (this.state.revocations.size < REVOCATIONS_MAX) return;
			this.emit({ type: 'revoked', data: { id, institution, isGivenUp: true } });
		}
	}
}

function newest(assets: readonly Asset[]): number | undefined {
	return assets.length === 0 ? undefined : Math.max(...assets.map(({ asOf }) => asOf));
}
