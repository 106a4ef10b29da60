import type { ComponentChildren } from 'preact';
import type { Ticket } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { boughtText } from './event-facts.tsx';
import { QrCode } from './qr-code.tsx';

const { tickets } = texts;

/** What the code at the door says. */
const codeOf = ({ eventId, id }: Pick<Ticket, 'eventId' | 'id'>): string =>
	`naru:ticket:${eventId}:${id}`;

/** What is longer is set smaller. */
const SHORT_MAX = 8;

interface TicketCardProps {
	readonly ticket: Ticket;
	readonly children?: ComponentChildren;
}

/** One ticket with its code. */
export function TicketCard({ ticket, children }: TicketCardProps) {
	const { title, seatId, at } = ticket;
	const code = codeOf(ticket);
	const seat = seatId ?? tickets.ticket;
	return (
		<li class="ticket" data-ticket={ticket.id} data-code={code}>
			<div class="ticket-texts">
				<strong class="ticket-title">{title}</strong>
				<span class={seat.length > SHORT_MAX ? 'ticket-seat long' : 'ticket-seat'}>{seat}</span>
				<small>{boughtText(at)}</small>
				{children}
			</div>
			<QrCode text={code} label={tickets.ticketFor(title)} />
		</li>
	);
}
