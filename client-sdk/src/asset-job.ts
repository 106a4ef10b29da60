import type { AssetJob, JobStep } from './generated/schemas.ts';
import { Listeners, type Undo } from './listeners.ts';
import type { NaruError } from './naru-error.ts';

export interface RegistrationEvents {
	/** How each institution stands now is told to a new listener at once, then each step. */
	readonly step: JobStep;
	/** All institutions are through; told to a new listener when they are. */
	readonly end: AssetJob;
}

const ORDER: readonly string[] = ['authorise', 'token', 'list', 'details'];

const isOver = ({ state }: JobStep) => state === 'done' || state === 'failed';

/** How far a step is; a later one is a larger number. */
const progressOf = (step: JobStep) =>
	isOver(step) ? Infinity : ORDER.indexOf(step.step) * 1e6 + step.done;

/** Answers and news come on different ways: what is older changes nothing. */
const isNewer = (step: JobStep, known: JobStep) =>
	step.at > known.at || (step.at === known.at && progressOf(step) >= progressOf(known));

const isSame = (step: JobStep, known: JobStep) =>
	step.at === known.at &&
	step.state === known.state &&
	step.step === known.step &&
	step.done === known.done &&
	step.code === known.code;

interface Waiting {
	resolve(job: AssetJob): void;
	reject(error: NaruError): void;
}

/** A registration of assets, as it goes on: the same on every device of the user. */
export class Registration implements AssetJob {
	#job: AssetJob;
	readonly #listeners = new Listeners<RegistrationEvents>((type) => {
		if (type === 'step') return this.steps;
		return this.isOver ? [this.#job] : [];
	});
	readonly #waiting = new Set<Waiting>();

	/** @internal */
	constructor(job: AssetJob) {
		this.#job = job;
	}

	get id(): string {
		return this.#job.id;
	}

	get state(): AssetJob['state'] {
		return this.#job.state;
	}

	get startedAt(): number {
		return this.#job.startedAt;
	}

	get endedAt(): number | undefined {
		return this.#job.endedAt;
	}

	/** One for each institution: where it stands. */
	get steps(): readonly JobStep[] {
		return this.#job.steps;
	}

	get isOver(): boolean {
		return this.state !== 'running';
	}

	on<E extends keyof RegistrationEvents>(
		type: E,
		listener: (value: RegistrationEvents[E]) => void,
	): Undo {
		return this.#listeners.on(type, listener);
	}

	/** Resolves when all institutions are through, whatever came of it; rejects when the client ends. */
	async ended(): Promise<AssetJob> {
		if (this.isOver) return this.#job;
		return new Promise((resolve, reject) => this.#waiting.add({ resolve, reject }));
	}

	/** @internal News of one institution. */
	step(step: JobStep): void {
		const known = this.steps.find(({ institution }) => institution === step.institution);
		if (known === undefined || !isNewer(step, known) || isSame(step, known)) return;
		const steps = this.steps.map((one) => (one === known ? step : one));
		this.#job = { ...this.#job, steps };
		this.#listeners.emit('step', step);
	}

	/** @internal The whole of it, as somebody knows it. */
	update(job: AssetJob): void {
		if (this.isOver) return;
		for (const step of job.steps) this.step(step);
		if (job.state === 'running') return;
		this.#job = job;
		this.#listeners.emit('end', job);
		for (const { resolve } of this.#waiting) resolve(job);
		this.#waiting.clear();
	}

	/** @internal Nothing more will come. */
	fail(error: NaruError): void {
		for (const { reject } of this.#waiting) reject(error);
		this.#waiting.clear();
	}
}
