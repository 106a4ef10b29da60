import { useEffect, useRef, useState } from 'preact/hooks';
import type { Order, Ticket } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { language, texts } from '../language.ts';
import { say } from '../page/notify.tsx';
import { moneyText } from './money.ts';
import { notifyTicket } from './ticket-notices.ts';

const AGAIN_MS = 500;
/** Looks while the money is on its way; then it goes on without being watched. */
const LOOKS_MAX = 60;

/** Gives tickets back, and follows the money until it is there. */
export function useRefund(orderId: string, reload: () => Promise<readonly Ticket[]>) {
	const { naru } = useClient();
	/** Tickets on their way back. */
	const [pending, setPending] = useState<ReadonlySet<string>>(new Set());
	const isGone = useRef(false);
	useEffect(
		() => () => {
			isGone.current = true;
		},
		[],
	);

	/** Until more has come back than before, or the tickets are gone. */
	const follow = async (before: Order, gone: readonly Ticket[]) => {
		for (let looks = 0; looks < LOOKS_MAX && !isGone.current; looks++) {
			const order = await naru.orders.get(orderId);
			if (order.refunded > before.refunded) {
				say(
					texts.tickets.refundDone(
						moneyText(language, order.refunded - before.refunded, order.currency),
					),
				);
				const left = await reload();
				if (!left.some(({ id }) => gone.some((ticket) => ticket.id === id))) return;
			}
			await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
		}
	};

	const refund = async (gone: readonly Ticket[], isAll: boolean) => {
		const ids = gone.map(({ id }) => id);
		setPending((now) => new Set([...now, ...ids]));
		try {
			const before = await naru.orders.get(orderId);
			const seats = gone.flatMap(({ seatId }) => seatId ?? []);
			await naru.orders.refund(orderId, isAll ? {} : { seats });
			await follow(before, gone);
		} catch (error) {
			notifyTicket(error);
		}
		if (!isGone.current) setPending((now) => new Set([...now].filter((id) => !ids.includes(id))));
	};
	return { pending, refund };
}
