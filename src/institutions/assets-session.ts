import type { Tell } from '../gateway/ports.ts';
import type { AssetJob, AssetSnapshot, JobStep } from '../protocol/institution.ts';
import type { WireEvent } from '../protocol/wire.ts';
import { isTellable } from './asset-page.ts';
import type { AssetNews } from './asset-watch.ts';

export interface AssetsSource {
	readonly jobs: ReadonlyMap<string, AssetJob>;
	/** As it is now; rejects when the store cannot be read. */
	snapshot(institution: string): Promise<AssetSnapshot | undefined>;
}

/**
 * One opened `assets/me`: tells, and keeps of what its reader was too slow for, to tell it as it is when
 * the reader is there again. Bounded by the jobs and consents of one user.
 */
export class AssetsSession implements AssetNews {
	readonly #tell: Tell;
	readonly #source: AssetsSource;
	readonly #missedJobs = new Set<string>();
	readonly #missedSnapshots = new Set<string>();
	/** The last reading under way of each institution: what an earlier one brings may be older. */
	readonly #readings = new Map<string, symbol>();

	constructor(tell: Tell, source: AssetsSource) {
		this.#tell = tell;
		this.#source = source;
	}

	job(job: AssetJob): void {
		if (this.#tell(['job', job])) this.#missedJobs.delete(job.id);
		else this.#missedJobs.add(job.id);
	}

	step(jobId: string, step: JobStep): void {
		// A part of a job that was missed says nothing.
		const isKnown = !this.#missedJobs.has(jobId);
		if (!isKnown || !this.#tell(['step', { jobId, step }])) this.#missedJobs.add(jobId);
	}

	snapshot(institution: string): void {
		const reading = Symbol(institution);
		this.#readings.set(institution, reading);
		const isLast = () =>
			this.#readings.get(institution) === reading && this.#readings.delete(institution);
		this.#source.snapshot(institution).then(
			(snapshot) => {
				if (isLast()) this.#tellSnapshot(institution, snapshot);
			},
			// Whoever looks at the list reads it again.
			() => {
				if (isLast()) this.#missedSnapshots.add(institution);
			},
		);
	}

	#tellSnapshot(institution: string, snapshot: AssetSnapshot | undefined): void {
		const isTold = this.#tell(
			snapshot === undefined ? ['gone', { institution }] : newsOf(snapshot),
		);
		if (isTold) this.#missedSnapshots.delete(institution);
		else this.#missedSnapshots.add(institution);
	}

	/** Tells what was missed, as it is now. */
	caughtUp(): void {
		for (const id of [...this.#missedJobs]) {
			const job = this.#source.jobs.get(id);
			if (job === undefined) this.#missedJobs.delete(id);
			else this.job(job);
		}
		for (const institution of [...this.#missedSnapshots]) this.snapshot(institution);
	}
}

/** What is too large for a frame is read by those who want it, in parts. */
function newsOf(snapshot: AssetSnapshot): WireEvent {
	if (isTellable(snapshot)) return ['snapshot', snapshot];
	const { institution, version } = snapshot;
	return ['newer', { institution, version }];
}
