/** Composition of what nodes tell each other besides actors: who is there, rows, who is awake, revocations. */
import { nodeRuntime } from './adapters/node/node-runtime.ts';
import { RelayAnnouncements } from './cluster/announcements.ts';
import type { Presence } from './cluster/presence.ts';
import { PresenceExchange } from './cluster/presence-exchange.ts';
import { RevocationRelay } from './cluster/revocation-relay.ts';
import { RowRelay } from './cluster/row-relay.ts';
import type { ClusterNode } from './cluster-node.ts';
import type { Log } from './core/log.ts';
import type { ProjectionFeed } from './core/projector.ts';
import type { Revocations } from './gateway/auth/revocations.ts';
import type { KindContract } from './protocol/kind.ts';

export interface ExchangeOptions {
	readonly cluster: ClusterNode;
	/** What this node projects. */
	readonly feed: ProjectionFeed;
	readonly presence: Presence;
	readonly revocations: Revocations;
	readonly contracts: readonly KindContract[];
	readonly log: Log;
}

/** One of several nodes in talk with the others. */
export interface NodeExchanges {
	/** Rows that any node has projected. */
	readonly rows: RowRelay;
	readonly announcements: RelayAnnouncements;
	readonly presence: PresenceExchange;
	/** Ends the talk; nothing is told and heard any more. */
	stop(): void;
}

export function openExchanges(options: ExchangeOptions): NodeExchanges {
	const { cluster, feed, presence, revocations, contracts, log } = options;
	const { id: self, relay, membership, store: reads, subjects } = cluster;
	const runtime = nodeRuntime;
	const kinds = new Set(contracts.filter(({ own }) => own === true).map(({ kind }) => kind));
	const rows = new RowRelay({ self, feed, reads, relay, membership, runtime, log, subjects });
	const announcements = new RelayAnnouncements({ self, relay, runtime, kinds, subjects });
	const exchange = new PresenceExchange({
		presence,
		relay,
		membership,
		runtime,
		subject: `${subjects}.presence`,
	});
	const revoked = new RevocationRelay({
		self,
		revocations,
		relay,
		runtime,
		log,
		subject: `${subjects}.revocations`,
	});
	return {
		rows,
		announcements,
		presence: exchange,
		stop() {
			for (const each of [rows, announcements, exchange, revoked]) each.stop();
		},
	};
}
