import type { ActorPort } from '../core/actor-port.ts';
import type { Log } from '../core/log.ts';
import type { Series } from '../core/meter.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Reads } from '../core/store.ts';
import type { Service } from '../gateway/ports.ts';
import { EventFeeds } from './event-feeds.ts';
import { lobbySeries } from './lobby-series.ts';
import { lobbyService } from './lobby-service.ts';
import { TicketSeatMaps } from './seat-maps.ts';
import type { Tier } from './ticket-tiers.ts';
import { type TicketsService, ticketsService } from './tickets-service.ts';

export interface TicketsOptions {
	/** Events, wherever they live. */
	readonly actors: ActorPort;
	readonly store: Reads;
	/** What this node's actors project. */
	readonly feed: { settle(): Promise<void> };
	readonly runtime: Runtime;
	readonly log: Log;
	/** This node's name. */
	readonly node: string;
	/** How often whom a tick is told; the defaults of T4 when absent. */
	readonly tiers?: readonly Tier[];
}

export interface Tickets {
	/** `ticket-lobby/<event>` and `tickets/me`. */
	readonly services: readonly Service[];
	/** The latter, whose list of events REST serves too. */
	readonly tickets: TicketsService;
	/** For the room class: `ticketSeatsRoom(seatMaps)`. */
	readonly seatMaps: TicketSeatMaps;
	/** What is measured here of those who wait. */
	readonly series: readonly Series[];
}

/** Tickets at the edge: who waits on this node, and what they are told. Ends with its handles. */
export function openTickets(options: TicketsOptions): Tickets {
	const { actors, store, feed, runtime, log, node, tiers } = options;
	const feeds = new EventFeeds({ actors, runtime, node });
	const tally = { waiting: 0, ticks: 0 };
	const tickets = ticketsService({ actors, reads: store, settle: () => feed.settle() });
	return {
		services: [lobbyService({ feeds, runtime, log, tally, tiers }), tickets],
		tickets,
		seatMaps: new TicketSeatMaps({ feeds, runtime, node }),
		series: lobbySeries(feeds, tally),
	};
}
