import { connect, type Naru } from '../../../client-sdk/src/index.ts';
import type { Conversation } from '../harness/conversation.ts';
import { tokenFor } from '../harness/token.ts';

export interface TalkerOptions {
	/** The first is tried first. */
	readonly urls: readonly string[];
	readonly userId: string;
	readonly channel: string;
	readonly conversation: Conversation;
	/** Its place among the members of the conversation. */
	readonly member: number;
}

/** How long one message took to be acknowledged, by `performance.now()`. */
interface Sending {
	readonly sentAt: number;
	readonly acknowledgedAt: number;
	readonly seq: number;
}

/** A member with the real SDK: it comes back and sends again by itself, as an application would. */
export class Talker {
	readonly naru: Naru;
	readonly sendings: Sending[] = [];
	readonly #options: TalkerOptions;
	readonly #waiting = new Set<Promise<void>>();
	#timer: NodeJS.Timeout | undefined;
	#count = 0;
	/** Sends that ended with an error. */
	#refused = 0;

	private constructor(options: TalkerOptions) {
		this.#options = options;
		const { urls, userId, conversation, member } = options;
		this.naru = connect({ url: urls, token: () => tokenFor(userId), deviceId: 'bench' });
		this.#channel.on('message', (message) => conversation.hear(member, message));
	}

	/** Connects and joins; must hear the channel from its first message on. */
	static async enter(options: TalkerOptions): Promise<Talker> {
		const talker = new Talker(options);
		await talker.#channel.join();
		await talker.#channel.open({ last: 0 });
		return talker;
	}

	get refused(): number {
		return this.#refused;
	}

	/** The longest wait for an acknowledgement among what was sent from then on. */
	longestWaitMs(from: number): number {
		const waits = this.sendings
			.filter(({ sentAt }) => sentAt >= from)
			.map(({ sentAt, acknowledgedAt }) => acknowledgedAt - sentAt);
		return Math.max(0, ...waits);
	}

	/**
	 * Sends at a fixed rate, whatever the answers do, beginning `afterMs` from now. Each time is its own:
	 * intervals of one length that are late drift until all of them fire together.
	 */
	start(everyMs: number, afterMs: number): void {
		const turn = (dueAt: number) => {
			this.#timer = setTimeout(
				() => {
					this.#send();
					turn(dueAt + everyMs);
				},
				Math.max(1, dueAt - performance.now()),
			);
		};
		turn(performance.now() + afterMs);
	}

	/** Sends no more; resolves when all is answered. */
	async stop(): Promise<void> {
		clearTimeout(this.#timer);
		await Promise.all(this.#waiting);
	}

	async leave(): Promise<void> {
		await this.naru.close();
	}

	get #channel() {
		return this.naru.channel(this.#options.channel);
	}

	#send(): void {
		const { conversation, userId } = this.#options;
		const text = `${userId} ${++this.#count}`;
		const sentAt = performance.now();
		const sending = this.#channel.send(text).then(
			({ seq }) => {
				conversation.acknowledge({ seq, text });
				this.sendings.push({ sentAt, acknowledgedAt: performance.now(), seq });
			},
			(error: Error) => {
				this.#refused++;
				process.stderr.write(`bench client: ${error.message}\n`);
			},
		);
		this.#waiting.add(sending);
		void sending.finally(() => this.#waiting.delete(sending));
	}
}
