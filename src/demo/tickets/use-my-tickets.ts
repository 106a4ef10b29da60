import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Ticket } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { untilAnswered } from '../page/until-answered.ts';
import { notifyTicket } from './ticket-notices.ts';

const PAGE_LENGTH = 50;

interface Pages {
	readonly tickets: readonly Ticket[];
	readonly next?: string | undefined;
}

/** Own tickets in pages, newest first. */
export function useMyTickets() {
	const { naru } = useClient();
	const [pages, setPages] = useState<Pages>();

	const load = useCallback(
		async (known: readonly Ticket[], after?: string) => {
			const from = after === undefined ? {} : { after };
			const { tickets, next } = await untilAnswered(() =>
				naru.tickets.list({ limit: PAGE_LENGTH, ...from }),
			);
			setPages({ tickets: [...known, ...tickets], next });
			return tickets;
		},
		[naru],
	);
	useEffect(() => {
		load([]).catch(notifyTicket);
	}, [load]);

	const reload = useCallback(() => load([]), [load]);
	const more = () => {
		if (pages?.next !== undefined) load(pages.tickets, pages.next).catch(notifyTicket);
	};
	return { tickets: pages?.tickets, hasMore: pages?.next !== undefined, more, reload };
}
