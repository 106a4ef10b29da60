import { colyseus } from '../clients/colyseus-member.ts';
import { type Member, numbered, type System } from '../clients/member.ts';
import { naruWithInbox } from '../clients/naru-member.ts';
import { plainWs } from '../clients/plain-member.ts';
import { alternate } from '../harness/alternate.ts';
import type { Memory } from '../harness/control.ts';
import { eachOf } from '../harness/crowd.ts';
import type { Bench, BenchRow, Finding } from '../harness/row.ts';
import { TEXT_LENGTH } from '../harness/schedule.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { Tally } from '../harness/tally.ts';

const SYSTEMS: readonly System[] = [naruWithInbox, colyseus, plainWs];
const FULL = { from: 1_000, to: 5_000 };
const QUICK = { from: 100, to: 300 };
/** Clients of one channel: the size of a full group. */
const CHANNEL_MEMBERS = 100;
const HEARD_MAX_MS = 5_000;
const KILOBYTE = 1_024;

interface Idle {
	/** Held by a client. */
	readonly liveKilobytes: number;
	/** The same with what its coming made the heap grow, as long as V8 keeps it. */
	readonly residentKilobytes: number;
	readonly missed: number;
}

/** Connects clients in channels of 100 up to `from`, then up to `to`; one line each proves them alive. */
async function idle(bench: Bench, system: System): Promise<Idle> {
	const { from, to } = bench.quick ? QUICK : FULL;
	await using server = await ServerProcess.start({
		file: system.file,
		profileDir: bench.profileDir,
		options: { channels: to / CHANNEL_MEMBERS },
	});
	const tally = new Tally(to, 1);
	const members: Member[] = [];
	const grow = (count: number) =>
		eachOf(count - members.length, async () => {
			const index = members.push(undefined as unknown as Member) - 1;
			const channels = [`c${Math.floor(index / CHANNEL_MEMBERS)}`];
			const seat = { url: server.url, userId: `u${index}`, channels };
			members[index] = await system.connect(seat, (_, n) => tally.hear(index, 0, n));
		});
	await grow(from);
	const before = await server.ask('live');
	await grow(to);
	const resident = await server.ask('resident');
	const live = await server.ask('live');
	const missed = await roundOfLines(members, tally);
	for (const member of members) member.close();
	const perClient = ({ rssBytes }: Memory) => (rssBytes - before.rssBytes) / (to - from) / KILOBYTE;
	return { liveKilobytes: perClient(live), residentKilobytes: perClient(resident), missed };
}

/** The first member of each channel says one line. */
async function roundOfLines(members: readonly Member[], tally: Tally): Promise<number> {
	const lines = [{ channel: 0, text: numbered(1, TEXT_LENGTH) }];
	for (let first = 0; first < members.length; first += CHANNEL_MEMBERS) members[first]?.say(lines);
	const deadline = performance.now() + HEARD_MAX_MS;
	while (tally.missed([1]) > 0 && performance.now() < deadline)
		await new Promise((look) => setTimeout(look, 20));
	return tally.missed([1]);
}

export const idleMemory: BenchRow = {
	id: 'idle-memory',
	about: 'memory of an idle client with a channel and its inbox, from 1,000 to 5,000 clients',
	async run(bench) {
		const runs = await alternate(bench, SYSTEMS, async (system, label) => {
			const found = await idle(bench, system);
			const sizes = [found.liveKilobytes, found.residentKilobytes].map((size) => size.toFixed(1));
			bench.progress(
				`${label} ${system.name}: ${sizes[0]} KB, ${sizes[1]} KB with garbage, missed ${found.missed}`,
			);
			return found;
		});
		const missed = runs.flat().reduce((sum, run) => sum + run.missed, 0);
		const finding = (name: string, field: 'liveKilobytes' | 'residentKilobytes'): Finding => {
			const medians = runs.map((of) => median(of.map((run) => run[field])));
			const [own = Number.NaN, stock = Number.NaN, plain = Number.NaN] = medians;
			const peers = { [colyseus.name]: stock, [plainWs.name]: plain };
			return { name, unit: 'KB RSS', value: own, missed, peers };
		};
		return [
			{ ...finding('idle client with a channel and its inbox', 'liveKilobytes'), atMost: 12 },
			finding('the same before V8 gives free pages back', 'residentKilobytes'),
		];
	},
};
