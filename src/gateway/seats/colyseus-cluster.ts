import type { Redis } from 'ioredis';
import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import { ListingKeeper, type LivingNodes } from './listing-keeper.ts';
import type { RoomHost, Rooms } from './room-host.ts';
import { SharedListing } from './shared-listing.ts';
import { openSharedPresence, type SharedPresence } from './shared-presence.ts';

/** What Colyseus needs to be one of several. */
export interface ColyseusCluster {
	/** Where rooms are listed, for all nodes. */
	readonly driver: SharedListing;
	readonly presence: SharedPresence;
	/** The rooms of all nodes, given those of this one. */
	everywhere(here: RoomHost): Rooms;
	/** Colyseus runs: this node's rooms may be listed. */
	begin(): void;
	/** Colyseus has ended. */
	close(): Promise<void>;
}

export interface ColyseusClusterOptions {
	/** A connection of its own; it does not queue commands, and puts the prefix before its keys. */
	connect(): Redis;
	/** Begins all keys and channels. */
	readonly prefix: string;
	readonly nodes: LivingNodes;
	readonly everywhere: (here: RoomHost) => Rooms;
	readonly runtime: Pick<Runtime, 'after'>;
	readonly log: Log;
}

/** Opens Colyseus's listing and presence in Redis. Resolves also while Redis is away. */
export async function openColyseusCluster(
	options: ColyseusClusterOptions,
): Promise<ColyseusCluster> {
	const { connect, prefix, nodes, runtime, log } = options;
	const presence = await openSharedPresence(connect(), prefix);
	const redis = connect();
	await redis.connect().catch(() => {});
	const listing = new SharedListing(redis, runtime);
	let keeper: ListingKeeper | undefined;
	return {
		driver: listing,
		presence,
		everywhere: options.everywhere,
		begin() {
			keeper = new ListingKeeper({ listing, presence, nodes, runtime, log });
		},
		async close() {
			await (keeper ?? listing).close();
			presence.end();
		},
	};
}
