import type { Message } from '../../../src/protocol/channel.ts';
import { NaruLink } from '../clients/naru-link.ts';
import { joining, naru } from '../clients/naru-member.ts';
import { longHistory } from '../harness/long-history.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median, seeded } from '../harness/statistics.ts';
import { tokenFor } from '../harness/token.ts';

const PAGE_LENGTH = 50;
/** Pages begin anywhere in a stretch of this many messages at either end of the channel. */
const STRETCH = 5_000;
const FULL_PAGES = 2_000;
const QUICK_PAGES = 200;
const WARM_PAGES = 200;

interface Pages {
	readonly newestMs: number;
	readonly oldestMs: number;
	/** Pages that were not exactly what was asked for. */
	readonly wrong: number;
}

const isPage = (messages: readonly Message[], before: number) =>
	messages.length === PAGE_LENGTH &&
	messages.every(({ seq }, index) => seq === before - PAGE_LENGTH + index);

/** One run: pages from both ends in turn, one at a time. */
async function pages(bench: Bench): Promise<Pages> {
	const { directory, deep, messages } = await longHistory(bench);
	await using server = await ServerProcess.start({
		file: naru.file,
		profileDir: bench.profileDir,
		options: { directory },
	});
	const link = await NaruLink.connect(server.url, await tokenFor('u0'));
	const { handle } = await link.open(joining(deep), () => {});
	const random = seeded(messages);
	let wrong = 0;
	const page = async (from: number) => {
		const before = from + Math.floor(random() * STRETCH);
		const askedAt = performance.now();
		const args = { before, limit: PAGE_LENGTH };
		const answer = (await link.command(handle, 'history', { args })) as { messages: Message[] };
		const elapsedMs = performance.now() - askedAt;
		if (!isPage(answer.messages, before)) wrong++;
		return elapsedMs;
	};
	const newest: number[] = [];
	const oldest: number[] = [];
	for (let n = -WARM_PAGES; n < (bench.quick ? QUICK_PAGES : FULL_PAGES); n++) {
		const atNewest = await page(messages + 1 - STRETCH);
		const atOldest = await page(PAGE_LENGTH + 1);
		if (n < 0) continue;
		newest.push(atNewest);
		oldest.push(atOldest);
	}
	link.cut();
	return { newestMs: median(newest), oldestMs: median(oldest), wrong };
}

export const historyDepth: BenchRow = {
	id: 'history',
	about: 'a page of history at the far end of a channel with 3,000,000 messages',
	async run(bench) {
		const { messages } = await longHistory(bench);
		const runs: Pages[] = [];
		for (let run = 1; run <= bench.runs; run++) {
			const found = await pages(bench);
			runs.push(found);
			bench.progress(
				`run ${run}/${bench.runs}: ${found.oldestMs.toFixed(3)} ms at the far end, ` +
					`${found.newestMs.toFixed(3)} ms at the near one, wrong ${found.wrong}`,
			);
		}
		const newestMs = median(runs.map((run) => run.newestMs));
		return [
			{
				name: `history page at depth ${messages.toLocaleString('en-US')}`,
				unit: 'ms',
				value: median(runs.map((run) => run.oldestMs)),
				atMost: 1.1 * newestMs,
				missed: runs.reduce((sum, run) => sum + run.wrong, 0),
				peers: { 'depth 0': newestMs },
			},
		];
	},
};
