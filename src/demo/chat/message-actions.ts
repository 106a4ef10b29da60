import type { Channel, Message } from '../../../client-sdk/src/index.ts';
import { notify } from '../page/notify.tsx';

/** What the composer is about to do besides writing anew. */
export type Intention =
	| { readonly to: 'reply'; readonly message: Message }
	| { readonly to: 'edit'; readonly message: Message };

/** What can be done with a message; the same object as long as the channel is the same. */
export interface MessageActions {
	readonly activate: (key: string | undefined) => void;
	readonly react: (message: Message, emoji: string) => void;
	readonly reply: (message: Message) => void;
	readonly edit: (message: Message) => void;
	readonly remove: (message: Message) => void;
	readonly retry: (clientId: string) => void;
	readonly discard: (clientId: string) => void;
	readonly goTo: (seq: number) => void;
}

interface ActionOptions {
	readonly channel: Channel;
	readonly intend: (intention: Intention) => void;
	readonly activate: (key: string | undefined) => void;
	readonly goTo: (seq: number) => void;
	readonly redraw: () => void;
}

export function messageActions({ channel, redraw, ...options }: ActionOptions): MessageActions {
	const { intend, activate, goTo } = options;
	return {
		activate,
		goTo,
		react(message, emoji) {
			const isOn = message.mine?.includes(emoji) ?? false;
			channel.react(message.seq, emoji, !isOn).catch(notify);
		},
		reply: (message) => intend({ to: 'reply', message }),
		edit: (message) => intend({ to: 'edit', message }),
		remove: (message) => void channel.delete(message.seq).catch(notify),
		retry(clientId) {
			const failed = channel.pending.find((pending) => pending.clientId === clientId);
			if (!failed) return;
			const { text, replyTo, mentions } = failed;
			const args = { text, ...(replyTo ? { replyTo } : {}), ...(mentions ? { mentions } : {}) };
			// The same id: should it have arrived after all, it stays one message.
			channel.send(args, { clientId }).catch(notify);
		},
		discard(clientId) {
			channel.discard(clientId);
			redraw();
		},
	};
}
