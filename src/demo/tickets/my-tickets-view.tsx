import { useEffect } from 'preact/hooks';
import type { Ticket } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { eventHref, eventsHref } from '../route.ts';
import { byOrder, type TicketGroup } from './by-order.ts';
import { SureButton } from './sure-button.tsx';
import { TicketCard } from './ticket-card.tsx';
import { useMyTickets } from './use-my-tickets.ts';
import { useRefund } from './use-refund.ts';

const { tickets: words } = texts;

interface OrderGroupProps {
	readonly group: TicketGroup;
	readonly reload: () => Promise<readonly Ticket[]>;
}

/** The tickets of one order; with seats each can be given back, without only all of them. */
function OrderGroup({ group, reload }: OrderGroupProps) {
	const { orderId, tickets } = group;
	const { pending, refund } = useRefund(orderId, reload);
	const [first] = tickets;
	if (first === undefined) return null;
	const isSeated = first.seatId !== undefined;
	const isPending = tickets.some(({ id }) => pending.has(id));
	const backOne = (ticket: Ticket) => void refund([ticket], tickets.length === 1);
	return (
		<section class="order-group" data-order={orderId}>
			<ul class="ticket-list">
				{tickets.map((ticket) => (
					<TicketCard key={ticket.id} ticket={ticket}>
						{pending.has(ticket.id) && <small class="refunding">{words.refunding}</small>}
						{isSeated && !pending.has(ticket.id) && (
							<SureButton text={words.refund} sure={words.refundSure} act={() => backOne(ticket)} />
						)}
					</TicketCard>
				))}
			</ul>
			<p class="order-group-end">
				<a class="plain" href={eventHref(first.eventId)}>
					{words.toEvent}
				</a>
				{!isPending && (tickets.length > 1 || !isSeated) && (
					<SureButton
						text={tickets.length > 1 ? words.refundAll : words.refund}
						sure={words.refundSure}
						act={() => void refund(tickets, true)}
					/>
				)}
			</p>
		</section>
	);
}

/** Everything that one has bought and not given back. */
export function MyTicketsView() {
	const { tickets, hasMore, more, reload } = useMyTickets();
	useEffect(() => {
		document.title = `${words.myTickets} · ${texts.appName}`;
	}, []);
	return (
		<main class="tickets" data-screen="my-tickets">
			<header class="bar">
				<a class="round back-always" href={eventsHref} aria-label={words.allEvents}>
					<Icon name="back" />
				</a>
				<h1 class="bar-title">{words.myTickets}</h1>
			</header>
			<div class="tickets-body narrow">
				{tickets === undefined && <p class="empty">{texts.loading}</p>}
				{tickets?.length === 0 && (
					<div class="empty">
						<p class="empty-title">{words.noTickets}</p>
						<p>{words.noTicketsHint}</p>
					</div>
				)}
				{tickets &&
					byOrder(tickets).map((group) => (
						<OrderGroup key={group.orderId} group={group} reload={reload} />
					))}
				{hasMore && (
					<button type="button" class="plain wide" onClick={more}>
						{texts.more}
					</button>
				)}
			</div>
		</main>
	);
}
