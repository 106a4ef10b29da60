import type { ActorPort } from '../core/actor-port.ts';
import type { Log } from '../core/log.ts';
import type { Meter } from '../core/meter.ts';
import type { Runtime } from '../core/runtime.ts';
import type { KindContract } from '../protocol/kind.ts';
import type { Flusher } from './flusher.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type {
	Announcements,
	Authenticator,
	ConnectionListener,
	SeatHost,
	Service,
} from './ports.ts';
import type { SeatGroups } from './seat-groups.ts';
import type { ServiceGroups } from './service-groups.ts';
import type { ServiceHandle } from './service-handle.ts';
import type { Streams } from './streams.ts';

/** What the parts of one gateway share. */
export interface GatewayContext {
	/** Name of this node, as told to clients. */
	readonly node: string;
	readonly authenticator: Authenticator;
	readonly actors: ActorPort;
	/** Absent where this is the only node. */
	readonly announcements?: Announcements | undefined;
	readonly services: ReadonlyMap<string, Service>;
	readonly serviceGroups: ServiceGroups;
	/** Handles of services that missed something, until their readers are there again. */
	readonly behind: Set<ServiceHandle>;
	readonly seats: SeatHost | undefined;
	readonly seatGroups: SeatGroups;
	/** Contracts of the stream kinds by name. */
	readonly contracts: ReadonlyMap<string, KindContract>;
	readonly streams: Streams;
	readonly flusher: Flusher;
	readonly listeners: readonly ConnectionListener[];
	readonly limits: GatewayLimits;
	readonly runtime: Runtime;
	readonly log: Log;
	readonly meter: Meter;
	/** A downstream id that no other stream or handle of this edge has. */
	nextDown(): number;
}
