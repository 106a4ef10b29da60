import type { WireEvent } from '../../../src/protocol/wire.ts';
import { tokenFor } from '../harness/token.ts';
import { NaruLink } from './naru-link.ts';
import { eachMessage, joining } from './naru-member.ts';

/** A member who hears every message of a channel and, when told to, marks each as read. */
export class Reader {
	readonly #link: NaruLink;
	readonly #userId: string;
	#handle = 0;
	#sent = 0;
	#last = 0;
	#wrong = 0;
	#reads = false;
	#unanswered = 0;

	private constructor(link: NaruLink, userId: string) {
		this.#link = link;
		this.#userId = userId;
	}

	static async enter(url: string, userId: string, channel: string): Promise<Reader> {
		const reader = new Reader(await NaruLink.connect(url, await tokenFor(userId)), userId);
		const { handle } = await reader.#link.open(joining(channel), (events) => reader.#hear(events));
		reader.#handle = handle;
		return reader;
	}

	/** Resolves when the message is durable. */
	async send(text: string): Promise<void> {
		const requestId = `${this.#userId}-${++this.#sent}`;
		await this.#link.command(this.#handle, 'send', { args: { text }, requestId });
	}

	/** From now on every message is read at once. */
	readAlong(): void {
		this.#reads = true;
	}

	/** Reads that got no answer yet, or a refusal. */
	get unanswered(): number {
		return this.#unanswered;
	}

	/** Of so many messages, those not heard or heard out of order. */
	missedOf(messages: number): number {
		return this.#wrong + Math.max(0, messages - this.#last);
	}

	leave(): void {
		this.#link.cut();
	}

	#hear(events: readonly WireEvent[]): void {
		eachMessage(events, ({ seq }) => {
			if (seq !== this.#last + 1) this.#wrong++;
			this.#last = seq;
			if (this.#reads) void this.#read(seq);
		});
	}

	async #read(seq: number): Promise<void> {
		this.#unanswered++;
		await this.#link.command(this.#handle, 'read', { args: { seq } });
		this.#unanswered--;
	}
}
