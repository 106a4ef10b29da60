import type { RefreshCursor } from '../../protocol/refresh-plan.ts';
import type { TargetPage } from './target-pages.ts';

/** Users are spread evenly over slots from 0 up to this, by a hash of their ids. */
const SLOTS = 2 ** 31;
/**
 * What was known before counts like so many users that were read already; at most like the whole week,
 * at least like a hundredth of it.
 */
const BEFORE_USERS = 1_000;
const BEFORE_PART_MIN = 0.01;

/** How far the week's reading has come. */
export interface Walked {
	readonly targets: number;
	readonly cursor?: RefreshCursor | undefined;
	/** There is nobody behind the cursor. */
	readonly walked: boolean;
	/** Targets of last week, or a guess; 0: not known. */
	readonly before: number;
}

/** How many there are in all, as a first page shows by how far it reaches. */
export function guessFrom({ users, cursor, more }: TargetPage): number {
	if (!more || cursor === undefined) return users.length;
	return Math.round((users.length * SLOTS) / (cursor[0] + 1));
}

/**
 * How many targets are still to be read, from how densely the slots so far were filled: nobody counts a
 * million rows beforehand, and who consents or withdraws meanwhile is counted with the others.
 */
export class WalkEstimate {
	readonly #before: number;
	#targets: number;
	#cursor: RefreshCursor | undefined;
	#walked: boolean;

	constructor({ targets, cursor, walked, before }: Walked) {
		this.#before = before;
		this.#targets = targets;
		this.#cursor = cursor;
		this.#walked = walked;
	}

	get cursor(): RefreshCursor | undefined {
		return this.#cursor;
	}

	get walked(): boolean {
		return this.#walked;
	}

	/** Whether there is anything to estimate from. */
	get isKnown(): boolean {
		return this.#walked || this.#before > 0 || this.#cursor !== undefined;
	}

	/** About how many are not read yet; exactly 0 at the end. */
	get unread(): number {
		if (this.#walked) return 0;
		const slots = this.#cursor === undefined ? 0 : this.#cursor[0] + 1;
		const part = this.#before === 0 ? 0 : BEFORE_USERS / this.#before;
		const weight = this.#before === 0 ? 0 : Math.min(1, Math.max(part, BEFORE_PART_MIN));
		const seen = slots + weight * SLOTS;
		const density = seen === 0 ? 0 : (this.#targets + weight * this.#before) / seen;
		return density * Math.max(0, SLOTS - slots);
	}

	/** About how many the week has in all. */
	get expected(): number {
		return Math.round(this.#targets + this.unread);
	}

	/** `count` more were read, up to the cursor. */
	read(count: number, { cursor, walked }: Pick<Walked, 'cursor' | 'walked'>): void {
		this.#targets += count;
		this.#cursor = cursor ?? this.#cursor;
		this.#walked = walked;
	}
}
