import type { Message, PendingMessage } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { Avatar } from '../page/avatar.tsx';
import { clockTime, fullTime } from '../page/dates.ts';
import { Icon } from '../page/icon.tsx';
import { errorText } from '../page/notify.tsx';
import { pure } from '../page/pure.ts';
import type { MessageActions } from './message-actions.ts';
import { isPending, type Shown } from './message-rows.ts';
import { MessageText } from './message-text.tsx';
import { MessageToolbar } from './message-toolbar.tsx';

interface MessageItemProps {
	readonly rowKey: string;
	readonly message: Shown;
	readonly author: string;
	readonly self: string;
	readonly isFirst: boolean;
	readonly isLast: boolean;
	/** Pointed at, tapped or focused: shows what can be done. */
	readonly isActive: boolean;
	readonly isTabStop: boolean;
	readonly mayWrite: boolean;
	readonly mayModerate: boolean;
	/** The message this one answers, if it is loaded. */
	readonly answered: Message | undefined;
	readonly answeredAuthor: string;
	readonly actions: MessageActions;
}

const QUOTE_LENGTH = 120;

function Quote({ message, answered, answeredAuthor, actions }: MessageItemProps) {
	const { replyTo } = message;
	if (replyTo === undefined) return null;
	const text = answered?.deletedAt === undefined ? answered?.text : texts.deleted;
	return (
		<button
			type="button"
			class="quote"
			disabled={!answered}
			title={answered ? texts.replyTo(answeredAuthor) : undefined}
			onClick={() => actions.goTo(replyTo)}
		>
			{answered && <strong>{answeredAuthor}</strong>}
			<span>{text?.slice(0, QUOTE_LENGTH) ?? texts.earlierMessage}</span>
		</button>
	);
}

function Reactions({ message, mayWrite, actions }: MessageItemProps & { message: Message }) {
	const reactions = Object.entries(message.reactions ?? {});
	if (reactions.length === 0) return null;
	return (
		<div class="reactions">
			{reactions.map(([emoji, count]) => (
				<button
					key={emoji}
					type="button"
					class="reaction"
					disabled={!mayWrite}
					aria-pressed={message.mine?.includes(emoji) ?? false}
					aria-label={texts.reactedBy(emoji, count)}
					onClick={() => actions.react(message, emoji)}
				>
					{emoji} <span class="reaction-count">{count}</span>
				</button>
			))}
		</div>
	);
}

function Delivery({ message, actions }: { message: PendingMessage; actions: MessageActions }) {
	if (message.status === 'failed') {
		return (
			<p class="delivery failed">
				<span>{texts.notSent(errorText(message.error))}</span>
				<button type="button" class="plain small" onClick={() => actions.retry(message.clientId)}>
					{texts.retry}
				</button>
				<button type="button" class="plain small" onClick={() => actions.discard(message.clientId)}>
					{texts.discard}
				</button>
			</p>
		);
	}
	return message.status === 'pending' ? (
		<span class="delivery" title={texts.sending}>
			<Icon name="clock" />
			<span class="hidden">{texts.sending}</span>
		</span>
	) : null;
}

function Aside({ message, isLast, actions }: MessageItemProps) {
	if (isPending(message) && message.status !== 'sent') {
		return <Delivery message={message} actions={actions} />;
	}
	const { editedAt, deletedAt } = message as Message;
	const isEdited = editedAt !== undefined && deletedAt === undefined;
	if (!isLast && !isEdited) return null;
	return (
		<span class="message-aside">
			{isEdited && <span title={fullTime(editedAt)}>{texts.edited}</span>}
			{isLast && (
				<time dateTime={new Date(message.at).toISOString()} title={fullTime(message.at)}>
					{clockTime(message.at)}
				</time>
			)}
		</span>
	);
}

function Bubble(props: MessageItemProps) {
	const { message, self } = props;
	const isDeleted = !isPending(message) && message.deletedAt !== undefined;
	if (isDeleted) {
		return (
			<div class="bubble deleted" title={fullTime(message.deletedAt ?? message.at)}>
				{texts.deleted}
			</div>
		);
	}
	return (
		<div class="bubble">
			<Quote {...props} />
			<MessageText key={message.text} text={message.text} self={self} />
		</div>
	);
}

/** One message; own ones on the other side. */
export const MessageItem = pure((props: MessageItemProps) => {
	const { message, author, self, isFirst, isLast, isActive, actions, rowKey } = props;
	const isOwn = message.userId === self;
	const stored = isPending(message) || message.deletedAt !== undefined ? undefined : message;
	const classes = ['message', isOwn && 'own', isFirst && 'first', isLast && 'last'];
	const state = isPending(message) ? message.status : 'stored';
	return (
		<li
			class={classes.filter(Boolean).join(' ')}
			data-row={rowKey}
			data-seq={message.seq}
			data-state={state}
			tabIndex={props.isTabStop ? 0 : -1}
			onFocusIn={() => actions.activate(rowKey)}
			onPointerEnter={(event) => event.pointerType === 'mouse' && actions.activate(rowKey)}
		>
			{isFirst && !isOwn && (
				<>
					<Avatar id={message.userId ?? ''} name={author} />
					<span class="author">{author}</span>
				</>
			)}
			<div class="message-line">
				<Bubble {...props} />
				<Aside {...props} />
				{isActive && stored && props.mayWrite && (
					<MessageToolbar
						message={stored}
						isOwn={isOwn}
						mayDelete={isOwn || props.mayModerate}
						actions={actions}
					/>
				)}
			</div>
			{stored && <Reactions {...props} message={stored} />}
		</li>
	);
});
