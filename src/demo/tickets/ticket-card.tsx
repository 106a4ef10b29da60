import type { ComponentChildren } from 'preact';
import type { Ticket } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { boughtText } from './event-facts.tsx';
import { QrCode } from './qr-code.tsx';

const { tickets } = texts;

/** What the code at the door says. */
const codeOf = ({ eventId, id }: Pick<Ticket, 'eventId' | 'id'>): string =>
	`naru:ticket:${eventId}:${id}`;

interface TicketCardProps {
	readonly ticket: Ticket;
	readonly children?: ComponentChildren;
}

/** One ticket with its code. */
export function TicketCard({ ticket, children }: TicketCardProps) {
	const { title, seatId, at } = ticket;
	const code = codeOf(ticket);
	return (
		<li class="ticket" data-ticket={ticket.id} data-code={code}>
			<div class="ticket-texts">
				<strong class="ticket-title">{title}</strong>
				<span class="ticket-seat">{seatId === undefined ? tickets.ticket : seatId}</span>
				<small>{boughtText(at)}</small>
				{children}
			</div>
			<QrCode text={code} label={tickets.ticketFor(title)} />
		</li>
	);
}
