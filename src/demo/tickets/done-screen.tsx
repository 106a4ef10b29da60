import { useEffect, useState } from 'preact/hooks';
import type { Ticket } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { myTicketsHref } from '../route.ts';
import { inSeatOrder } from './by-order.ts';
import type { ScreenProps } from './screen-props.ts';
import { TicketCard } from './ticket-card.tsx';
import { useOneAtATime } from './use-one-at-a-time.ts';

const { tickets: words } = texts;

/** The list of tickets follows the sale by a moment. */
const AGAIN_MS = 400;
const PAGE_LENGTH = 200;

/** The user's tickets of one event, once there are as many as the order has. */
function useEventTickets(eventId: string, orderId: string | undefined, count: number) {
	const { naru } = useClient();
	const [tickets, setTickets] = useState<readonly Ticket[]>();
	useEffect(() => {
		let timer: ReturnType<typeof setTimeout>;
		let isOver = false;
		const look = async () => {
			const page = await naru.tickets.list({ limit: PAGE_LENGTH }).catch(() => undefined);
			if (isOver) return;
			const own = page?.tickets.filter((ticket) => ticket.eventId === eventId) ?? [];
			const printed = own.filter((ticket) => ticket.orderId === orderId).length;
			if (printed >= count && page !== undefined) setTickets(inSeatOrder(own));
			else timer = setTimeout(() => void look(), AGAIN_MS);
		};
		void look();
		return () => {
			isOver = true;
			clearTimeout(timer);
		};
	}, [naru, eventId, orderId, count]);
	return tickets;
}

function BuyMore({ event, sale, owned }: ScreenProps & { readonly owned: number }) {
	const { isBusy, run } = useOneAtATime();
	if (owned >= sale.maxPerUser || sale.state !== 'open') return null;
	return (
		<button type="button" class="plain" disabled={isBusy} onClick={() => run(() => event.enter())}>
			{words.buyMore}
		</button>
	);
}

/** Paid: the tickets, with their codes. */
export function DoneScreen(props: ScreenProps) {
	const { event, me, sale } = props;
	const { order } = me;
	const isRefunded = order?.status === 'refunded';
	const expected = order === undefined || order.refunded > 0 ? 0 : order.quantity;
	const tickets = useEventTickets(event.id, order?.id, expected);
	return (
		<div class="tickets-body narrow">
			<section class="hero paid" data-screen="done">
				<p class="hero-number">
					<Icon name="check" />
				</p>
				<p class="hero-label">{isRefunded ? words.refundedOrder : words.paid}</p>
				{tickets === undefined && <p class="hero-hint">{words.issuing}</p>}
				{tickets && tickets.length > 0 && <p class="hero-hint">{words.paidHint}</p>}
				{tickets?.length === sale.maxPerUser && <p class="hero-hint">{words.hadAll}</p>}
				<p class="hero-links">
					<a class="plain" href={myTicketsHref}>
						{words.myTickets}
					</a>
					{tickets && <BuyMore {...props} owned={tickets.length} />}
				</p>
			</section>
			<ul class="ticket-list">
				{tickets?.map((ticket) => (
					<TicketCard key={ticket.id} ticket={ticket} />
				))}
			</ul>
		</div>
	);
}
