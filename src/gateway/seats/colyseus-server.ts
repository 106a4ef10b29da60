import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { ErrorCode, LocalPresence, matchMaker, Server, ServerError } from '@colyseus/core';
import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { Authenticator } from '../ports.ts';
import type { RequestLimits } from '../request-limits.ts';
import { ActorRooms } from './actor-rooms.ts';
import type { ColyseusCluster } from './colyseus-cluster.ts';
import { guardRoom, keepMonitorOut, type RoomClass } from './colyseus-internals.ts';
import { colyseusLog } from './colyseus-log.ts';
import { authOf, ColyseusSeats } from './colyseus-seats.ts';
import { LiveRooms } from './live-rooms.ts';
import { type MatchmakeRoute, matchmakeRoute } from './matchmake-route.ts';
import { OwnListing } from './own-listing.ts';
import type { Rooms } from './room-host.ts';
import { type RoomDefinitions, roomClass } from './seat-definition.ts';
import { isStockUpgrade, type SocketDoor, StockTransport } from './stock-transport.ts';

/** A room whose `onLeave` or `onDispose` does not end may hold the stop up for this long. */
const CLOSE_WAIT_MAX_MS = 5_000;
/** Rooms of actors show figures of all members: only operators look on. */
const ACTOR_ROOM_ROLES = ['ops'];

export interface ColyseusOptions {
	/** Stock clients' upgrades are taken from it; its requests are not touched. */
	readonly server: HttpServer;
	readonly rooms: RoomDefinitions;
	readonly authenticator: Authenticator;
	/** Who may come, and how often. */
	readonly door: SocketDoor & { readonly limits: RequestLimits };
	readonly runtime: Pick<Runtime, 'after' | 'monotonic'>;
	readonly log: Log;
	/** The gateway's own WebSocket path. */
	readonly socketPath?: string;
	/** What makes this node one of several; ended with it. */
	readonly cluster?: ColyseusCluster | undefined;
}

export interface Colyseus {
	/** Seats in the rooms of all nodes. */
	readonly seats: Rooms;
	readonly actorRooms: ActorRooms;
	/** Call it first for every request: it answers `/matchmake/…` and leaves the rest alone. */
	readonly handle: MatchmakeRoute;
	/** Colyseus's own server object, for its monitor and its testing tools. */
	readonly colyseus: Server;
	/** Ends all rooms, then all stock sockets. Neither stops the HTTP server nor the process. */
	close(): Promise<void>;
}

let isRunning = false;

/**
 * Starts Colyseus inside this process, beside the gateway: rooms for our seats, and for stock
 * clients over their own sockets. Its matchmaker is one per process; a second start throws.
 */
export async function startColyseus(options: ColyseusOptions): Promise<Colyseus> {
	const { authenticator, cluster, door, rooms, runtime, log } = options;
	if (isRunning) throw new Error('Colyseus runs in this process already');
	const classes = guardRooms(options);
	isRunning = true;
	keepMonitorOut();
	const elsewhere = cluster && (() => seats);
	const transport = new StockTransport({ authenticator, door, runtime, elsewhere });
	const colyseus = new Server({
		transport,
		driver: cluster?.driver ?? new OwnListing(),
		presence: cluster?.presence ?? new LocalPresence(),
		gracefullyShutdown: false,
		greet: false,
		logger: colyseusLog(log),
	});
	// Who is gone is known from the leases, and its rows are removed by those who live.
	matchMaker.setHealthChecksEnabled(false);
	for (const [name, room] of classes) matchMaker.defineRoomType(name, room);
	await matchMaker.accept();
	cluster?.begin();
	const detach = takeUpgrades(options, transport);
	const forgetRevoked = authenticator.onRevoked((revoked) => transport.revoke(revoked));
	const live = new LiveRooms();
	const here = new ColyseusSeats(
		[
			...rooms.seats.map(({ contract, roles }) => ({ kind: contract.kind, contract, roles })),
			...rooms.actorRooms.map(({ kind }) => ({ kind, roles: ACTOR_ROOM_ROLES })),
		],
		live,
		log,
	);
	const seats = cluster?.everywhere(here) ?? here;
	const kinds = rooms.actorRooms.map(({ kind }) => kind);
	return {
		seats,
		actorRooms: new ActorRooms(kinds, live, { runtime, log }),
		handle: matchmakeRoute({ rooms: seats, authenticator, ...door }),
		colyseus,
		async close() {
			detach();
			forgetRevoked();
			await shutDown(colyseus, log);
			await cluster?.close();
			isRunning = false;
		},
	};
}

/** Room classes by name as they run here; throws when one is none. */
function guardRooms({ rooms, authenticator, log }: ColyseusOptions): Map<string, RoomClass> {
	const authenticate = async (token: string | undefined) => {
		const verified = await authenticator.verify(token ?? '');
		if (verified.ok) return authOf(verified.identity);
		throw new ServerError(ErrorCode.AUTH_FAILED, verified.message ?? 'no valid token');
	};
	const all = [
		...rooms.seats.map(({ contract, room }) => ({ name: contract.kind, room })),
		...rooms.actorRooms.map(({ kind, room }) => ({ name: kind, room })),
	];
	return new Map(
		all.map(({ name, room }) => [name, guardRoom(roomClass(room, name), { log, authenticate })]),
	);
}

/** Gives stock clients' upgrades to Colyseus and refuses those that are nobody's. */
function takeUpgrades(options: ColyseusOptions, transport: StockTransport): () => void {
	const { server, socketPath = '/naru' } = options;
	const isOurs = (url: string) => url.split('?', 1)[0] === socketPath;
	const isStock = (url: string) => !isOurs(url) && isStockUpgrade(url);
	const refuse = (request: IncomingMessage, socket: Duplex) => {
		const url = request.url ?? '';
		if (isOurs(url) || isStock(url)) return;
		socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
	};
	const others = new Set(server.listeners('upgrade'));
	transport.attachToServer(server, { filter: (request) => isStock(request.url ?? '') });
	server.on('upgrade', refuse);
	const added = server.listeners('upgrade').filter((listener) => !others.has(listener));
	return () => {
		for (const listener of added) server.removeListener('upgrade', listener as () => void);
	};
}

async function shutDown(colyseus: Server, log: Log): Promise<void> {
	const timeout = Promise.withResolvers<'late'>();
	const timer = setTimeout(() => timeout.resolve('late'), CLOSE_WAIT_MAX_MS);
	const ended = await Promise.race([colyseus.gracefullyShutdown(false), timeout.promise]);
	clearTimeout(timer);
	if (ended === 'late') log.warn({ waitedMs: CLOSE_WAIT_MAX_MS }, 'rooms did not end in time');
}
