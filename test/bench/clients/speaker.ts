import type { WireEvent } from '../../../src/protocol/wire.ts';
import { tokenFor } from '../harness/token.ts';
import { NaruLink } from './naru-link.ts';
import { eachMessage, joining } from './naru-member.ts';

/** The only member that talks in a channel of its own, and checks that it hears all that it said. */
export class Speaker {
	readonly #link: NaruLink;
	readonly #userId: string;
	#handle = 0;
	#sent = 0;
	#answered = 0;
	#heard = 0;
	#wrong = 0;

	private constructor(link: NaruLink, userId: string) {
		this.#link = link;
		this.#userId = userId;
	}

	/** Connects, and joins a channel that is new. */
	static async enter(url: string, userId: string, channel: string): Promise<Speaker> {
		const speaker = new Speaker(await NaruLink.connect(url, await tokenFor(userId)), userId);
		const { handle } = await speaker.#link.open(joining(channel), (events) =>
			speaker.#hear(events),
		);
		speaker.#handle = handle;
		return speaker;
	}

	/** Resolves when the message is durable. */
	async send(text: string): Promise<void> {
		const requestId = `${this.#userId}-${++this.#sent}`;
		await this.#link.command(this.#handle, 'send', { args: { text }, requestId });
		this.#answered++;
	}

	/** Messages that were answered but never heard, or heard out of order. */
	get missed(): number {
		return this.#wrong + Math.max(0, this.#answered - this.#heard);
	}

	leave(): void {
		this.#link.cut();
	}

	#hear(events: readonly WireEvent[]): void {
		eachMessage(events, ({ seq }) => {
			this.#heard++;
			if (seq !== this.#heard) this.#wrong++;
		});
	}
}
