import { colyseus } from '../clients/colyseus-member.ts';
import { naru } from '../clients/naru-member.ts';
import { socketIo } from '../clients/socket-io-member.ts';
import { compare } from '../harness/delivery.ts';
import type { BenchRow } from '../harness/row.ts';
import { regular, scattered } from '../harness/schedule.ts';
import { costFinding, figuresOf, missedBy } from './fanout.ts';

const SYSTEMS = [naru, colyseus, socketIo];
const FULL = { members: 400, memoryFrom: 100, warmSeconds: 2, seconds: 6 };
const QUICK = { members: 40, memoryFrom: 10, warmSeconds: 0.5, seconds: 1 };
const CHANNELS = [0, 1, 2, 3, 4];
const PER_SECOND = 10;
const FLUSH_WINDOW_MS = 25;

const names = CHANNELS.map((channel) => `c${channel}`);

export const together: BenchRow = {
	id: 'together',
	about: '400 clients with 5 channels each, 10 messages a second per channel, firing together',
	async run(bench) {
		const { members, memoryFrom, warmSeconds, seconds } = bench.quick ? QUICK : FULL;
		const all = await compare(bench, SYSTEMS, {
			members,
			memoryFrom,
			channels: names,
			warm: regular(PER_SECOND, warmSeconds, CHANNELS),
			measured: regular(PER_SECOND, seconds, CHANNELS),
		});
		const memory = figuresOf(all, 'kilobytesPerMember');
		return [
			costFinding('400 clients × 5 channels, together', all, 0.4),
			{
				name: '400 clients × 5 channels, memory per client',
				unit: 'KB RSS',
				value: memory[naru.name] ?? Number.NaN,
				atMost: 0.3 * (memory[colyseus.name] ?? Number.NaN),
				missed: missedBy(all),
				peers: figuresOf(all.slice(1), 'kilobytesPerMember'),
			},
		];
	},
};

export const random: BenchRow = {
	id: 'random',
	about: 'the same clients and rate, each channel at times of its own, flushed every 25 ms',
	async run(bench) {
		const { members, warmSeconds, seconds } = bench.quick ? QUICK : FULL;
		const all = await compare(bench, SYSTEMS, {
			members,
			channels: names,
			warm: scattered(PER_SECOND, warmSeconds, CHANNELS),
			measured: scattered(PER_SECOND, seconds, CHANNELS),
			serverOptions: { [naru.name]: { flushWindowMs: FLUSH_WINDOW_MS } },
		});
		return [costFinding('400 clients × 5 channels, random, 25 ms window', all, 0.6)];
	},
};
