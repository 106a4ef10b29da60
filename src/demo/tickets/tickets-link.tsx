import { useEffect } from 'preact/hooks';
import { useClient } from '../client.ts';
import { language, texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { useRedraw } from '../page/use-redraw.ts';
import { eventHref, eventsHref, type Route } from '../route.ts';
import { type Visit, visitsOf } from './visits.ts';

const { tickets } = texts;

/** What matters most of where one stands, in a few words. */
function visitText({ me }: Visit): string {
	if (me.phase === 'turn') return tickets.turnShort;
	if (me.phase === 'inside') return tickets.insideShort;
	if (me.phase === 'paying') return tickets.payShort;
	const place = me.place ?? 0;
	return place === 0 ? tickets.youAreNext : tickets.placeShort(place.toLocaleString(language));
}

/** The way to ticket sales; while one stands in a sale, the way back to it. */
export function TicketsLink({ screen }: { readonly screen: Route['screen'] }) {
	const { naru } = useClient();
	const redraw = useRedraw();
	const visits = visitsOf(naru);
	useEffect(() => visits.onChange(redraw), [visits, redraw]);
	const visit = visits.current.at(-1);
	const isHere = screen === 'events' || screen === 'event' || screen === 'myTickets';
	const isElsewhere = visit !== undefined && screen !== 'event';
	return (
		<a
			class={isElsewhere ? 'board-link tickets-link news' : 'board-link tickets-link'}
			href={isElsewhere ? eventHref(visit.id) : eventsHref}
			aria-current={isHere ? 'page' : undefined}
		>
			<Icon name="ticket" />
			<span>{isElsewhere ? (visit.sale?.title ?? tickets.tickets) : tickets.tickets}</span>
			<small>{visit === undefined ? tickets.ticketsHint : visitText(visit)}</small>
		</a>
	);
}
