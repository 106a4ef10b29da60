import type { ChannelHandle, ChannelTypes } from './generated/channel.ts';
import type { Message } from './generated/schemas.ts';
import type { NaruError } from './naru-error.ts';
import type { Unsent, UnsentStore } from './unsent-store.ts';

/** Most failed messages that are remembered; the oldest give way. */
const FAILED_MAX = 100;

export type SendArgs = ChannelTypes['commands']['send']['args'];
export type Sent = ChannelTypes['commands']['send']['reply'];

/**
 * A message of this device on its way: shown at once, before the server knows.
 *
 *     pending ──▶ sent      its message follows, or came already
 *        │ ▲
 *        ▼ │ sent again with the same clientId
 *      failed               refused for good; `error` says why
 */
export interface PendingMessage extends SendArgs {
	readonly clientId: string;
	/** When it was given, on the server's clock. */
	readonly at: number;
	readonly userId: string | undefined;
	readonly status: 'pending' | 'sent' | 'failed';
	readonly error?: NaruError | undefined;
	/** Known once it is sent. */
	readonly seq?: number | undefined;
	readonly id?: string | undefined;
}

/** What an outbox needs to know and tell. */
export interface OutboxContext {
	readonly handle: ChannelHandle;
	readonly channel: string;
	readonly store: UnsentStore;
	readonly tell: (pending: PendingMessage) => void;
	readonly newId: () => string;
	readonly now: () => number;
	readonly userId: () => string | undefined;
	/** Whether the message of this seq came already. */
	readonly has: (seq: number) => boolean;
	/** Whether the client has ended. */
	readonly isEnded: () => boolean;
}

/** The messages of one channel that are on their way; they are sent until they are answered. */
export class ChannelOutbox {
	readonly #context: OutboxContext;
	readonly #pending = new Map<string, PendingMessage>();
	readonly #answers = new Map<string, Promise<Sent>>();
	/** Of an earlier life of the app. */
	readonly #restored = new Set<string>();

	constructor(context: OutboxContext) {
		this.#context = context;
	}

	/** What is not among the channel's messages yet: pending, failed and just sent, oldest first. */
	get messages(): readonly PendingMessage[] {
		return [...this.#pending.values()];
	}

	/** Twice the same `clientId` is one message. */
	send(args: SendArgs, ownId?: string): Promise<Sent> {
		const clientId = ownId ?? this.#context.newId();
		const unsent = { channel: this.#context.channel, clientId, at: this.#context.now(), args };
		// Whether an id of the caller's own was sent before, long ago or elsewhere, only the server knows.
		return this.#answers.get(clientId) ?? this.#start(unsent, ownId !== undefined);
	}

	/** Takes up what an earlier life of the app left. */
	restore(unsent: Unsent): void {
		if (this.#answers.has(unsent.clientId)) return;
		this.#restored.add(unsent.clientId);
		void this.#start(unsent, true);
	}

	/** Forgets a message that failed. */
	discard(clientId: string): void {
		if (this.#pending.get(clientId)?.status !== 'failed') return;
		this.#pending.delete(clientId);
		this.#context.store.remove(clientId);
	}

	/** A message came: one's own is no longer on its way. Others may have used the same client id. */
	arrived({ clientId, seq, id, at, userId }: Message): void {
		if (clientId === undefined || userId !== this.#context.userId()) return;
		this.#settle(clientId, { seq, id, at });
	}

	/** A fresh view was told: what was sent before is in the channel, whether it is loaded or not. */
	caughtUp(): void {
		for (const { clientId, seq } of this.messages) {
			if (seq !== undefined && this.#context.has(seq)) this.#pending.delete(clientId);
		}
	}

	#start(unsent: Unsent, isResend: boolean): Promise<Sent> {
		const { clientId, args, at } = unsent;
		const { userId, store, handle, tell } = this.#context;
		const pending: PendingMessage = { ...args, clientId, at, userId: userId(), status: 'pending' };
		const options = { requestId: clientId, resend: isResend };
		const answer = handle.run('send', args, options).then(
			(sent) => {
				this.#answers.delete(clientId);
				this.#settle(clientId, sent);
				return sent;
			},
			(error: NaruError) => {
				this.#answers.delete(clientId);
				this.#fail(clientId, error);
				throw error;
			},
		);
		// The outcome is told as `pending` too, so that a caller may pass over the promise.
		answer.catch(() => {});
		this.#answers.set(clientId, answer);
		this.#pending.set(clientId, pending);
		store.put(unsent);
		tell(pending);
		return answer;
	}

	/** Told once, by whichever comes first, answer or message; kept until its message is there. */
	#settle(clientId: string, sent: Sent): void {
		this.#context.store.remove(clientId);
		this.#restored.delete(clientId);
		const pending = this.#pending.get(clientId);
		if (!pending) return;
		const settled: PendingMessage = { ...pending, ...sent, status: 'sent' };
		if (this.#context.has(sent.seq)) this.#pending.delete(clientId);
		else this.#pending.set(clientId, settled);
		if (pending.status !== 'sent') this.#context.tell(settled);
	}

	#fail(clientId: string, error: NaruError): void {
		const { store, tell } = this.#context;
		if (!this.#staysFor(error, clientId)) store.remove(clientId);
		this.#restored.delete(clientId);
		const pending = this.#pending.get(clientId);
		if (!pending) return;
		const failed: PendingMessage = { ...pending, status: 'failed', error };
		this.#pending.delete(clientId);
		this.#pending.set(clientId, failed);
		const allFailed = this.messages.filter(({ status }) => status === 'failed');
		for (const old of allFailed.slice(0, -FAILED_MAX)) this.#pending.delete(old.clientId);
		tell(failed);
	}

	/** What is no verdict on the message leaves it in the storage, for the next start. */
	#staysFor({ code }: NaruError, clientId: string): boolean {
		if (code === 'CLOSED') return true;
		if (code === 'QUEUE_FULL') return this.#restored.has(clientId);
		// The client has ended: signed out, an old version, … but not because of what it sent.
		return this.#context.isEnded() && code !== 'INVALID' && code !== 'TOO_LARGE';
	}
}
