import { expect, test } from 'vitest';
import type { AssetJob, AssetSnapshot, JobStep } from '../../src/protocol/institution.ts';
import type { WireEvent } from '../../src/protocol/wire.ts';
import { AssetWorld } from '../support/asset-world.ts';

type Device = ReturnType<AssetWorld['device']>;

/** What a page shows of one institution: its newest step, and the version of its snapshot. */
interface Shown {
	readonly step: string | undefined;
	readonly version: number | undefined;
}

const INSTITUTION = 'bank-a';

function shownOf(jobs: readonly AssetJob[], version: number | undefined): Shown {
	const steps = jobs.flatMap(({ steps: all }) => all);
	const step = steps.findLast(({ institution }) => institution === INSTITUTION);
	return { step: step && `${step.state} ${step.code ?? ''}`, version };
}

/** As a page that was just loaded sees it; `list` and `get` agree. */
async function loaded(device: Device): Promise<Shown> {
	const [jobs, all, one] = [
		await device.jobs(),
		await device.list(),
		await device.ask('get', { institution: INSTITUTION }),
	];
	if (!one.ok) throw new Error(one.code);
	const { snapshot } = one.reply as { snapshot?: AssetSnapshot };
	expect(all.find(({ institution }) => institution === INSTITUTION)?.version).toBe(
		snapshot?.version,
	);
	return shownOf(jobs, snapshot?.version);
}

/** A page that has looked on since it was loaded. */
class Page {
	readonly device: Device;
	readonly #jobs = new Map<string, AssetJob>();
	#version: number | undefined;
	#heard = 0;

	constructor(device: Device) {
		this.device = device;
	}

	async load(): Promise<this> {
		for (const job of await this.device.jobs()) this.#jobs.set(job.id, job);
		const all = await this.device.list();
		this.#version = all.find(({ institution }) => institution === INSTITUTION)?.version;
		return this;
	}

	get shown(): Shown {
		const { told } = this.device;
		for (; this.#heard < told.length; this.#heard++) this.#event(told[this.#heard] as WireEvent);
		return shownOf([...this.#jobs.values()], this.#version);
	}

	#event([type, data]: WireEvent): void {
		if (type === 'job') this.#jobs.set((data as AssetJob).id, data as AssetJob);
		if (type === 'step') {
			const { jobId, step } = data as { jobId: string; step: JobStep };
			const job = this.#jobs.get(jobId);
			if (job === undefined) throw new Error('a step of a job that nobody was told of');
			const steps = job.steps.map((one) => (one.institution === step.institution ? step : one));
			this.#jobs.set(jobId, { ...job, steps });
		}
		if (type === 'snapshot') this.#version = (data as AssetSnapshot).version;
		if (type === 'gone') this.#version = undefined;
	}
}

const WORDS = ['fail', 'succeed', 'reload', 'device', 'crash', 'move', 'withdraw'] as const;
type Word = (typeof WORDS)[number];

/** All orders of so many things that can happen. */
function* orders(length: number): Generator<readonly Word[]> {
	if (length === 0) yield [];
	else for (const rest of orders(length - 1)) for (const word of WORDS) yield [...rest, word];
}

class Story {
	readonly world = new AssetWorld();
	pages: Page[] = [];
	#devices = 0;

	async begin(): Promise<void> {
		this.world.banks.latencyMs = 5;
		this.pages = [await this.#page(), await this.#page()];
	}

	async happen(word: Word): Promise<void> {
		const { banks, bench, runtime } = this.world;
		const [first] = this.pages as [Page, Page];
		if (word === 'fail' || word === 'succeed') {
			banks.intercept = ({ api }) =>
				word === 'fail' && api === 'assets' ? banks.outside({ class: 'business' }) : undefined;
			await first.device.register([INSTITUTION]);
		} else if (word === 'withdraw') await first.device.withdraw(INSTITUTION);
		else if (word === 'device') this.pages.push(await this.#page());
		else if (word === 'reload') {
			first.device.close();
			this.pages[0] = await this.#page();
		} else if (word === 'move') {
			void bench.system.release('user/ann');
			await runtime.advance(10);
			void bench.system.wakeDue(Number.MAX_SAFE_INTEGER);
		} else await this.#crash();
		await runtime.advance(3_000);
	}

	/** As every page shows it, and one that is loaded now. */
	async shown(): Promise<Shown[]> {
		const fresh = this.world.device('ann', 'fresh');
		const shown = [...this.pages.map((page) => page.shown), await loaded(fresh)];
		fresh.close();
		return shown;
	}

	/** Its sockets end with it; clients read anew when they are back. */
	async #crash(): Promise<void> {
		this.world.crash();
		void this.world.bench.system.wakeDue(Number.MAX_SAFE_INTEGER);
		this.pages = await Promise.all(this.pages.map(() => this.#page()));
	}

	#page(): Promise<Page> {
		return new Page(this.world.device('ann', `device-${this.#devices++}`)).load();
	}
}

test('[I3] whatever fails, ends, moves or is loaded anew in whatever order: every page shows the same', async () => {
	const seen = new Set<string>();
	for (const words of orders(3)) {
		const story = new Story();
		await story.begin();
		for (const word of words) {
			await story.happen(word);
			const [now, ...others] = await story.shown();
			for (const other of others) expect([...words, other]).toEqual([...words, now]);
			seen.add(`${now?.step} ${now?.version !== undefined}`);
		}
	}
	// Failed before there was anything to show, and after; done, withdrawn, and nothing yet.
	expect([...seen].toSorted()).toEqual([
		'done  false',
		'done  true',
		'failed CONFLICT false',
		'failed CONFLICT true',
		'undefined false',
	]);
}, 60_000);
