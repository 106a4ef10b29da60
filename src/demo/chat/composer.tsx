import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Channel, Message } from '../../../client-sdk/src/index.ts';
import { userIdOf } from '../account.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { hasKeyboard } from '../page/has-keyboard.ts';
import { Icon } from '../page/icon.tsx';
import { notify } from '../page/notify.tsx';
import type { Intention } from './message-actions.ts';

const TEXT_LENGTH_MAX = 100_000;
const MENTIONS_MAX = 50;

/** What was begun in each channel and not sent yet. */
const drafts = new Map<string, string>();

interface ComposerProps {
	readonly channel: Channel;
	readonly title: string;
	readonly intention: Intention | undefined;
	readonly intend: (intention: Intention | undefined) => void;
}

/** User ids of `@names` in a text. */
function mentionsIn(text: string): string[] {
	const names = [...text.matchAll(/(?<![\p{L}\p{N}])@([\p{L}\p{N}_-]{1,64})/gu)].map(
		([, name]) => name ?? '',
	);
	return [...new Set(names.map(userIdOf))].slice(0, MENTIONS_MAX);
}

function send(channel: Channel, text: string, intention: Intention | undefined): void {
	if (intention?.to === 'edit') {
		if (text !== intention.message.text) channel.edit(intention.message.seq, text).catch(notify);
		return;
	}
	const mentions = mentionsIn(text);
	channel
		.send({
			text,
			...(intention ? { replyTo: intention.message.seq } : {}),
			...(mentions.length > 0 ? { mentions } : {}),
		})
		// It is shown on the message itself.
		.catch(() => {});
}

/** The own message that the arrow key goes back to. */
function lastOwn(channel: Channel, self: string): Message | undefined {
	const own = channel.messages.filter(
		({ userId, deletedAt }) => userId === self && deletedAt === undefined,
	);
	return own.at(-1);
}

/** As high as its text, up to the limit of the style sheet. */
function useHeight(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
	useLayoutEffect(() => {
		const element = field.current;
		if (!element) return;
		element.style.height = 'auto';
		element.style.height = `${element.scrollHeight}px`;
	}, [field, text]);
}

function IntentionLine({ intention, intend }: Pick<ComposerProps, 'intention' | 'intend'>) {
	const { people } = useClient();
	if (!intention) return null;
	const { to, message } = intention;
	return (
		<div class="intention">
			<strong>
				{to === 'edit' ? texts.editing : texts.replyingTo(people.nameOf(message.userId))}
			</strong>
			<span>{message.text.slice(0, 160)}</span>
			<button
				type="button"
				class="round"
				aria-label={texts.cancel}
				onClick={() => intend(undefined)}
			>
				<Icon name="close" />
			</button>
		</div>
	);
}

/** Where one writes. */
export function Composer({ channel, title, intention, intend }: ComposerProps) {
	const { account } = useClient();
	const field = useRef<HTMLTextAreaElement>(null);
	const [text, setText] = useState(drafts.get(channel.id) ?? '');
	useHeight(field, text);

	useLayoutEffect(() => {
		if (intention?.to === 'edit') setText(intention.message.text);
		if (intention) field.current?.focus();
	}, [intention]);

	useEffect(() => {
		if (hasKeyboard()) field.current?.focus();
	}, []);

	const write = (next: string) => {
		setText(next);
		if (intention?.to === 'edit') return;
		drafts.set(channel.id, next);
		if (next !== '') channel.typing();
	};
	const done = () => {
		setText(intention?.to === 'edit' ? (drafts.get(channel.id) ?? '') : '');
		if (intention?.to !== 'edit') drafts.delete(channel.id);
		intend(undefined);
	};
	const submit = () => {
		const trimmed = text.trim();
		if (trimmed === '') return;
		send(channel, trimmed, intention);
		done();
		field.current?.focus();
	};
	const cancel = () => {
		if (intention?.to === 'edit') setText(drafts.get(channel.id) ?? '');
		intend(undefined);
	};
	const key = (event: KeyboardEvent) => {
		// An input method takes its Enter itself: it ends a syllable, not the message.
		if (event.isComposing || event.keyCode === 229) return;
		// On glass Enter makes a new line.
		if (event.key === 'Enter' && !event.shiftKey && hasKeyboard()) {
			event.preventDefault();
			submit();
		} else if (event.key === 'Escape' && intention) {
			cancel();
		} else if (event.key === 'ArrowUp' && text === '') {
			const message = lastOwn(channel, account.userId);
			if (!message) return;
			event.preventDefault();
			intend({ to: 'edit', message });
		}
	};

	return (
		<form
			class="composer"
			onSubmit={(event) => {
				event.preventDefault();
				submit();
			}}
		>
			<IntentionLine intention={intention} intend={cancel} />
			<div class="composer-line">
				<textarea
					ref={field}
					rows={1}
					value={text}
					maxLength={TEXT_LENGTH_MAX}
					placeholder={texts.writeTo(title)}
					aria-label={texts.writeTo(title)}
					onInput={(event) => write(event.currentTarget.value)}
					onKeyDown={key}
				/>
				<button
					type="submit"
					class="send"
					aria-label={intention?.to === 'edit' ? texts.save : texts.send}
					disabled={text.trim() === ''}
					// The keyboard of a phone stays open.
					onPointerDown={(event) => event.preventDefault()}
				>
					<Icon name="send" />
				</button>
			</div>
		</form>
	);
}
