import type {
	AssetSnapshot,
	InstitutionInfo,
	JobStep,
	Registration,
	Undo,
} from '../../../client-sdk/src/index.ts';
import type { NaruClient } from '../client.ts';
import { untilAnswered } from '../page/until-answered.ts';
import type { AssetFacts } from './asset-lines.ts';

/** How long a consent lasts. */
const CONSENT_MS = 365 * 86_400_000;
/** Registrations that are shown; older ones say nothing any more. */
const JOBS_MAX = 20;

/** All that is known of the user's assets, kept up to date until `close`. */
export class AssetBook implements AssetFacts {
	readonly infos = new Map<string, InstitutionInfo>();
	readonly snapshots = new Map<string, AssetSnapshot>();
	readonly withdrawn = new Set<string>();
	readonly arriving = new Set<string>();
	jobs: readonly Registration[] = [];
	/** `failed`: nothing came, and nothing will by itself. */
	state: 'loading' | 'loaded' | 'failed' = 'loading';
	readonly #naru: NaruClient;
	readonly #changed: () => void;
	readonly #undo: Undo[] = [];
	readonly #watched = new Set<Registration>();
	/** Registrations at institutions that were all connected before. */
	readonly #refreshes = new Set<Registration>();
	#isClosed = false;

	constructor(naru: NaruClient, changed: () => void) {
		this.#naru = naru;
		this.#changed = changed;
		const { assets } = naru;
		this.#undo.push(
			assets.on('job', (job) => this.#job(job)),
			assets.on('snapshot', (snapshot) => this.#snapshot(snapshot)),
			assets.on('gone', ({ institution }) => this.#gone(institution)),
			assets.on('reset', () => void this.load()),
		);
	}

	/** The registration that began last. */
	get lastJob(): Registration | undefined {
		return this.jobs.at(-1);
	}

	/** Whether it ran while one looked on. */
	isFresh(job: Registration): boolean {
		return this.#watched.has(job);
	}

	/** Whether it fetches anew what was there already. */
	isRefresh(job: Registration): boolean {
		return this.#refreshes.has(job);
	}

	/** Reads everything; what is told meanwhile is the newer word. */
	async load(): Promise<void> {
		try {
			const { assets } = this.#naru;
			const [{ institutions }, { snapshots }, { jobs }] = await Promise.all([
				untilAnswered(() => assets.institutions()),
				untilAnswered(() => assets.list()),
				untilAnswered(() => assets.jobs()),
			]);
			if (this.#isClosed) return;
			this.#settle(institutions, snapshots, jobs);
			this.state = 'loaded';
		} catch {
			if (this.state === 'loading') this.state = 'failed';
		}
		this.#tell();
	}

	/** Gives the consent for a year, and starts; rejects with why that is refused. */
	async connect(institutions: readonly string[]): Promise<void> {
		const expiresAt = this.#naru.now() + CONSENT_MS;
		for (const institution of institutions) this.withdrawn.delete(institution);
		const consent = { scopes: ['assets'] as const, expiresAt };
		this.#job(await this.#naru.assets.register(institutions, { consent }));
	}

	/** Ends the consent; its assets are deleted everywhere. */
	async withdraw(institution: string): Promise<void> {
		await this.#naru.assets.withdraw(institution);
		this.#gone(institution);
	}

	close(): void {
		this.#isClosed = true;
		for (const undo of this.#undo.splice(0)) undo();
		for (const id of this.infos.keys()) this.#naru.institution(id).close();
	}

	#settle(
		institutions: readonly InstitutionInfo[],
		snapshots: readonly AssetSnapshot[],
		jobs: readonly Registration[],
	): void {
		for (const info of institutions) this.#institution(info);
		const present = new Set(snapshots.map(({ institution }) => institution));
		for (const id of this.snapshots.keys()) {
			if (!present.has(id) && !this.arriving.has(id)) this.snapshots.delete(id);
		}
		for (const snapshot of snapshots) this.#keep(snapshot);
		for (const job of jobs) this.#job(job);
	}

	/** Its health is live from here on. */
	#institution(info: InstitutionInfo): void {
		const isKnown = this.infos.has(info.id);
		this.infos.set(info.id, info);
		if (isKnown) return;
		const health = (newer: InstitutionInfo) => {
			this.infos.set(info.id, newer);
			this.#tell();
		};
		this.#undo.push(this.#naru.institution(info.id).on('health', health));
	}

	#job(job: Registration): void {
		if (this.jobs.includes(job)) return;
		const isRefresh = job.steps.every(({ institution }) => this.snapshots.has(institution));
		if (isRefresh) this.#refreshes.add(job);
		const all = [...this.jobs, job].sort((one, other) => one.startedAt - other.startedAt);
		this.jobs = all.slice(-JOBS_MAX);
		if (!job.isOver) {
			for (const { institution } of job.steps) this.withdrawn.delete(institution);
			this.#watched.add(job);
			this.#undo.push(
				job.on('step', (step) => this.#step(step)),
				job.on('end', () => this.#tell()),
			);
		}
		this.#tell();
	}

	#step({ institution, state }: JobStep): void {
		if (state === 'done' && !this.snapshots.has(institution)) this.arriving.add(institution);
		this.#tell();
	}

	#snapshot(snapshot: AssetSnapshot): void {
		this.#keep(snapshot);
		this.#tell();
	}

	#keep(snapshot: AssetSnapshot): void {
		const { institution, version } = snapshot;
		this.arriving.delete(institution);
		const known = this.snapshots.get(institution);
		if (known === undefined || known.version <= version) this.snapshots.set(institution, snapshot);
	}

	#gone(institution: string): void {
		this.snapshots.delete(institution);
		this.arriving.delete(institution);
		this.withdrawn.add(institution);
		this.#tell();
	}

	#tell(): void {
		if (!this.#isClosed) this.#changed();
	}
}
