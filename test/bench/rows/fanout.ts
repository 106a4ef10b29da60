import { colyseus } from '../clients/colyseus-member.ts';
import type { System } from '../clients/member.ts';
import { naru } from '../clients/naru-member.ts';
import { socketIo } from '../clients/socket-io-member.ts';
import { compare, type Load, type Medians } from '../harness/delivery.ts';
import type { Bench, BenchRow, Finding } from '../harness/row.ts';
import { regular } from '../harness/schedule.ts';

const SYSTEMS: readonly System[] = [naru, colyseus, socketIo];
const FULL = { members: 1_000, warmSeconds: 2, seconds: 6 };
const QUICK = { members: 100, warmSeconds: 0.5, seconds: 1 };

/** The figures of the peers by name. */
export const figuresOf = (peers: readonly Medians[], field: keyof Medians) =>
	Object.fromEntries(peers.map((peer) => [peer.system, Number(peer[field])]));

/** Messages that anybody missed on any side. */
export const missedBy = (all: readonly Medians[]) =>
	all.reduce((sum, { missed }) => sum + missed, 0);

/** Server CPU per delivery of the first system, at most `share` of the second's. */
export function costFinding(name: string, all: readonly Medians[], share: number): Finding {
	const [own, stock] = all;
	return {
		name,
		unit: 'µs CPU per delivery',
		value: own?.microsPerDelivery ?? Number.NaN,
		atMost: share * (stock?.microsPerDelivery ?? Number.NaN),
		missed: missedBy(all),
		peers: figuresOf(all.slice(1), 'microsPerDelivery'),
	};
}

/** Loads one channel with 20 messages a second, in salvos of `burst`. */
function channelLoad(bench: Bench, burst: number): Load {
	const { members, warmSeconds, seconds } = bench.quick ? QUICK : FULL;
	const lines = Array.from({ length: burst }, () => 0);
	return {
		members,
		channels: ['c0'],
		warm: regular(20 / burst, warmSeconds, lines),
		measured: regular(20 / burst, seconds, lines),
		...(burst === 1 ? { watched: regular(20, seconds, lines) } : {}),
	};
}

export const fanout: BenchRow = {
	id: 'fanout',
	about: '1,000 members of one channel, 20 messages a second of 100 B, stored before they are told',
	async run(bench) {
		const all = await compare(bench, SYSTEMS, channelLoad(bench, 1));
		return [
			costFinding('fanout: 1,000 members × 20 msg/s, durable', all, 1),
			{
				name: 'fanout: loop delay p99',
				unit: 'ms',
				value: all[0]?.loopP99Ms ?? Number.NaN,
				atMost: 5,
				missed: missedBy(all),
				peers: figuresOf(all.slice(1), 'loopP99Ms'),
			},
		];
	},
};

export const bursts: BenchRow = {
	id: 'bursts',
	about: 'the same members and rate, five messages at a time',
	async run(bench) {
		const all = await compare(bench, SYSTEMS, channelLoad(bench, 5));
		return [costFinding('bursts of 5', all, 0.35)];
	},
};
