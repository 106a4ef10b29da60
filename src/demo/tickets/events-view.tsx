import { useEffect, useState } from 'preact/hooks';
import type { TicketEventInfo } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { backToList, eventHref, listHref, myTicketsHref } from '../route.ts';
import { openingText, priceText, StateBadge, Stock } from './event-facts.tsx';
import { type EventFilter, useEvents } from './use-events.ts';

const { tickets } = texts;

const FILTERS: readonly { readonly state: EventFilter; readonly text: string }[] = [
	{ state: undefined, text: tickets.all },
	{ state: 'upcoming', text: tickets.upcoming },
	{ state: 'open', text: tickets.open },
	{ state: 'soldOut', text: tickets.soldOut },
	{ state: 'closed', text: tickets.closed },
];

function EventCard({ info }: { readonly info: TicketEventInfo }) {
	return (
		<li>
			<a class="event-card" href={eventHref(info.id)} data-event={info.id} data-state={info.state}>
				<strong>{info.title}</strong>
				<StateBadge state={info.state} />
				<span class="event-card-facts">
					<span>{openingText(info)}</span>
					<span>{priceText(info)}</span>
				</span>
				{info.state !== 'closed' && <Stock info={info} />}
			</a>
		</li>
	);
}

function NoEvents() {
	return (
		<div class="empty">
			<p class="empty-title">{tickets.noEvents}</p>
			<p>{tickets.noEventsHint}</p>
		</div>
	);
}

/** All sales: upcoming, open, sold out; found by a word of the title. */
export function EventsView() {
	const [state, setState] = useState<EventFilter>();
	const [text, setText] = useState('');
	const { events, hasMore, more } = useEvents(state, text);
	useEffect(() => {
		document.title = `${tickets.tickets} · ${texts.appName}`;
	}, []);
	return (
		<main class="tickets">
			<header class="bar">
				<a class="round back" href={listHref} aria-label={texts.back} onClick={backToList}>
					<Icon name="back" />
				</a>
				<h1 class="bar-title">{tickets.tickets}</h1>
				<a class="plain" href={myTicketsHref}>
					{tickets.myTickets}
				</a>
			</header>
			<div class="tickets-body">
				<search class="event-search">
					<span class="search-field">
						<Icon name="search" />
						<input
							type="search"
							aria-label={tickets.search}
							placeholder={tickets.search}
							maxLength={100}
							onInput={(event) => setText(event.currentTarget.value.trim())}
						/>
					</span>
					<fieldset class="filters" aria-label={tickets.allEvents}>
						{FILTERS.map((filter) => (
							<button
								key={filter.text}
								type="button"
								aria-pressed={filter.state === state}
								onClick={() => setState(filter.state)}
							>
								{filter.text}
							</button>
						))}
					</fieldset>
				</search>
				{events === undefined && <p class="empty">{texts.loading}</p>}
				{events?.length === 0 && <NoEvents />}
				<ul class="event-cards">
					{events?.map((info) => (
						<EventCard key={info.id} info={info} />
					))}
				</ul>
				{hasMore && (
					<button type="button" class="plain wide" onClick={more}>
						{texts.more}
					</button>
				)}
			</div>
		</main>
	);
}
