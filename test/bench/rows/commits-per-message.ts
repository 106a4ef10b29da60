import { numbered } from '../clients/member.ts';
import { naru } from '../clients/naru-member.ts';
import { Reader } from '../clients/reader.ts';
import { atRest, readCounters } from '../harness/counters.ts';
import { eachOf } from '../harness/crowd.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { TEXT_LENGTH } from '../harness/schedule.ts';
import { ServerProcess } from '../harness/server-process.ts';

const FULL = { members: 1_000, messages: 40 };
const QUICK = { members: 100, messages: 5 };
const EVERY_MS = 250;
/** Markers are journaled at most once in this time. */
const MARKERS_EVERY_MS = 1_000;
const COMMITS = 'commits_total';
const HEARD_MAX_MS = 5_000;

/** The first member sends at a fixed pace, each message when the last is durable. */
async function talk(readers: readonly Reader[], messages: number): Promise<void> {
	for (let n = 1; n <= messages; n++) {
		const nextAt = performance.now() + EVERY_MS;
		await readers[0]?.send(numbered(n, TEXT_LENGTH));
		await new Promise((next) => setTimeout(next, Math.max(0, nextAt - performance.now())));
	}
}

async function heardAll(readers: readonly Reader[], messages: number): Promise<number> {
	const missed = () => readers.reduce((sum, reader) => sum + reader.missedOf(messages), 0);
	const deadline = performance.now() + HEARD_MAX_MS;
	while (missed() > 0 && performance.now() < deadline)
		await new Promise((look) => setTimeout(look, 20));
	return missed();
}

/** Commits while nobody reads, then while everybody reads along. */
async function count(bench: Bench) {
	const { members, messages } = bench.quick ? QUICK : FULL;
	await using server = await ServerProcess.start({
		file: naru.file,
		profileDir: bench.profileDir,
	});
	const readers: Reader[] = [];
	await eachOf(members, async (index) => {
		readers[index] = await Reader.enter(server.url, `u${index}`, 'c0');
	});
	const before = await atRest(server.url, COMMITS);
	await talk(readers, messages);
	const quiet = (await atRest(server.url, COMMITS)) - before;
	for (const reader of readers) reader.readAlong();
	const start = performance.now();
	await talk(readers, messages);
	const missed = await heardAll(readers, 2 * messages);
	const elapsedMs = performance.now() - start + MARKERS_EVERY_MS;
	await atRest(server.url, COMMITS);
	const alongside = (await readCounters(server.url))(COMMITS) - before - quiet;
	const unread = readers.reduce((sum, reader) => sum + reader.unanswered, 0);
	for (const reader of readers) reader.leave();
	bench.progress(
		`${messages} messages: ${quiet} commits unread, ${alongside} while ${members} read along ` +
			`for ${(elapsedMs / 1_000).toFixed(1)} s, missed ${missed}, reads unanswered ${unread}`,
	);
	return { messages, quiet, markers: alongside - messages, elapsedMs, missed: missed + unread };
}

export const commitsPerMessage: BenchRow = {
	id: 'commits',
	about: 'journal commits of a channel with 1,000 members who all read along',
	async run(bench) {
		const { messages, quiet, markers, elapsedMs, missed } = await count(bench);
		return [
			{
				name: 'commits per message, 1,000 members',
				unit: 'commits',
				value: quiet / messages,
				atMost: 1,
				missed,
			},
			{
				name: 'commits for markers, all reading along',
				unit: 'per second',
				value: markers / Math.ceil(elapsedMs / MARKERS_EVERY_MS),
				atMost: 1,
				missed,
			},
		];
	},
};
