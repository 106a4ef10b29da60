/** Composition of ticket events: their actors, payments, and what buyers meet. */
import {
	PAYMENT_PORT,
	type PaymentCall,
	type PaymentCaller,
} from '../actors/ticket-event/payment-port.ts';
import { ticketEventKind } from '../actors/ticket-event/ticket-event-kind.ts';
import { ticketSeatsRoom } from '../rooms/ticket-seats-room.ts';
import { httpPaymentCaller } from './adapters/http/payment-caller.ts';
import type { ActorKind } from './core/actor-kind.ts';
import { defineSeat } from './gateway/seats/seat-definition.ts';
import type { Feature, FeatureGround } from './node-features.ts';
import { ticketSeatsContract } from './protocol/ticket-lobby.ts';
import { openTickets } from './tickets/open-tickets.ts';

/** Where nobody takes payments, nothing ever leaves. */
const NOBODY: PaymentCaller = () => Promise.resolve({ outcome: 'unsent' });

function paymentCaller({ config, log }: FeatureGround): PaymentCaller {
	const { paymentUrl: baseUrl } = config.outside;
	return baseUrl === undefined ? NOBODY : httpPaymentCaller({ baseUrl, log });
}

/** Ticket events (T1–T18). */
export const ticketFeature = (): Feature => ({
	kinds: [ticketEventKind as unknown as ActorKind],
	collections: [],
	prepare(ground) {
		const { store, runtime, log, node } = ground;
		const call = paymentCaller(ground);
		return {
			intents: { [PAYMENT_PORT]: (_id, args) => call(args as PaymentCall) },
			open({ actors, feed }) {
				const opened = openTickets({ actors, store, feed, runtime, log, node });
				const { services, seatMaps, tickets } = opened;
				const room = ticketSeatsRoom(seatMaps);
				return {
					services,
					seats: [defineSeat({ contract: ticketSeatsContract, room })],
					rest: { ticketEvents: (query) => tickets.events(query) },
					close: () => {},
				};
			},
		};
	},
});
