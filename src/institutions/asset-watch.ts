import type { ActorPort, OpenAnswer, Subscriber, Told } from '../core/actor-port.ts';
import type { Runtime } from '../core/runtime.ts';
import { ERRORS } from '../protocol/errors.ts';
import { actorKey } from '../protocol/ids.ts';
import type { AssetJob, JobStep } from '../protocol/institution.ts';
import { ASSETS_READER } from '../protocol/user.ts';

/** Until the user's actor is opened again where its owner has gone. */
const REOPEN = { firstMs: 100, maxMs: 5_000 };

/** As whom nodes speak to the user's actor. */
export const READER = { userId: ASSETS_READER, roles: ['system'] };

/** What a user's devices are told of. */
export interface AssetNews {
	job(job: AssetJob): void;
	step(jobId: string, step: JobStep): void;
	/** There is a snapshot of this version, or there is none any more. */
	snapshot(institution: string): void;
}

/** What is known of a user's snapshots without a look into the store. */
export interface KnownVersion {
	readonly version: number;
	/** Snapshots up to the version are deleted. */
	readonly isGone: boolean;
}

export interface AssetWatchOptions {
	readonly userId: string;
	readonly actors: Pick<ActorPort, 'open' | 'unsubscribe'>;
	readonly runtime: Pick<Runtime, 'after' | 'random'>;
	readonly news: AssetNews;
}

type Opened = Extract<OpenAnswer, { ok: true }>;

/** What a user's actor tells nodes that open it. */
interface OwnView {
	readonly jobs?: readonly AssetJob[];
	readonly snapshots?: readonly { readonly institution: string; readonly version: number }[];
}

/**
 * Listens to one user's actor for all devices that look at assets here, and comes back when its owner has
 * gone. There may be no actor yet: then it waits until somebody says {@link look}.
 *
 *     idle ──look──▶ opening ──▶ open
 *      ▲ not there      │ ▲       │ owner gone
 *      └────────────────┘ └── waiting ◀┘
 */
export class AssetWatch {
	readonly userId: string;
	/** As far as it was told. */
	readonly jobs = new Map<string, AssetJob>();
	readonly #options: AssetWatchOptions;
	readonly #known = new Map<string, KnownVersion>();
	#state: 'idle' | 'opening' | 'open' | 'waiting' | 'closed' = 'idle';
	#subscriber: Subscriber | undefined;
	/** What came before the answer to the opening. */
	#early: Told[] | undefined;
	#refusals = 0;
	/** Whether devices may have read what is older than what an opening finds. */
	#tellsOpening = false;
	readonly #waiting = new Set<() => void>();
	#cancel = () => {};

	constructor(options: AssetWatchOptions) {
		this.userId = options.userId;
		this.#options = options;
	}

	get #key() {
		return actorKey('user', this.userId);
	}

	get known(): ReadonlyMap<string, KnownVersion> {
		return this.#known;
	}

	/** The actor may be there now. */
	look(): void {
		if (this.#state === 'idle') this.#open();
	}

	/**
	 * Resolves when all that comes from then on is told to devices, or there is no actor yet: what is read
	 * behind that misses nothing. Waited for `ms` at most, then what is found later is told.
	 */
	async settled(ms: number): Promise<void> {
		if (this.#isSettled) return;
		await new Promise<void>((resolve) => {
			const end = () => {
				cancel();
				this.#waiting.delete(end);
				resolve();
			};
			const cancel = this.#options.runtime.after(ms, end);
			this.#waiting.add(end);
		});
		if (!this.#isSettled) this.#tellsOpening = true;
	}

	/** Takes in what is known otherwise: nothing older is shown from now on. */
	learn(institution: string, known: KnownVersion): void {
		const before = this.#known.get(institution);
		if (before === undefined || before.version <= known.version) {
			this.#known.set(institution, known);
		}
	}

	close(): void {
		this.#settle('closed');
		this.#cancel();
		this.#unsubscribe();
	}

	get #isSettled(): boolean {
		return this.#state !== 'opening' && this.#state !== 'waiting';
	}

	#settle(state: 'idle' | 'open' | 'closed'): void {
		this.#state = state;
		for (const end of [...this.#waiting]) end();
	}

	#open(): void {
		this.#state = 'opening';
		this.#early = [];
		const subscriber: Subscriber = {
			committed: ({ told }) => {
				if (subscriber === this.#subscriber) this.#told(told);
			},
			ephemeral: () => {},
			closed: () => {
				if (subscriber === this.#subscriber) this.#lost();
			},
		};
		this.#subscriber = subscriber;
		this.#options.actors.open(this.#key, { caller: READER, args: {}, subscriber }, (answer) => {
			if (subscriber !== this.#subscriber) {
				if (answer.ok) this.#options.actors.unsubscribe(this.#key, subscriber);
			} else if (answer.ok) this.#opened(answer);
			else if (ERRORS[answer.code].retryable) this.#later(answer.retryAfterMs);
			else {
				this.#subscriber = undefined;
				// Devices may read now that there is nothing.
				this.#tellsOpening = true;
				this.#settle('idle');
			}
		});
	}

	#opened(answer: Opened): void {
		this.#refusals = 0;
		const { jobs = [], snapshots = [] } = 'view' in answer ? (answer.view as OwnView) : {};
		this.#catchUpJobs(jobs);
		this.#catchUpSnapshots(snapshots);
		this.#tellsOpening = true;
		const early = this.#early ?? [];
		this.#early = undefined;
		this.#told(early.filter(({ position }) => position > answer.position));
		this.#settle('open');
	}

	#catchUpJobs(jobs: readonly AssetJob[]): void {
		const before = new Map(this.jobs);
		this.jobs.clear();
		for (const job of jobs) {
			this.jobs.set(job.id, job);
			const known = before.get(job.id);
			const isNews = known === undefined ? this.#tellsOpening : known.state === 'running';
			if (job.state === 'running' || isNews) this.#options.news.job(job);
		}
	}

	/** What was recorded and deleted while nobody listened. */
	#catchUpSnapshots(snapshots: OwnView['snapshots'] = []): void {
		const gone = new Map([...this.#known].filter(([, { isGone }]) => !isGone));
		for (const { institution, version } of snapshots) {
			gone.delete(institution);
			this.#learned(institution, { version, isGone: false });
		}
		for (const [institution, { version }] of gone) {
			this.#learned(institution, { version, isGone: true });
		}
	}

	#learned(institution: string, known: KnownVersion): void {
		const before = this.#known.get(institution);
		if (before?.version === known.version && before.isGone === known.isGone) return;
		this.learn(institution, known);
		if (this.#tellsOpening) this.#options.news.snapshot(institution);
	}

	#lost(): void {
		this.#subscriber = undefined;
		if (this.#state !== 'closed') this.#later(undefined);
	}

	#later(retryAfterMs: number | undefined): void {
		this.#subscriber = undefined;
		this.#state = 'waiting';
		const { runtime } = this.#options;
		const limitMs = Math.min(REOPEN.maxMs, REOPEN.firstMs * 2 ** this.#refusals++);
		const waitMs = retryAfterMs ?? Math.round(limitMs * (0.5 + runtime.random() / 2));
		this.#cancel = runtime.after(waitMs, () => this.#open());
	}

	#unsubscribe(): void {
		if (this.#subscriber === undefined) return;
		this.#options.actors.unsubscribe(this.#key, this.#subscriber);
		this.#subscriber = undefined;
	}

	#told(told: readonly Told[]): void {
		if (this.#early !== undefined) {
			this.#early.push(...told);
			return;
		}
		for (const { event } of told) this.#event(event[0], event[1]);
	}

	#event(type: string, data: unknown): void {
		const { news } = this.#options;
		if (type === 'job') {
			const job = data as AssetJob;
			this.jobs.set(job.id, job);
			news.job(job);
		} else if (type === 'step') {
			const { jobId, step } = data as { jobId: string; step: JobStep };
			this.#step(jobId, step);
			news.step(jobId, step);
		} else if (type === 'recorded' || type === 'gone') {
			const { institution, version } = data as { institution: string; version: number };
			this.learn(institution, { version, isGone: type === 'gone' });
			news.snapshot(institution);
		}
	}

	#step(jobId: string, step: JobStep): void {
		const job = this.jobs.get(jobId);
		if (job === undefined) return;
		const steps = job.steps.map((one) => (one.institution === step.institution ? step : one));
		this.jobs.set(jobId, { ...job, steps });
	}
}
