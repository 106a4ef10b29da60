import { useEffect, useRef, useState } from 'preact/hooks';
import type { Order, TicketEvent } from '../../../client-sdk/src/index.ts';
import { notifyTicket } from './ticket-notices.ts';

/** Whether a payment of this order is on its way: kept, for the order says `paying` before it, too. */
const KEY = 'naru-demo/asked-to-pay';
/** What was asked for before a reload and never reached the server may be asked for again. */
const FORGOTTEN_MS = 20_000;

/** What is under way with an order: nothing, a bank is asked, or its answer is in doubt. */
export type Payment = 'none' | 'asking' | 'checking';

interface Kept {
	readonly orderId: string;
	/** By this device's clock. */
	readonly at: number;
}

function kept(orderId: string): Kept | undefined {
	try {
		const noted = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Kept | null;
		return noted?.orderId === orderId ? noted : undefined;
	} catch {
		return undefined;
	}
}

/** How the payment of an order stands, also after a reload, and what begins one. */
export function usePayment(event: TicketEvent, order: Order) {
	const { id, status } = order;
	const [asked, setAsked] = useState(() => kept(id));
	/** Whether the order has taken the payment up: until then it is as the last attempt left it. */
	const isTakenUp = useRef(true);
	if (status === 'paying') isTakenUp.current = true;
	const forget = () => {
		sessionStorage.removeItem(KEY);
		setAsked(undefined);
	};
	useEffect(() => {
		if (asked === undefined) return;
		if (status !== 'paying' && isTakenUp.current) {
			forget();
			return;
		}
		const timer = setTimeout(forget, Math.max(0, asked.at + FORGOTTEN_MS - Date.now()));
		return () => clearTimeout(timer);
	}, [asked, status]);

	const pay = (methodToken: string) => {
		const note = { orderId: id, at: Date.now() };
		sessionStorage.setItem(KEY, JSON.stringify(note));
		isTakenUp.current = status === 'paying';
		setAsked(note);
		event.pay(id, { methodToken }).catch((error) => {
			// Whether it came is not known: the server says how the order stands.
			if ((error as { code?: string }).code !== 'TIMEOUT') forget();
			notifyTicket(error);
		});
	};
	const payment: Payment = status === 'resolving' ? 'checking' : asked ? 'asking' : 'none';
	return { payment, pay };
}
