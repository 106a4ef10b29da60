import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Channel, Member } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { notify } from '../page/notify.tsx';
import { changedMembers, type MemberPages } from './member-pages.ts';

const PAGE_LENGTH = 100;

const EMPTY: MemberPages = { members: [], hasMore: false };

/** The members in pages, kept current by what happens in the channel. */
export function useMembers(channel: Channel): MemberPages & { readonly loadMore: () => void } {
	const { people } = useClient();
	const [pages, setPages] = useState(EMPTY);

	const load = useCallback(
		(known: readonly Member[]) => {
			const after = known.at(-1)?.userId;
			const from = after === undefined ? {} : { after };
			channel.members({ limit: PAGE_LENGTH, ...from }).then(({ members, hasMore }) => {
				for (const member of members) people.learn(member);
				setPages({ members: [...known, ...members], hasMore });
			}, notify);
		},
		[channel, people],
	);

	useEffect(() => {
		load([]);
		const undo = [
			channel.on('change', (change) => setPages((known) => changedMembers(known, change))),
			channel.on('reset', () => load([])),
		];
		return () => {
			for (const one of undo) one();
		};
	}, [channel, load]);

	return { ...pages, loadMore: () => load(pages.members) };
}
