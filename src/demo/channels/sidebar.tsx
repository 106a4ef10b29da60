import { useState } from 'preact/hooks';
import { forgetAccount } from '../account.ts';
import { AssetsLink } from '../assets/assets-link.tsx';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { Avatar } from '../page/avatar.tsx';
import { Icon } from '../page/icon.tsx';
import { notify } from '../page/notify.tsx';
import { SocketFooter } from '../page/socket-footer.tsx';
import { useStatus } from '../page/use-status.ts';
import { boardHref, type Route } from '../route.ts';
import { TicketsLink } from '../tickets/tickets-link.tsx';
import { OwnChannels, PublicChannels } from './channel-list.tsx';
import { NewChatButton } from './new-chat.tsx';

interface SidebarProps {
	readonly currentId: string | undefined;
	readonly screen: Route['screen'];
}

/** Who one is, whether others see one as away, and the way out. */
function Me() {
	const { naru, account } = useClient();
	const { status } = useStatus();
	const [isAway, setAway] = useState(false);
	const present = isAway ? 'away' : 'online';
	const shown = status === 'online' ? present : 'offline';

	const toggleAway = () => {
		setAway(!isAway);
		naru.presence.set(isAway ? 'online' : 'away').catch(notify);
	};
	const signOut = async () => {
		await naru.close({ logout: true });
		forgetAccount();
		location.assign('/');
	};

	return (
		<div class="me">
			<button
				type="button"
				class="me-name"
				aria-pressed={isAway}
				title={texts.iAmAway}
				onClick={toggleAway}
			>
				<Avatar
					id={account.userId}
					name={account.name}
					presence={shown}
					presenceText={texts[shown]}
				/>
				<span class="me-texts">
					<strong>{account.name}</strong>
					<small>{texts[shown]}</small>
				</span>
			</button>
			<NewChatButton />
			<button type="button" class="round" aria-label={texts.signOut} onClick={signOut}>
				<Icon name="leave" />
			</button>
		</div>
	);
}

const TABS = [
	{ id: 'own', text: texts.chats },
	{ id: 'public', text: texts.publicChannels },
] as const;

/** The list side of the page: on a phone the first screen. */
export function Sidebar({ currentId, screen }: SidebarProps) {
	const [tab, setTab] = useState<'own' | 'public'>('own');
	return (
		<aside class="sidebar">
			<Me />
			<div class="tabs" role="tablist">
				{TABS.map(({ id, text }) => (
					<button
						key={id}
						type="button"
						role="tab"
						id={`tab-${id}`}
						aria-selected={tab === id}
						aria-controls="channels"
						onClick={() => setTab(id)}
					>
						{text}
					</button>
				))}
			</div>
			<div class="channels" id="channels" role="tabpanel" aria-labelledby={`tab-${tab}`}>
				{tab === 'own' ? (
					<OwnChannels currentId={currentId} />
				) : (
					<PublicChannels currentId={currentId} />
				)}
			</div>
			<TicketsLink screen={screen} />
			<AssetsLink screen={screen} />
			<a class="board-link" href={boardHref} aria-current={screen === 'board' ? 'page' : undefined}>
				<Icon name="cursor" />
				<span>{texts.board}</span>
				<small>{texts.boardHint}</small>
			</a>
			<SocketFooter />
		</aside>
	);
}
