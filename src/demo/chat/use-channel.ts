import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Channel } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { untilAnswered } from '../page/until-answered.ts';
import { useRedraw } from '../page/use-redraw.ts';

const PAGE_LENGTH = 50;

export interface OpenedChannel {
	readonly channel: Channel;
	/** False until the first answer of the server. */
	readonly isLoaded: boolean;
	/** Why it could not be opened, or was closed. */
	readonly error: unknown;
	/** The seq behind which unread messages began when one came to look; `undefined`: there were none. */
	readonly unreadAfter: number | undefined;
	/** Asks for the page before the first loaded message. */
	readonly loadOlder: () => Promise<void>;
	readonly redraw: () => void;
}

/** Where one has read to, if there is more behind it. */
const unreadBegin = ({ unread, me }: Channel): number | undefined =>
	unread > 0 ? me?.marker : undefined;

/** Where unread messages begin after one came: a line that was read past gives way to a new one. */
function unreadBehind(known: number | undefined, { me }: Channel): number | undefined {
	if (document.visibilityState !== 'hidden' || me === undefined) return known;
	return known !== undefined && known >= me.marker ? known : me.marker;
}

/** Follows a channel: the component is drawn again with everything that happens in it. */
export function useChannel(id: string): OpenedChannel {
	const { account, openChannels, people } = useClient();
	const channel = useMemo(() => openChannels.use(id), [openChannels, id]);
	const redraw = useRedraw();
	const [isLoaded, setLoaded] = useState(channel.isOpen || channel.messages.length > 0);
	const [error, setError] = useState<unknown>();
	const [unreadAfter, setUnreadAfter] = useState(() => unreadBegin(channel));

	useEffect(() => {
		const loaded = () => {
			for (const message of channel.messages) people.learn(message);
			setUnreadAfter((known) => known ?? unreadBegin(channel));
			setLoaded(true);
		};
		const undo = [
			channel.on('message', (message) => {
				people.learn(message);
				if (message.userId !== account.userId) {
					setUnreadAfter((known) => unreadBehind(known, channel));
				}
				redraw();
			}),
			channel.on('change', (change) => {
				if (change.type === 'joined') people.learn(change.member);
				redraw();
			}),
			channel.on('pending', () => {
				setUnreadAfter(undefined);
				redraw();
			}),
			channel.on('reset', loaded),
			channel.on('closed', setError),
		];
		untilAnswered(() => channel.open({ last: PAGE_LENGTH })).then(loaded, setError);
		return () => {
			for (const one of undo) one();
		};
	}, [channel, people, account, redraw]);

	const loadOlder = useMemo(() => {
		let isLoading = false;
		return async () => {
			const [first] = channel.messages;
			if (isLoading || !first || !channel.hasMore) return;
			isLoading = true;
			try {
				const { messages } = await channel.history({ before: first.seq, limit: PAGE_LENGTH });
				for (const message of messages) people.learn(message);
				redraw();
			} catch {
				// The next scroll asks again.
			} finally {
				isLoading = false;
			}
		};
	}, [channel, people, redraw]);

	return { channel, isLoaded, error, unreadAfter, loadOlder, redraw };
}
