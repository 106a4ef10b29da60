import type { Runtime } from '../core/runtime.ts';
import type { LinkInbox } from './link-inbox.ts';

/** A missing packet is asked for again after so long without any progress. */
const ASK_AFTER_MS = 150;

export interface GapSurroundings {
	readonly runtime: Pick<Runtime, 'after'>;
	/** Asking in vain for so long gives the session up. */
	readonly silenceMaxMs: number;
	/** Whether a question leaves now; while it does not, none is in vain. */
	isOpen(): boolean;
	/** Asks the peer for what is missing up to that number. */
	ask(to: number): void;
	giveUp(): void;
}

/** Sees to it that what a session misses is asked for: one hole at a time, once while it is being filled. */
export class LinkGap {
	readonly #inbox: LinkInbox;
	readonly #around: GapSurroundings;
	#askedTo = 0;
	#receivedThen = 0;
	#asksInVain = 0;
	#cancel: (() => void) | undefined;

	constructor(inbox: LinkInbox, around: GapSurroundings) {
		this.#inbox = inbox;
		this.#around = around;
	}

	/** Something came: asks for the first hole, unless its packets are on their way. */
	seek(): void {
		const to = this.#inbox.missingTo;
		if (to === undefined) this.stop();
		else if (this.#inbox.received >= this.#askedTo) this.#ask(to);
	}

	stop(): void {
		this.#cancel?.();
		this.#cancel = undefined;
		this.#asksInVain = 0;
	}

	#ask(to: number): void {
		this.#askedTo = to;
		this.#around.ask(to);
		this.#await();
	}

	#await(): void {
		this.#receivedThen = this.#inbox.received;
		this.#cancel?.();
		this.#cancel = this.#around.runtime.after(ASK_AFTER_MS, () => this.#again());
	}

	#again(): void {
		const to = this.#inbox.missingTo;
		if (to === undefined) this.stop();
		else if (this.#inbox.received > this.#receivedThen || !this.#around.isOpen()) {
			this.#asksInVain = 0;
			this.#await();
		} else if (++this.#asksInVain * ASK_AFTER_MS > this.#around.silenceMaxMs) {
			this.#around.giveUp();
		} else this.#ask(to);
	}
}
