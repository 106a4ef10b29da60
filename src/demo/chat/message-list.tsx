import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Channel, Message } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { dayName } from '../page/dates.ts';
import { Icon } from '../page/icon.tsx';
import { type Intention, messageActions } from './message-actions.ts';
import { MessageItem } from './message-item.tsx';
import { messageRows, type Row } from './message-rows.ts';
import type { OpenedChannel } from './use-channel.ts';
import { useReading } from './use-reading.ts';
import { useScroll } from './use-scroll.ts';

const ANNOUNCED_LENGTH = 300;

/** Says new messages of others aloud; history that is loaded is not news. */
function Announcer({ last }: { readonly last: Message | undefined }) {
	const { people, account } = useClient();
	const firstSeq = useRef(last?.seq ?? 0);
	const isNews = last && last.seq > firstSeq.current && last.userId !== account.userId;
	return (
		<p class="hidden" aria-live="polite">
			{isNews && last.deletedAt === undefined
				? `${people.nameOf(last.userId)}: ${last.text.slice(0, ANNOUNCED_LENGTH)}`
				: ''}
		</p>
	);
}

function Line({ className, text }: { readonly className: string; readonly text: string }) {
	return (
		<li class={className}>
			<span>{text}</span>
		</li>
	);
}

function startText({ hasMore, messages }: Channel): string {
	if (hasMore) return texts.loading;
	return messages.length > 0 ? texts.beginning : texts.noMessages;
}

/** The rows of a channel; the same array as long as nothing changed. */
function useRows({ channel, unreadAfter }: OpenedChannel): readonly Row[] {
	const { messages, pending } = channel;
	const pendingKey = pending.map(({ clientId, status }) => `${clientId} ${status}`).join();
	return useMemo(
		() => messageRows(messages, pending, unreadAfter),
		[messages, pendingKey, unreadAfter],
	);
}

/** Arrow keys go from message to message. */
function moveFocus(event: KeyboardEvent): void {
	const from = event.target as HTMLElement;
	if (from.dataset.row === undefined) return;
	const side = { ArrowUp: 'previousElementSibling', ArrowDown: 'nextElementSibling' } as const;
	const direction = side[event.key as keyof typeof side];
	if (direction === undefined) return;
	event.preventDefault();
	let next = from[direction] as HTMLElement | null;
	while (next && next.dataset.row === undefined) next = next[direction] as HTMLElement | null;
	next?.focus();
}

function goToMessage(list: RefObject<HTMLElement | null>, seq: number): void {
	const row = list.current?.querySelector<HTMLElement>(`[data-seq="${seq}"]`);
	row?.scrollIntoView({ block: 'center' });
	row?.focus({ preventScroll: true });
}

interface MessageListProps {
	readonly opened: OpenedChannel;
	readonly intend: (intention: Intention) => void;
}

interface RowsProps extends MessageListProps {
	readonly rows: readonly Row[];
	readonly list: RefObject<HTMLElement | null>;
	readonly active: string | undefined;
	readonly activate: (key: string | undefined) => void;
}

function Rows({ opened, intend, rows, list, active, activate }: RowsProps) {
	const { channel, redraw } = opened;
	const { account, people } = useClient();
	const { messages, me } = channel;
	const bySeq = useMemo(() => new Map(messages.map((one) => [one.seq, one])), [messages]);
	const actions = useMemo(() => {
		const goTo = (seq: number) => goToMessage(list, seq);
		return messageActions({ channel, intend, redraw, activate, goTo });
	}, [channel, intend, redraw, activate, list]);
	const mayModerate = me?.role === 'owner' || me?.role === 'moderator';
	const nameOf = (userId = account.userId) => people.nameOf(userId);
	// One message can be reached by the tab key, and from there all others by the arrow keys.
	const tabStop = rows.some(({ key }) => key === active) ? active : rows.at(-1)?.key;

	return rows.map((row) => {
		const { key } = row;
		if (row.kind === 'day') return <Line key={key} className="day-line" text={dayName(row.at)} />;
		if (row.kind === 'unread') {
			return <Line key={key} className="unread-line" text={texts.newMessages} />;
		}
		const { message, isFirst, isLast } = row;
		const answered = message.replyTo === undefined ? undefined : bySeq.get(message.replyTo);
		return (
			<MessageItem
				key={key}
				rowKey={key}
				message={message}
				author={nameOf(message.userId)}
				self={account.userId}
				isFirst={isFirst}
				isLast={isLast}
				isActive={active === key}
				isTabStop={tabStop === key}
				mayWrite={me !== undefined}
				mayModerate={mayModerate}
				answered={answered}
				answeredAuthor={answered ? nameOf(answered.userId) : ''}
				actions={actions}
			/>
		);
	});
}

/** The messages of a channel, oldest first, with older ones as one scrolls up. */
export function MessageList({ opened, intend }: MessageListProps) {
	const { channel, loadOlder, unreadAfter } = opened;
	const list = useRef<HTMLOListElement>(null);
	const [active, setActive] = useState<string>();
	const rows = useRows(opened);
	const scroll = useScroll(list, {
		first: rows.find(({ kind }) => kind === 'message')?.key ?? '',
		rows,
		startSelector: unreadAfter === undefined ? undefined : '.unread-line',
		loadOlder,
	});
	useReading(channel, list);

	useEffect(() => {
		const left = ({ target }: Event) => {
			if (!(target as Element | null)?.closest?.('.message')) setActive(undefined);
		};
		document.addEventListener('pointerdown', left);
		document.addEventListener('focusin', left);
		return () => {
			document.removeEventListener('pointerdown', left);
			document.removeEventListener('focusin', left);
		};
	}, []);

	const lastPending = channel.pending.at(-1)?.clientId;
	// One's own message is always shown.
	useEffect(() => {
		if (lastPending !== undefined) scroll.toEnd();
	}, [lastPending]);

	const isBehind = channel.messages.length > 0 && !scroll.isAtEnd;
	return (
		<div class="message-area">
			<ol
				ref={list}
				class="messages"
				aria-label={texts.messages}
				onKeyDown={moveFocus}
				onPointerLeave={(event) => event.pointerType === 'mouse' && setActive(undefined)}
			>
				<li class="list-start">{startText(channel)}</li>
				<Rows {...{ opened, intend, rows, list, active }} activate={setActive} />
			</ol>
			{isBehind && (
				<button type="button" class="to-end" onClick={scroll.toEnd}>
					<Icon name="down" />
					{channel.unread > 0 ? texts.newMessages : texts.latest}
				</button>
			)}
			<Announcer key={channel.id} last={channel.messages.at(-1)} />
		</div>
	);
}
