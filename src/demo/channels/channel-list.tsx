import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { notify } from '../page/notify.tsx';
import { usePresence } from '../page/use-presence.ts';
import { channelHref, goTo } from '../route.ts';
import { ChannelRow } from './channel-row.tsx';
import { otherOf } from './channel-title.ts';
import { type ChannelPages, useOwnChannels, usePublicChannels } from './use-channels.ts';

/** A place that everybody finds without asking. */
const LOBBY = 'lobby';

interface ListProps {
	readonly currentId: string | undefined;
}

function Rows({ pages, currentId }: ListProps & { readonly pages: ChannelPages }) {
	const { account } = useClient();
	const channels = pages.channels ?? [];
	const others = channels
		.filter(({ kind }) => kind === 'direct')
		.map(({ id }) => otherOf(id, account.userId));
	const presenceOf = usePresence(others);
	return (
		<>
			<ul class="channel-rows">
				{channels.map((channel) => (
					<ChannelRow
						key={channel.id}
						channel={channel}
						isCurrent={channel.id === currentId}
						presence={
							channel.kind === 'direct'
								? presenceOf(otherOf(channel.id, account.userId))
								: undefined
						}
					/>
				))}
			</ul>
			{pages.hasMore && (
				<button type="button" class="plain wide" onClick={pages.loadMore}>
					{texts.more}
				</button>
			)}
		</>
	);
}

function NoChats() {
	const { naru } = useClient();
	const join = () => {
		naru
			.channel(LOBBY)
			.join()
			.then(() => goTo(channelHref(LOBBY)), notify);
	};
	return (
		<div class="empty">
			<p class="empty-title">{texts.noChats}</p>
			<p>{texts.noChatsHint}</p>
			<button type="button" class="primary" onClick={join}>
				{texts.joinLobby}
			</button>
		</div>
	);
}

/** The own channels, live. */
export function OwnChannels({ currentId }: ListProps) {
	const pages = useOwnChannels();
	if (pages.channels === undefined) return <p class="empty">{texts.loading}</p>;
	if (pages.channels.length === 0) return <NoChats />;
	return <Rows pages={pages} currentId={currentId} />;
}

/** What anybody may read and join. */
export function PublicChannels({ currentId }: ListProps) {
	const pages = usePublicChannels();
	if (pages.channels === undefined) return <p class="empty">{texts.loading}</p>;
	if (pages.channels.length === 0) return <p class="empty">{texts.noPublic}</p>;
	return <Rows pages={pages} currentId={currentId} />;
}
