import { useEffect, useState } from 'preact/hooks';
import type { Channel, Member } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { notify } from '../page/notify.tsx';

const PAGE_LENGTH = 100;

export interface Members {
	readonly members: readonly Member[];
	readonly hasMore: boolean;
	readonly loadMore: () => void;
}

/** The members in pages by id; those that are loaded follow what happens. */
export function useMembers(channel: Channel): Members {
	const { people } = useClient();
	const [page, setPage] = useState<Omit<Members, 'loadMore'>>({ members: [], hasMore: false });

	const load = (known: readonly Member[]) => {
		const after = known.at(-1)?.userId;
		channel
			.members({ limit: PAGE_LENGTH, ...(after === undefined ? {} : { after }) })
			.then(({ members, hasMore }) => {
				for (const member of members) people.learn(member);
				setPage({ members: [...known, ...members], hasMore });
			}, notify);
	};

	useEffect(() => {
		load([]);
		const undo = [
			channel.on('change', (change) => {
				if (['joined', 'left', 'roleSet', 'muted'].includes(change.type)) load([]);
			}),
			channel.on('reset', () => load([])),
		];
		return () => {
			for (const one of undo) one();
		};
	}, [channel]);

	return { ...page, loadMore: () => load(page.members) };
}
