import { useMemo, useState } from 'preact/hooks';
import { type Account, saveAccount, savedAccount } from './account.ts';
import { AssetsView } from './assets/assets-view.tsx';
import { BoardView } from './board/board-view.tsx';
import { Sidebar } from './channels/sidebar.tsx';
import { ChannelView } from './chat/channel-view.tsx';
import { ClientProvider, createClient } from './client.ts';
import { texts } from './language.ts';
import { ConnectionBanner } from './page/connection-banner.tsx';
import { Icon } from './page/icon.tsx';
import { Notices } from './page/notify.tsx';
import { useRoute } from './route.ts';
import { SignIn } from './sign-in.tsx';
import { EventView } from './tickets/event-view.tsx';
import { EventsView } from './tickets/events-view.tsx';
import { MyTicketsView } from './tickets/my-tickets-view.tsx';

function NothingOpen() {
	return (
		<main class="nothing-open">
			<Icon name="boat" />
			<p>{texts.tagline}</p>
		</main>
	);
}

/** All of a signed-in page: the list, and what is open beside it. */
function Page({ account }: { readonly account: Account }) {
	const client = useMemo(() => createClient(account), [account]);
	const route = useRoute();
	const channelId = route.screen === 'channel' ? route.id : undefined;
	return (
		<ClientProvider value={client}>
			<div class="app" data-screen={route.screen}>
				<ConnectionBanner channelId={channelId} />
				<Sidebar currentId={channelId} screen={route.screen} />
				{channelId !== undefined && <ChannelView key={channelId} id={channelId} />}
				{route.screen === 'board' && <BoardView />}
				{route.screen === 'assets' && <AssetsView />}
				{route.screen === 'events' && <EventsView />}
				{route.screen === 'myTickets' && <MyTicketsView />}
				{route.screen === 'event' && <EventView key={route.id} id={route.id} />}
				{route.screen === 'list' && <NothingOpen />}
			</div>
			<Notices />
		</ClientProvider>
	);
}

/** The demo page. */
export function App() {
	const [account, setAccount] = useState(savedAccount);
	const signIn = (signedIn: Account) => {
		saveAccount(signedIn);
		setAccount(signedIn);
	};
	return account ? <Page account={account} /> : <SignIn onSignIn={signIn} />;
}
