/** How a node ends, whether or not its store answers. */
import { nodeRuntime } from './adapters/node/node-runtime.ts';
import type { ClusterNode } from './cluster-node.ts';
import type { Unwritten } from './core/unwritten.ts';
import type { Parts } from './node-parts.ts';

/** Sockets are closed spread over this time, so that clients do not all come back at once. */
const CLOSE_SOCKETS_MS = 500;
const DRAIN_SOCKETS_MS = 2_000;
/** A load balancer may need this long to notice that a node is not ready any more. */
const DRAIN_NOTICE_MS = 1_500;
/** A store that has not answered for so long is not waited for. */
const STORE_WAIT_MS = 5_000;
const STORE_LOOK_MS = 250;

/**
 * One of several nodes gives its actors away first, then its clients. An only node ends its clients
 * first, so that nothing new comes; then what is decided lands. The storage is closed last. Answers what
 * could not be written, as a store does not answer.
 */
export async function closeParts(parts: Parts): Promise<Unwritten> {
	const { cluster } = parts;
	const stopped = cluster === undefined ? 0 : await handOver(cluster);
	const isOnly = cluster === undefined;
	await parts.gateway.close({
		reason: isOnly ? 'goingAway' : 'drain',
		withinMs: isOnly ? CLOSE_SOCKETS_MS : DRAIN_SOCKETS_MS,
	});
	parts.channels.close();
	parts.auth.close();
	await parts.added.close();
	const store = whenStoreIsGone(cluster);
	const { actors, events } = await parts.actors.close(store.gone);
	store.stop();
	// Before presence forgets who was here: they may be on their way to other nodes.
	parts.exchanges?.stop();
	parts.presence.stop();
	await parts.colyseus.close();
	await cluster?.leave();
	parts.load.close();
	parts.metrics.close();
	await parts.storage.close();
	return { actors: actors + stopped, events };
}

/** Answers how many actors were stopped instead, for their last commits did not land. */
async function handOver(cluster: ClusterNode): Promise<number> {
	const noticed = new Promise<void>((resolve) => nodeRuntime.after(DRAIN_NOTICE_MS, resolve));
	const [stopped] = await Promise.all([cluster.handOver(), noticed]);
	return stopped;
}

/** `gone` resolves when a store has not answered for too long; a store of this machine never is. */
function whenStoreIsGone(cluster: ClusterNode | undefined) {
	const { promise: gone, resolve } = Promise.withResolvers<void>();
	let stop = () => {};
	const look = () => {
		if (cluster === undefined) return;
		if (cluster.storesAwayMs() >= STORE_WAIT_MS) resolve();
		else stop = nodeRuntime.after(STORE_LOOK_MS, look);
	};
	look();
	return { gone, stop: () => stop() };
}
