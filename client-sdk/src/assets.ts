import { Registration } from './asset-job.ts';
import { AssetsHandle, type AssetsTypes, assetsTable } from './generated/assets.ts';
import type { AssetJob, AssetSnapshot, Consent, JobStep } from './generated/schemas.ts';
import { Listeners, type Undo } from './listeners.ts';
import type { NaruError } from './naru-error.ts';
import type { Session } from './session.ts';

/** Registrations that are known by id; ended ones give way. */
const JOBS_MAX = 50;

type Commands = AssetsTypes['commands'];

export interface AssetsEvents {
	/** There is a newer snapshot of an institution. */
	readonly snapshot: AssetSnapshot;
	/** The consent was withdrawn, here or on another device: the assets are deleted. */
	readonly gone: { readonly institution: string };
	/** A registration has begun, here or on another device; those that run are told to a new listener. */
	readonly job: Registration;
	/** After a lost socket: list again, snapshots may have been missed. */
	readonly reset: undefined;
	readonly closed: NaruError;
}

/** The user's own assets at institutions. Only `register` calls institutions, and nobody waits for it. */
export class Assets {
	readonly #session: Session;
	readonly #handle: AssetsHandle;
	readonly #jobs = new Map<string, Registration>();
	readonly #listeners = new Listeners<AssetsEvents>((type) =>
		type === 'job' ? this.#running() : undefined,
	);

	/** @internal */
	constructor(session: Session) {
		this.#session = session;
		this.#handle = new AssetsHandle(session, {
			table: assetsTable,
			id: () => 'me',
			sink: {
				opened: (_, isReset) => this.#opened(isReset),
				event: () => {},
				ephemeral: (type, data) => this.#told(type, data),
				closed: (error) => this.#closed(error),
			},
		});
	}

	on<E extends keyof AssetsEvents>(type: E, listener: (value: AssetsEvents[E]) => void): Undo {
		this.#handle.want();
		return this.#listeners.on(type, listener);
	}

	/** All institutions, with how they stand. */
	institutions(): Promise<Commands['institutions']['reply']> {
		return this.#handle.institutions();
	}

	/** The newest snapshot of each institution. */
	list(): Promise<Commands['list']['reply']> {
		return this.#handle.list();
	}

	get(institution: string): Promise<Commands['get']['reply']> {
		return this.#handle.get({ institution });
	}

	/**
	 * Resolves at once with the registration, new or, when the same institutions are on their way, the one
	 * that runs. Those that failed are tried again by registering again.
	 */
	async register(
		institutions: readonly string[],
		{ consent }: { readonly consent: Consent },
	): Promise<Registration> {
		return this.#job(await this.#handle.register({ institutions, consent }));
	}

	/** The last registrations, oldest first. */
	async jobs(): Promise<{ readonly jobs: readonly Registration[] }> {
		const { jobs } = await this.#handle.jobs();
		return { jobs: jobs.map((job) => this.#job(job)) };
	}

	/** Ends the consent: nothing is called any more, the assets are deleted on all devices. */
	async withdraw(institution: string): Promise<void> {
		await this.#handle.withdraw({ institution });
	}

	#running(): readonly Registration[] {
		return [...this.#jobs.values()].filter(({ isOver }) => !isOver);
	}

	/** The same object for the same id. */
	#job(job: AssetJob): Registration {
		const known = this.#jobs.get(job.id);
		if (known !== undefined) {
			known.update(job);
			return known;
		}
		const made = new Registration(job);
		this.#jobs.set(job.id, made);
		if (!made.isOver) this.#listeners.emit('job', made);
		for (const [id, { isOver }] of this.#jobs) {
			if (this.#jobs.size <= JOBS_MAX) break;
			if (isOver) this.#jobs.delete(id);
		}
		return made;
	}

	#opened(isReset: boolean): void {
		if (!isReset) return;
		this.#listeners.emit('reset', undefined);
		// What has ended meanwhile is not told again by itself.
		if (this.#running().length > 0) this.jobs().catch(() => {});
	}

	#told(type: string, data: unknown): void {
		if (type === 'job') this.#job(data as AssetJob);
		else if (type === 'step') {
			const { jobId, step } = data as { jobId: string; step: JobStep };
			this.#jobs.get(jobId)?.step(step);
		} else if (type === 'snapshot' || type === 'gone') {
			this.#listeners.emit(type, data as never);
		}
	}

	#closed(error: NaruError): void {
		this.#listeners.emit('closed', error);
		// Otherwise the next use opens it again, and they are told of.
		if (this.#session.ended) for (const job of this.#running()) job.fail(error);
	}
}
