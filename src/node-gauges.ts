import type { Presence } from './cluster/presence.ts';
import type { ClusterNode } from './cluster-node.ts';
import type { ActorSystem } from './core/actor-system.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { NodeExchanges } from './node-exchanges.ts';
import type { Metrics } from './ops/metrics.ts';

interface Measured {
	readonly gateway: Gateway;
	readonly actors: ActorSystem;
	readonly presence: Pick<Presence, 'counts' | 'countsEverywhere'>;
	readonly exchanges: NodeExchanges | undefined;
	readonly cluster: ClusterNode | undefined;
}

/** What is read when `/metrics` is; what only several nodes have is 0 on an only one. */
export function addGauges(metrics: Metrics, parts: Measured): void {
	const { gateway, actors, presence, exchanges, cluster } = parts;
	metrics.gauge('sockets', 'Client sockets', () => gateway.connections().sockets);
	metrics.gauge('handles', 'Open handles', () => gateway.connections().handles);
	metrics.gauge(
		'bytes_queued',
		'Bytes that wait for clients',
		() => gateway.connections().bytesQueued,
	);
	metrics.gauge('actors', 'Actors awake here', () => actors.hosts.size);
	metrics.gauge('projector_backlog', 'Events the store lacks', () => actors.projector.backlog);
	metrics.gauge(
		'outbox_oldest_seconds',
		'Age of the oldest domain event of an actor here that has not left; 0: none waits',
		() => {
			const { oldestAt } = actors.publisher ?? {};
			return oldestAt === undefined ? 0 : Math.max(0, Date.now() - oldestAt) / 1_000;
		},
	);
	metrics.gauge(
		'outbox_actors',
		'Actors here with domain events that have not left',
		() => actors.publisher?.waiting ?? 0,
	);
	metrics.gauge('users_present', 'Users online or away', () => presence.counts().users);
	metrics.gauge(
		'users_present_everywhere',
		'Users online or away at any node',
		() => presence.countsEverywhere().users,
	);
	metrics.gauge(
		'presence_nodes_behind',
		'Other nodes whose presence is not known up to now',
		() => exchanges?.presence.figures.behind ?? 0,
	);
	metrics.gauge('mailbox_entries', 'Commands that wait', () => {
		let waiting = 0;
		for (const host of actors.hosts.values()) waiting += host.mailboxLength;
		return waiting;
	});
	addClusterGauges(metrics, cluster);
}

function addClusterGauges(metrics: Metrics, cluster: ClusterNode | undefined): void {
	const links = () => cluster?.links.linkFigures();
	metrics.gauge('nodes', 'Living nodes, this one too', () => cluster?.membership.nodes.size ?? 1);
	metrics.gauge('relay_connected', 'Whether the relay works (always on an only node)', () =>
		cluster === undefined || cluster.relay.connected ? 1 : 0,
	);
	metrics.gauge('link_sessions', 'Sessions with other nodes', () => links()?.sessions ?? 0);
	metrics.gauge(
		'link_bytes_waiting',
		'Bytes that other nodes have not confirmed',
		() => links()?.bytesWaiting ?? 0,
	);
	metrics.gauge('link_resends', 'Packets sent to nodes again', () => links()?.resends ?? 0);
	metrics.gauge('link_downs', 'Sessions with nodes that ended', () => links()?.downs ?? 0);
	metrics.gauge('stores_away', 'Store shards that do not answer', () => cluster?.storesAway() ?? 0);
}
