import type { Resume } from '../../../src/protocol/wire.ts';
import { numbered } from '../clients/member.ts';
import { NaruLink } from '../clients/naru-link.ts';
import { eachMessage, joining, naru } from '../clients/naru-member.ts';
import { Speaker } from '../clients/speaker.ts';
import { readCounters } from '../harness/counters.ts';
import { eachOf } from '../harness/crowd.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { TEXT_LENGTH } from '../harness/schedule.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { tokenFor } from '../harness/token.ts';

const FULL = { members: 1_000, missedMessages: 200 };
const QUICK = { members: 50, missedMessages: 200 };
const CHANNEL = 'c0';
const STORE_READS = 'store_reads_total';

/** A member that is cut, comes back with what it had, and hears what it missed. */
class Returning {
	readonly #url: string;
	readonly #token: string;
	#link: NaruLink | undefined;
	#resume: Resume = [0, ''];
	#last = 0;
	#wrong = 0;

	constructor(url: string, token: string) {
		this.#url = url;
		this.#token = token;
	}

	async enter(): Promise<void> {
		this.#link = await NaruLink.connect(this.#url, this.#token);
		const { opening } = await this.#link.open(joining(CHANNEL), (_, position) =>
			this.#reach(position),
		);
		this.#resume = [Math.max(opening.position, this.#resume[0]), opening.writer];
	}

	cut(): void {
		this.#link?.cut();
	}

	/** Comes back; answers how it was brought up to date. */
	async comeBack(): Promise<string> {
		const resume = this.#resume;
		this.#link = await NaruLink.connect(this.#url, this.#token);
		const request = { kind: 'channel', id: CHANNEL, args: { last: 0 }, resume };
		const { opening } = await this.#link.open(request, (events, position) => {
			this.#reach(position);
			eachMessage(events, ({ seq }) => {
				if (seq !== this.#last + 1) this.#wrong++;
				this.#last = seq;
			});
		});
		return opening.how;
	}

	missedOf(messages: number): number {
		return this.#wrong + Math.max(0, messages - this.#last);
	}

	#reach(position: number): void {
		this.#resume = [Math.max(position, this.#resume[0]), this.#resume[1]];
	}
}

interface Returned {
	readonly elapsedMs: number;
	readonly storeReads: number;
	readonly missed: number;
}

/** One run: all are cut, messages are sent meanwhile, all come back at once. */
async function returned(bench: Bench): Promise<Returned> {
	const { members, missedMessages } = bench.quick ? QUICK : FULL;
	await using server = await ServerProcess.start({
		file: naru.file,
		profileDir: bench.profileDir,
	});
	const { url } = server;
	const speaker = await Speaker.enter(url, 'speaker', CHANNEL);
	const all: Returning[] = [];
	await eachOf(members, async (index) => {
		const member = new Returning(url, await tokenFor(`u${index}`));
		all[index] = member;
		await member.enter();
	});
	for (const member of all) member.cut();
	for (let n = 1; n <= missedMessages; n++) await speaker.send(numbered(n, TEXT_LENGTH));
	const readsBefore = (await readCounters(url))(STORE_READS);
	const start = performance.now();
	const ways = await Promise.all(all.map((member) => member.comeBack()));
	const elapsedMs = performance.now() - start;
	const storeReads = (await readCounters(url))(STORE_READS) - readsBefore;
	const missed = all.reduce((sum, member) => sum + member.missedOf(missedMessages), 0);
	const resets = ways.filter((way) => way !== 'resumed').length;
	for (const member of all) member.cut();
	speaker.leave();
	bench.progress(
		`${members} members back in ${elapsedMs.toFixed(0)} ms, ${storeReads} store reads, ` +
			`missed ${missed}, not resumed ${resets}`,
	);
	return { elapsedMs, storeReads, missed: missed + resets };
}

export const resume: BenchRow = {
	id: 'resume',
	about: '1,000 cut clients come back at once, each having missed 200 messages',
	async run(bench) {
		const runs: Returned[] = [];
		for (let run = 0; run < bench.runs; run++) runs.push(await returned(bench));
		const missed = runs.reduce((sum, run) => sum + run.missed, 0);
		return [
			{
				name: 'resume of 1,000 clients × 200 missed messages',
				unit: 's',
				value: median(runs.map(({ elapsedMs }) => elapsedMs)) / 1_000,
				atMost: 2,
				missed,
			},
			{
				name: 'resume: store reads while the ring has them',
				unit: 'reads',
				value: Math.max(...runs.map(({ storeReads }) => storeReads)),
				atMost: 0,
				missed,
			},
		];
	},
};
