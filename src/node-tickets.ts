/** Composition of ticket events: their actors, payments, and what buyers meet. */
import { PAYMENT_PORT, type PaymentCaller } from '../actors/ticket-event/payment-port.ts';
import { ticketEventKind } from '../actors/ticket-event/ticket-event-kind.ts';
import { ticketSeatsRoom } from '../rooms/ticket-seats-room.ts';
import { httpPaymentCaller } from './adapters/http/payment-caller.ts';
import type { ActorKind } from './core/actor-kind.ts';
import type { Series } from './core/meter.ts';
import { defineSeat } from './gateway/seats/seat-definition.ts';
import type { Feature, FeatureGround } from './node-features.ts';
import { ticketSeatsContract } from './protocol/ticket-lobby.ts';
import { openTickets } from './tickets/open-tickets.ts';
import { paymentErrands } from './tickets/payment-errands.ts';
import { SaleWatch } from './tickets/sale-watch.ts';

/** Where nobody takes payments, nothing ever leaves. */
const NOBODY: PaymentCaller = () => Promise.resolve({ outcome: 'unsent' });

function paymentCaller({ config, log }: FeatureGround): PaymentCaller {
	const { paymentUrl: baseUrl } = config.outside;
	return baseUrl === undefined ? NOBODY : httpPaymentCaller({ baseUrl, log });
}

const seriesOf = (watch: SaleWatch): readonly Series[] => [
	{
		name: 'ticket_sales_differing',
		help: 'Ticket sales whose stock history differs from what they sold',
		labels: [],
		read: () => [[watch.differing]],
	},
	{
		name: 'ticket_payments_stuck',
		help: 'Orders with a payment that needs a person, in sales that are awake here',
		labels: [],
		read: () => [[watch.stuck]],
	},
];

/** Ticket events (T1–T18). */
export const ticketFeature = (): Feature => ({
	kinds: [ticketEventKind as unknown as ActorKind],
	collections: [],
	prepare(ground) {
		const { journal, store, runtime, log, node } = ground;
		const call = paymentCaller(ground);
		return {
			intents: { [PAYMENT_PORT]: paymentErrands({ journal, call }) },
			open({ actors, feed, awake }) {
				const opened = openTickets({ actors, store, feed, runtime, log, node });
				const { services, seatMaps, tickets, series } = opened;
				const watch = new SaleWatch({ actors, awake, runtime, log, node });
				const room = ticketSeatsRoom(seatMaps);
				return {
					services,
					seats: [defineSeat({ contract: ticketSeatsContract, room })],
					rest: { ticketEvents: (query) => tickets.events(query) },
					series: [...series, ...seriesOf(watch)],
					close: () => watch.stop(),
				};
			},
		};
	},
});
