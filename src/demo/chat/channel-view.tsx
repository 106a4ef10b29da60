import { useCallback, useEffect, useState } from 'preact/hooks';
import { type Channel, type ChannelKind, NaruError } from '../../../client-sdk/src/index.ts';
import { otherOf, titleOf } from '../channels/channel-title.ts';
import { useClient } from '../client.ts';
import { WhereLine } from '../cluster/where-line.tsx';
import { texts } from '../language.ts';
import { Avatar } from '../page/avatar.tsx';
import { Icon } from '../page/icon.tsx';
import { errorText, notify } from '../page/notify.tsx';
import { presenceText, usePresence } from '../page/use-presence.ts';
import { backToList, listHref } from '../route.ts';
import { Composer } from './composer.tsx';
import { MembersPanel } from './members-panel.tsx';
import type { Intention } from './message-actions.ts';
import { MessageList } from './message-list.tsx';
import { TypingLine } from './typing-line.tsx';
import { type OpenedChannel, useChannel } from './use-channel.ts';

interface HeaderProps {
	readonly channel: Channel;
	readonly kind: ChannelKind;
	readonly title: string;
	/** Whether anything is known of the channel. */
	readonly isKnown: boolean;
	readonly isPanelOpen: boolean;
	readonly togglePanel: () => void;
}

function Header({ channel, kind, title, isKnown, isPanelOpen, togglePanel }: HeaderProps) {
	const { account } = useClient();
	const other = kind === 'direct' ? otherOf(channel.id, account.userId) : undefined;
	const presence = usePresence(other === undefined ? [] : [other])(other ?? '');
	return (
		<header class="bar">
			<a class="round back" href={listHref} aria-label={texts.back} onClick={backToList}>
				<Icon name="back" />
			</a>
			<Avatar
				id={other ?? channel.id}
				name={title}
				{...(other === undefined ? { icon: kind === 'open' ? 'hash' : 'people' } : {})}
				presence={presence}
				presenceText={presenceText(presence)}
			/>
			<div class="bar-texts">
				<h1>{title}</h1>
				{isKnown && (
					<small>
						{other === undefined ? texts.memberCount(channel.memberCount) : presenceText(presence)}
					</small>
				)}
			</div>
			{isKnown && (
				<button
					type="button"
					class="round"
					aria-label={texts.members}
					aria-pressed={isPanelOpen}
					onClick={togglePanel}
				>
					<Icon name="people" />
				</button>
			)}
		</header>
	);
}

function JoinBar({ channel, redraw }: Pick<OpenedChannel, 'channel' | 'redraw'>) {
	return (
		<div class="join-bar">
			<span>{texts.joinHint}</span>
			<button
				type="button"
				class="primary"
				onClick={() => void channel.join().then(redraw, notify)}
			>
				{texts.join}
			</button>
		</div>
	);
}

function Closed({ error, isLoaded }: Pick<OpenedChannel, 'error' | 'isLoaded'>) {
	const isRemoved = isLoaded && error instanceof NaruError && error.code === 'FORBIDDEN';
	return (
		<div class="empty">
			<p class="empty-title">{isRemoved ? texts.removed : texts.cannotOpen}</p>
			{!isRemoved && <p>{errorText(error)}</p>}
			<a class="plain" href={listHref}>
				{texts.back}
			</a>
		</div>
	);
}

/** One channel: its messages and what one writes to it. */
export function ChannelView({ id }: { readonly id: string }) {
	const client = useClient();
	const opened = useChannel(id);
	const { channel, isLoaded, error, redraw } = opened;
	const [intention, setIntention] = useState<Intention>();
	const [isPanelOpen, setPanelOpen] = useState(false);
	const intend = useCallback((next: Intention | undefined) => setIntention(next), []);
	const kind: ChannelKind = channel.kind;
	const title = titleOf({ id, kind, name: channel.name }, client);
	useEffect(() => {
		document.title = `${title} · ${texts.appName}`;
		return () => {
			document.title = texts.appName;
		};
	}, [title]);

	return (
		<>
			<main class="channel" data-channel={id} data-loaded={isLoaded}>
				<Header
					channel={channel}
					kind={kind}
					title={title}
					isKnown={isLoaded && error === undefined}
					isPanelOpen={isPanelOpen}
					togglePanel={() => setPanelOpen(!isPanelOpen)}
				/>
				<WhereLine channelId={id} />
				{error !== undefined ? (
					<Closed error={error} isLoaded={isLoaded} />
				) : isLoaded ? (
					<>
						<MessageList opened={opened} intend={intend} />
						<TypingLine channel={channel} />
						{channel.me ? (
							<Composer channel={channel} title={title} intention={intention} intend={intend} />
						) : (
							<JoinBar channel={channel} redraw={redraw} />
						)}
					</>
				) : (
					<p class="empty">{texts.loading}</p>
				)}
			</main>
			{isPanelOpen && error === undefined && (
				<MembersPanel channel={channel} kind={kind} onClose={() => setPanelOpen(false)} />
			)}
		</>
	);
}
