import type { Line, Member, Seat, System } from '../clients/member.ts';
import { Tally } from './tally.ts';

/** Members that connect at the same time. */
const CONNECTING_MAX = 50;
/** No member has heard anything for this long: what has not come by now is missed. */
const QUIET_MAX_MS = 5_000;
const LOOK_EVERY_MS = 5;

/** Runs `work` for 0 to `count` − 1, a bounded number at a time. */
export async function eachOf(
	count: number,
	work: (index: number) => Promise<void>,
	concurrencyMax = CONNECTING_MAX,
): Promise<void> {
	let next = 0;
	const lane = async () => {
		while (next < count) await work(next++);
	};
	await Promise.all(Array.from({ length: Math.min(count, concurrencyMax) }, lane));
}

/** Members of one system, all in the same channels, with the proof that nobody misses anything. */
export class Crowd implements Disposable {
	#system: System;
	#seat: Omit<Seat, 'userId'>;
	#members: Member[] = [];
	#tally: Tally;
	#turns = 0;

	constructor(system: System, seat: Omit<Seat, 'userId'>, membersMax: number) {
		this.#system = system;
		this.#seat = seat;
		this.#tally = new Tally(membersMax, seat.channels.length);
	}

	/** Connects members until there are `count`. */
	async grow(count: number): Promise<void> {
		const first = this.#members.length;
		await eachOf(count - first, async (index) => {
			const member = first + index;
			const seat = { ...this.#seat, userId: `u${member}` };
			const hear = (channel: number, n: number) => this.#tally.hear(member, channel, n);
			this.#members[member] = await this.#system.connect(seat, hear);
		});
	}

	/** The first member says it all, so that each channel has one order on every system. */
	readonly say = (lines: readonly Line[]): void => this.#members[0]?.say(lines);

	/** Each time the next member: what one of them may say is limited. */
	readonly sayInTurn = (lines: readonly Line[]): void =>
		this.#members[this.#turns++ % this.#members.length]?.say(lines);

	/** Waits for `said[channel]` lines at every member; answers how many were missed. */
	async settle(said: readonly number[]): Promise<number> {
		let heard = this.#tally.heard;
		let heardAt = performance.now();
		while (this.#tally.missed(said) > 0 && performance.now() - heardAt < QUIET_MAX_MS) {
			await new Promise((look) => setTimeout(look, LOOK_EVERY_MS));
			if (this.#tally.heard === heard) continue;
			heard = this.#tally.heard;
			heardAt = performance.now();
		}
		return this.#tally.missed(said);
	}

	[Symbol.dispose](): void {
		for (const member of this.#members) member?.close();
	}
}
