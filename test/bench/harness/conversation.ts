/** What somebody heard or was told of: a message and its number in the channel. */
export interface Said {
	readonly seq: number;
	readonly text: string;
}

/** What went wrong with the messages of a channel; all zero when nothing did. */
export interface Faults {
	/** Acknowledged to their senders, and not in the channel. */
	readonly lost: number;
	/** In the channel more than once. */
	readonly doubled: number;
	/** Not heard by a member, or not in order. */
	readonly missed: number;
}

const NO_FAULTS: Faults = { lost: 0, doubled: 0, missed: 0 };

const addFaults = (one: Faults, other: Faults): Faults => ({
	lost: one.lost + other.lost,
	doubled: one.doubled + other.doubled,
	missed: one.missed + other.missed,
});

export const faultsIn = ({ lost, doubled, missed }: Faults): number => lost + doubled + missed;

/**
 * The messages of one channel as its members hear them: what whoever heard a number first has heard
 * under it, everybody must hear, and every sender must have been told. Texts are unique.
 */
export class Conversation {
	readonly #texts: string[] = [];
	/** By `performance.now()`. */
	readonly #heardAt: number[] = [];
	readonly #last: number[];
	readonly #acknowledged: Said[] = [];
	#wrong = 0;

	constructor(members: number) {
		this.#last = Array.from({ length: members }, () => 0);
	}

	/** Number of the last message that anybody heard. */
	get length(): number {
		return this.#texts.length;
	}

	/** A member heard a message. */
	hear(member: number, { seq, text }: Said): void {
		if (seq !== (this.#last[member] ?? 0) + 1) this.#wrong++;
		this.#last[member] = seq;
		if (seq > this.#texts.length) {
			this.#texts[seq - 1] = text;
			this.#heardAt[seq - 1] = performance.now();
		} else if (this.#texts[seq - 1] !== text) this.#wrong++;
	}

	/** A sender was told that a message is stored. */
	acknowledge(said: Said): void {
		this.#acknowledged.push(said);
	}

	/** Whether every member has heard all up to `seq`. */
	isHeardTo(seq: number): boolean {
		return this.#last.every((last) => last >= seq);
	}

	/** The longest time between two times in which nobody heard anything. */
	longestPauseMs(from: number, to: number): number {
		const between = this.#heardAt.filter((at) => at > from && at < to);
		let last = from;
		let longest = 0;
		for (const at of [...between, to]) {
			longest = Math.max(longest, at - last);
			last = at;
		}
		return longest;
	}

	/** What is wrong now; while messages are on their way, they count as missed. */
	faults(): Faults {
		const { length } = this.#texts;
		const behind = this.#last.reduce((sum, last) => sum + length - last, 0);
		const lost = this.#acknowledged.filter(({ seq, text }) => this.#texts[seq - 1] !== text);
		return {
			lost: lost.length,
			doubled: length - new Set(this.#texts).size,
			missed: this.#wrong + behind,
		};
	}
}

const SETTLE_MAX_MS = 20_000;
const LOOK_EVERY_MS = 20;

/** Waits until nothing is missing any more, or for so long; answers what is wrong then. */
export async function settled(conversations: readonly Conversation[]): Promise<Faults> {
	const sum = () => conversations.map((one) => one.faults()).reduce(addFaults, NO_FAULTS);
	const deadline = performance.now() + SETTLE_MAX_MS;
	while (faultsIn(sum()) > 0 && performance.now() < deadline)
		await new Promise((look) => setTimeout(look, LOOK_EVERY_MS));
	return sum();
}
