import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Sale, Seat, Standing, TicketEvent } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { visitsOf } from './visits.ts';

/** One sale as the page shows it, live. */
export interface ShownEvent {
	readonly event: TicketEvent;
	readonly me: Standing | undefined;
	readonly sale: Sale | undefined;
	readonly seats: readonly Seat[];
	/** Why it cannot be shown. */
	readonly failed: string | undefined;
	readonly again: () => void;
}

export function useEvent(id: string): ShownEvent {
	const { naru } = useClient();
	const event = useMemo(() => naru.ticketEvent(id), [naru, id]);
	const [me, setMe] = useState<Standing | undefined>(event.me);
	const [sale, setSale] = useState<Sale | undefined>(event.state);
	const [seats, setSeats] = useState<readonly Seat[]>(event.seats);
	const [failed, setFailed] = useState<string>();

	const again = () => {
		setFailed(undefined);
		event.open().catch(({ code }) => setFailed(code));
	};
	useEffect(() => {
		const { hide } = visitsOf(naru).show(id);
		const undo = [
			event.on('me', setMe),
			event.on('state', setSale),
			event.on('seats', setSeats),
			event.on('closed', ({ code }) => setFailed(code)),
			hide,
		];
		return () => {
			for (const one of undo) one();
		};
	}, [naru, event, id]);
	return { event, me, sale, seats, failed, again };
}
