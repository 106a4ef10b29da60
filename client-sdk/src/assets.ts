import { Registration } from './asset-job.ts';
import { AssetsHandle, type AssetsTypes, assetsTable } from './generated/assets.ts';
import type {
	AssetJob,
	AssetPart,
	AssetPlace,
	AssetSnapshot,
	Consent,
	JobStep,
} from './generated/schemas.ts';
import { Listeners, type Undo } from './listeners.ts';
import type { NaruError } from './naru-error.ts';
import type { Session } from './session.ts';

/** Registrations that are known by id; ended ones give way. */
const JOBS_MAX = 50;

type Commands = AssetsTypes['commands'];

/** Goes on with the last snapshot where the part is of the same; one of another version replaces it. */
function addPart(snapshots: AssetSnapshot[], part: AssetSnapshot): void {
	const last = snapshots.at(-1);
	if (last?.institution !== part.institution) snapshots.push(part);
	else {
		const assets = last.version === part.version ? [...last.assets, ...part.assets] : part.assets;
		snapshots[snapshots.length - 1] = { ...part, assets };
	}
}

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
	/** Snapshots that are being read because they were told of. */
	readonly #reading = new Map<string, symbol>();
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
	async list(): Promise<{ readonly snapshots: readonly AssetSnapshot[] }> {
		const snapshots: AssetSnapshot[] = [];
		let after: AssetPlace | undefined;
		do {
			const page = await this.#handle.list(after === undefined ? {} : { after });
			// Withdrawn between two parts: what there is of it does not count.
			const isCut =
				after?.part !== undefined && page.snapshots[0]?.institution !== after.institution;
			if (isCut) snapshots.pop();
			for (const part of page.snapshots) addPart(snapshots, part);
			after = page.next;
		} while (after !== undefined);
		return { snapshots };
	}

	async get(institution: string): Promise<{ readonly snapshot?: AssetSnapshot }> {
		const snapshots: AssetSnapshot[] = [];
		let part: AssetPart | undefined;
		do {
			const args = part === undefined ? { institution } : { institution, part };
			const { snapshot, next } = await this.#handle.get(args);
			if (snapshot === undefined) return {};
			addPart(snapshots, snapshot);
			part = next;
		} while (part !== undefined);
		const [snapshot] = snapshots;
		return snapshot === undefined ? {} : { snapshot };
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

	/** The consents that stand, with their ends; institutions whose consent has ended are not there. */
	consents(): Promise<Commands['consents']['reply']> {
		return this.#handle.consents();
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
		} else if (type === 'newer') {
			const { institution } = data as { institution: string };
			this.#read(institution);
		} else if (type === 'snapshot' || type === 'gone') {
			const { institution } = data as { institution: string };
			this.#reading.delete(institution);
			this.#listeners.emit(type, data as never);
		}
	}

	/** Tells a snapshot that is too large to come by itself; what is told meanwhile is newer. */
	#read(institution: string): void {
		const reading = Symbol(institution);
		this.#reading.set(institution, reading);
		const isLast = () =>
			this.#reading.get(institution) === reading && this.#reading.delete(institution);
		this.get(institution).then(
			({ snapshot }) => {
				if (isLast() && snapshot !== undefined) this.#listeners.emit('snapshot', snapshot);
			},
			// With the next socket all is listed again.
			() => isLast(),
		);
	}

	#closed(error: NaruError): void {
		this.#listeners.emit('closed', error);
		// Otherwise the next use opens it again, and they are told of.
		if (this.#session.ended) for (const job of this.#running()) job.fail(error);
	}
}
