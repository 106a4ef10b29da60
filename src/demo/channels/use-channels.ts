import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ChannelSummary } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { notify } from '../page/notify.tsx';
import { untilAnswered } from '../page/until-answered.ts';

export interface ChannelPages {
	/** `undefined` until the first page is there. */
	readonly channels: readonly ChannelSummary[] | undefined;
	readonly hasMore: boolean;
	readonly loadMore: () => void;
}

type List = readonly ChannelSummary[];

/** Newest activity first, as the server lists. */
const byActivity = (one: ChannelSummary, other: ChannelSummary) =>
	other.lastAt - one.lastAt || (one.id < other.id ? 1 : -1);

/** `fresh` take the place of what was known of the same channels. */
function merged(known: List, fresh: List): List {
	const byId = new Map([...known, ...fresh].map((channel) => [channel.id, channel]));
	return [...byId.values()].sort(byActivity);
}

function usePages(which: 'list' | 'public') {
	const { naru, people } = useClient();
	const [channels, setChannels] = useState<List>();
	const [next, setNext] = useState<string>();
	const isLoading = useRef(false);

	const load = useCallback(
		async (after?: string) => {
			if (isLoading.current) return;
			isLoading.current = true;
			try {
				const from = after === undefined ? {} : { after };
				const page = await untilAnswered(() => naru.channels[which](from));
				for (const { lastMessage } of page.channels) if (lastMessage) people.learn(lastMessage);
				setChannels((known = []) => (after ? merged(known, page.channels) : page.channels));
				setNext(page.next);
			} catch (error) {
				notify(error);
			} finally {
				isLoading.current = false;
			}
		},
		[naru, people, which],
	);

	useEffect(() => void load(), [load]);
	const pages: ChannelPages = {
		channels,
		hasMore: next !== undefined,
		loadMore: () => next !== undefined && void load(next),
	};
	return { pages, load, setChannels };
}

/** The own channels by last activity, kept live by the server. */
export function useOwnChannels(): ChannelPages {
	const { naru, people } = useClient();
	const { pages, load, setChannels } = usePages('list');
	useEffect(() => {
		const undo = [
			naru.channels.on('change', (channel) => {
				if (channel.lastMessage) people.learn(channel.lastMessage);
				setChannels((known) => merged(known ?? [], [channel]));
			}),
			naru.channels.on('gone', ({ id }) =>
				setChannels((known) => known?.filter((channel) => channel.id !== id)),
			),
			naru.channels.on('reset', () => void load()),
		];
		return () => {
			for (const one of undo) one();
		};
	}, [naru, people, load, setChannels]);
	return pages;
}

/** The public channels, as they were when the list was opened. */
export function usePublicChannels(): ChannelPages {
	return usePages('public').pages;
}
