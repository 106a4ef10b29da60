import type { ChannelSummary } from '../../../client-sdk/src/index.ts';
import { type Client, useClient } from '../client.ts';
import { texts } from '../language.ts';
import { Avatar, type PresenceDot } from '../page/avatar.tsx';
import { shortTime } from '../page/dates.ts';
import { presenceText } from '../page/use-presence.ts';
import { channelHref } from '../route.ts';
import { otherOf, titleOf } from './channel-title.ts';
import { unreadText } from './unread-text.ts';

interface ChannelRowProps {
	readonly channel: ChannelSummary;
	readonly isCurrent: boolean;
	readonly presence: PresenceDot | undefined;
}

/** The last message in one line. */
function preview({ lastMessage, kind }: ChannelSummary, { account, people }: Client): string {
	if (!lastMessage) return '';
	const text = lastMessage.deletedAt === undefined ? lastMessage.text : texts.deleted;
	if (lastMessage.userId === account.userId) return `${texts.you}: ${text}`;
	return kind === 'direct' ? text : `${people.nameOf(lastMessage.userId)}: ${text}`;
}

function Badges({ unread = 0, mentions = 0 }: Pick<ChannelSummary, 'unread' | 'mentions'>) {
	return (
		<>
			{mentions > 0 && (
				<span class="badge mention" title={texts.mentionCount(mentions)}>
					@<span class="hidden">{texts.mentionCount(mentions)}</span>
				</span>
			)}
			{unread > 0 && (
				<span class="badge">
					<span aria-hidden="true">{unreadText(unread)}</span>
					<span class="hidden">{texts.unreadCount(unreadText(unread))}</span>
				</span>
			)}
		</>
	);
}

export function ChannelRow({ channel, isCurrent, presence }: ChannelRowProps) {
	const client = useClient();
	const { id, kind, memberCount } = channel;
	const avatarId = kind === 'direct' ? otherOf(id, client.account.userId) : id;
	const title = titleOf(channel, client);
	const isMember = channel.marker !== undefined;
	return (
		<li>
			<a
				class="channel-row"
				href={channelHref(id)}
				aria-current={isCurrent ? 'page' : undefined}
				data-channel={id}
			>
				<Avatar
					id={avatarId}
					name={title}
					{...(kind === 'direct' ? {} : { icon: kind === 'open' ? 'hash' : 'people' })}
					presence={presence}
					presenceText={presenceText(presence)}
				/>
				<span class="channel-row-title">{title}</span>
				{channel.lastMessage && (
					<time class="channel-row-time">{shortTime(channel.lastMessage.at)}</time>
				)}
				<span class="channel-row-preview">
					{isMember ? preview(channel, client) : texts.memberCount(memberCount)}
				</span>
				<span class="channel-row-badges">{!isCurrent && <Badges {...channel} />}</span>
			</a>
		</li>
	);
}
