import { useState } from 'preact/hooks';
import { NaruError, type Order, type TicketEvent } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { untilAnswered } from '../page/until-answered.ts';
import { notifyTicket } from './ticket-notices.ts';

/** What is under way with an order: nothing, a bank is asked, or its answer is in doubt. */
export type Payment = 'none' | 'asking' | 'checking';

/**
 * How the payment of an order stands, and what begins one. It is the server's word, so the same after a
 * reload and on another device; only between the click and that word it is this page's own.
 */
export function usePayment(event: TicketEvent, order: Order) {
	const { naru } = useClient();
	const [isSending, setSending] = useState(false);
	/** The order as it was when it was sent: whatever is told of it next is newer. */
	const [sent, setSent] = useState<Order>();

	/** Whether the payment came is not known: the server says how the order stands. */
	const askServer = async () => {
		const { asking } = await untilAnswered(() => naru.orders.get(order.id));
		if (asking === undefined) setSent(undefined);
	};
	const refused = async (error: unknown) => {
		if (error instanceof NaruError && error.code === 'TIMEOUT') return askServer();
		setSent(undefined);
		notifyTicket(error);
	};
	const pay = (methodToken: string) => {
		setSending(true);
		setSent(order);
		event
			.pay(order.id, { methodToken })
			.catch(refused)
			.catch(notifyTicket)
			.finally(() => setSending(false));
	};
	const isAsking = isSending || sent === order || order.asking === true;
	const asked: Payment = isAsking ? 'asking' : 'none';
	return { payment: order.status === 'resolving' ? 'checking' : asked, pay };
}
