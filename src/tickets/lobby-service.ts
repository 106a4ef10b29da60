import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Service, ServiceSession } from '../gateway/ports.ts';
import { ticketLobbyContract } from '../protocol/ticket-lobby.ts';
import type { EventFeeds } from './event-feeds.ts';
import { Lobby } from './lobby.ts';
import type { LobbyTally } from './lobby-series.ts';
import { TIERS, type Tier } from './ticket-tiers.ts';

const FULL_RETRY_MS = 5_000;

export interface LobbyServiceOptions {
	readonly feeds: EventFeeds;
	readonly runtime: Pick<Runtime, 'after' | 'defer' | 'monotonic' | 'now'>;
	readonly log: Log;
	readonly tally: LobbyTally;
	/** How often whom a tick is told. */
	readonly tiers?: readonly Tier[] | undefined;
}

/** Serves `ticket-lobby/<event>`: one lobby per event, from its first handle to its last. */
export function lobbyService(options: LobbyServiceOptions): Service {
	const { feeds, runtime, log, tally, tiers = TIERS } = options;
	const lobbies = new Map<string, Lobby>();
	return {
		contract: ticketLobbyContract,
		anyId: true,
		open(connection, tell, eventId) {
			let lobby = lobbies.get(eventId);
			// Who was refused may still be on the way out, and others come: those get another chance.
			if (lobby === undefined || lobby.feed.isOver) {
				const feed = feeds.of(eventId);
				if (feed === undefined) return FULL;
				const made: Lobby = new Lobby({
					...{ feed, runtime, log, tally, tiers },
					ended: () => {
						if (lobbies.get(eventId) === made) lobbies.delete(eventId);
					},
				});
				lobby = made;
				lobbies.set(eventId, made);
			}
			return lobby.open(connection, tell);
		},
	};
}

/** Too many events are open on this node. */
const FULL: ServiceSession = {
	view: Promise.resolve({ ok: false, code: 'BUSY', retryAfterMs: FULL_RETRY_MS }),
	command: () => Promise.resolve({ ok: false, code: 'NOT_OPEN' }),
	close: () => {},
};
