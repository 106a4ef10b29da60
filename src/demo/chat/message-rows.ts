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

/** Not at the top of what is loaded, where it would stand in the middle of the unread ones. */
function isFirstBehind(marker: number, { seq = 0 }: Shown, before: Shown | undefined): boolean {
	return seq === marker + 1 || (seq > marker && before !== undefined);
}

/** What a list shows, top down. `unreadAfter`: the line stands behind this seq. */
export function messageRows(
	messages: readonly Message[],
	pending: readonly PendingMessage[],
	unreadAfter: number | undefined,
): Row[] {
	const known = new Set(messages.map(({ clientId }) => clientId));
	const waiting = pending.filter(({ clientId }) => !known.has(clientId));
	const all: Shown[] = [...messages, ...waiting];
	const rows: Row[] = [];
	let lineAfter = unreadAfter;
	for (const [at, message] of all.entries()) {
		const before = all[at - 1];
		const isNewDay = before === undefined || dayKey(before.at) !== dayKey(message.at);
		if (isNewDay)
			rows.push({ kind: 'day', key: `day-${dayKey(message.at)}-${at === 0}`, at: message.at });
		const isLineHere = lineAfter !== undefined && isFirstBehind(lineAfter, message, before);
		if (isLineHere) {
			rows.push({ kind: 'unread', key: 'unread' });
			lineAfter = undefined;
		}
		rows.push({
			kind: 'message',
			key: keyOf(message),
			message,
			isFirst: isLineHere || !together(before, message),
			isLast: !together(message, all[at + 1]),
		});
	}
	return rows;
}
