import type { Message, PendingMessage } from '../../../client-sdk/src/index.ts';
import { dayKey } from '../page/dates.ts';

/** Messages of one person that follow each other within this time stand together. */
const TOGETHER_MS = 5 * 60_000;

/** A message, or one that is on its way. */
export type Shown = Message | PendingMessage;

export type Row =
	| { readonly kind: 'day'; readonly key: string; readonly at: number }
	| { readonly kind: 'unread'; readonly key: string }
	| {
			readonly kind: 'message';
			readonly key: string;
			readonly message: Shown;
			/** Begins and ends a group of messages of the same person. */
			readonly isFirst: boolean;
			readonly isLast: boolean;
	  };

export const isPending = (message: Shown): message is PendingMessage => 'status' in message;

/** A message keeps its key when it arrives, so that the row stays the same one. */
const keyOf = (message: Shown): string => message.clientId ?? `seq-${(message as Message).seq}`;

const together = (one: Shown | undefined, other: Shown | undefined): boolean =>
	one !== undefined &&
	other !== undefined &&
	one.userId === other.userId &&
	Math.abs(other.at - one.at) < TOGETHER_MS &&
	dayKey(one.at) === dayKey(other.at);

/** Which message the line of unread ones stands before; none while the first of them is not loaded. */
function lineIndex(shown: readonly Shown[], unreadAfter: number | undefined): number {
	if (unreadAfter === undefined) return -1;
	const at = shown.findIndex(({ seq = 0 }) => seq > unreadAfter);
	return at > 0 || shown[at]?.seq === unreadAfter + 1 ? at : -1;
}

/** What a list shows, top down. `unreadAfter`: the line stands behind this seq. */
export function messageRows(
	messages: readonly Message[],
	pending: readonly PendingMessage[],
	unreadAfter: number | undefined,
): Row[] {
	const known = new Set(messages.map(({ clientId }) => clientId));
	const waiting = pending.filter(({ clientId }) => !known.has(clientId));
	const shown: Shown[] = [...messages, ...waiting];
	const lineAt = lineIndex(shown, unreadAfter);
	const rows: Row[] = [];
	for (const [at, message] of shown.entries()) {
		const before = shown[at - 1];
		if (!before || dayKey(before.at) !== dayKey(message.at)) {
			rows.push({ kind: 'day', key: `day-${keyOf(message)}`, at: message.at });
		}
		if (at === lineAt) rows.push({ kind: 'unread', key: 'unread' });
		rows.push({
			kind: 'message',
			key: keyOf(message),
			message,
			isFirst: at === lineAt || !together(before, message),
			isLast: at + 1 === lineAt || !together(message, shown[at + 1]),
		});
	}
	return rows;
}
