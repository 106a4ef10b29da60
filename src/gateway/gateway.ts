import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ActorPort } from '../core/actor-port.ts';
import type { Log } from '../core/log.ts';
import type { Meter } from '../core/meter.ts';
import type { Runtime } from '../core/runtime.ts';
import { untilTick } from '../core/ticks.ts';
import { CLOSE, type CloseName } from '../protocol/errors.ts';
import { MESSAGE_BYTES_MAX } from '../protocol/frames.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';
import { ClientConnection } from './client-connection.ts';
import { attachSocket, ClientSocket } from './client-socket.ts';
import { Connections } from './connections.ts';
import { Flusher } from './flusher.ts';
import type { GatewayContext } from './gateway-context.ts';
import { GATEWAY_LIMITS, type GatewayLimits } from './gateway-limits.ts';
import type {
	Announcements,
	Authenticator,
	ConnectionListener,
	SeatHost,
	Service,
} from './ports.ts';
import { SeatGroups } from './seat-groups.ts';
import { ServiceGroups } from './service-groups.ts';
import { SocketAdmission } from './socket-admission.ts';
import {
	type SocketDetails,
	type SocketPage,
	type SocketQuery,
	socketDetails,
} from './socket-figures.ts';
import { Streams } from './streams.ts';
import { sweepConnection } from './sweep.ts';

/** What the gateway is put together from. */
export interface GatewayOptions {
	/** Name of this node, as told to clients. */
	readonly node: string;
	readonly authenticator: Authenticator;
	readonly actors: ActorPort;
	/** Where there are other nodes on which actors come alive. */
	readonly announcements?: Announcements | undefined;
	/** Contracts of the kinds with style `stream`. */
	readonly contracts: readonly KindContract[];
	readonly services?: readonly Service[];
	readonly seats?: SeatHost | undefined;
	readonly listeners?: readonly ConnectionListener[];
	/** Whether a page of this origin may connect; clients that are no browsers send none. */
	readonly originAllowed: (origin: string | undefined) => boolean;
	/** Where a request comes from, for the limit per address; the peer's address when absent. */
	readonly addressOf?: (request: IncomingMessage) => string;
	/** Default `/naru`. */
	readonly path?: string;
	readonly runtime: Runtime;
	readonly log: Log;
	readonly meter: Meter;
	readonly limits?: Partial<GatewayLimits>;
	/** Where sockets of other paths count too; by default this gateway's only. */
	readonly admission?: SocketAdmission;
}

export interface GatewayFigures {
	readonly sockets: number;
	readonly handles: number;
	readonly streams: number;
	/** Bytes that wait for readers. */
	readonly bytesQueued: number;
}

export interface DrainOptions {
	/** `drain`: come back elsewhere; `goingAway`: the server stops. */
	readonly reason: 'drain' | 'goingAway';
	/** The sockets are closed spread over this time. */
	readonly withinMs: number;
}

/** One WebSocket per client, many features over it. */
export interface Gateway {
	/** Takes an upgrade request; the caller has checked that the path is ours. */
	handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
	/** Takes a socket whose handshake is over. */
	accept(socket: ClientSocket, address: string): void;
	/** Takes the upgrade requests of a server that are for our path; answers how to stop. */
	attach(server: Server): () => void;
	/** The actor has come alive: handles that wait for its first event open now. */
	announce(key: ActorKey): void;
	/** Lets data of a kind, or of one actor (`kind/id`), wait to share writes; 0 ends it. */
	setFlushWindow(name: string, windowMs: number): void;
	connections(): GatewayFigures;
	/** Client sockets by their ids. */
	sockets(query: SocketQuery): SocketPage;
	/** One client socket with its handles. */
	socket(id: string): SocketDetails | undefined;
	/** Takes no more sockets, closes those there are in batches with jitter, and ends all subscriptions. */
	close(options?: Partial<DrainOptions>): Promise<void>;
}

const SWEEP_MS = 1_000;
/** How long a client has to answer a close before its socket is cut. */
const CLOSE_MS = 3_000;
const DRAIN_STEPS = 20;

/** Puts a gateway together. It serves when upgrades are handed to it. */
export const createGateway = (options: GatewayOptions): Gateway => new SocketGateway(options);

class SocketGateway implements Gateway {
	readonly #options: GatewayOptions;
	readonly #context: GatewayContext;
	readonly #connections: Connections;
	readonly #server: InstanceType<typeof WebSocketServer>;
	readonly #stopListening: () => void;
	#cancelSweep = () => {};
	#isClosing = false;

	constructor(options: GatewayOptions) {
		this.#options = options;
		this.#context = createContext(options);
		const { limits } = this.#context;
		const { admission = new SocketAdmission(limits) } = options;
		this.#connections = new Connections(limits, admission);
		const settings = {
			noServer: true,
			WebSocket: ClientSocket,
			clientTracking: false,
			perMessageDeflate: false,
			maxPayload: MESSAGE_BYTES_MAX,
			closeTimeout: CLOSE_MS,
		};
		this.#server = new WebSocketServer(settings);
		this.#stopListening = options.authenticator.onRevoked((revoked) =>
			this.#connections.revoke(revoked),
		);
		this.#sweepLater();
	}

	handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
		const { addressOf, originAllowed } = this.#options;
		const address = addressOf?.(request) ?? request.socket.remoteAddress ?? '';
		const refused = this.#refusalOf(address, originAllowed(request.headers.origin));
		this.#server.handleUpgrade(request, socket, head, (accepted: WebSocket) => {
			const client = accepted as ClientSocket;
			// A browser learns why only from a close code, so the handshake is finished for it.
			if (refused !== undefined) return refuse(client, refused);
			this.accept(client, address);
		});
	}

	accept(socket: ClientSocket, address: string): void {
		const connection = new ClientConnection(this.#context, this.#connections, { socket, address });
		this.#connections.add(connection);
		attachSocket(socket, connection);
	}

	attach(server: Server): () => void {
		const path = this.#options.path ?? '/naru';
		const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
			if (request.url?.split('?', 1)[0] === path) this.handleUpgrade(request, socket, head);
		};
		server.on('upgrade', onUpgrade);
		return () => server.off('upgrade', onUpgrade);
	}

	announce(key: ActorKey): void {
		this.#context.streams.find(key)?.announced();
	}

	setFlushWindow(name: string, windowMs: number): void {
		this.#context.streams.setFlushWindow(name, windowMs);
	}

	connections(): GatewayFigures {
		let handles = 0;
		let bytesQueued = 0;
		for (const connection of this.#connections.all) {
			handles += connection.handles.size;
			bytesQueued += connection.writer.queuedBytes + connection.writer.heldBytes;
		}
		const sockets = this.#connections.all.size;
		return { sockets, handles, streams: this.#context.streams.size, bytesQueued };
	}

	sockets(query: SocketQuery): SocketPage {
		return this.#connections.page(query);
	}

	socket(id: string): SocketDetails | undefined {
		const connection = this.#connections.get(id);
		return connection && socketDetails(connection);
	}

	async close({ reason = 'goingAway', withinMs = 0 }: Partial<DrainOptions> = {}): Promise<void> {
		if (this.#isClosing) return;
		this.#isClosing = true;
		this.#stopListening();
		const { runtime } = this.#context;
		const waiting = [...this.#connections.all].map((connection) => ({
			connection,
			at: runtime.random() * withinMs,
		}));
		waiting.sort((one, other) => one.at - other.at);
		for (let step = 1; step <= DRAIN_STEPS && waiting.length > 0; step++) {
			const until = (withinMs * step) / DRAIN_STEPS;
			while (waiting[0] !== undefined && waiting[0].at <= until) {
				waiting.shift()?.connection.close(reason);
			}
			if (waiting.length > 0) await this.#pause(withinMs / DRAIN_STEPS);
		}
		this.#cancelSweep();
		this.#context.streams.dropAll();
		this.#server.close();
	}

	#pause(ms: number): Promise<void> {
		return new Promise((resolve) => this.#context.runtime.after(ms, resolve));
	}

	#refusalOf(address: string, isOriginAllowed: boolean): CloseName | undefined {
		if (!isOriginAllowed) return 'origin';
		if (this.#isClosing) return 'drain';
		const now = this.#context.runtime.monotonic();
		return this.#connections.admission.admitsAddress(address, now) ? undefined : 'tooMany';
	}

	#sweepLater(): void {
		const { behind, streams, runtime } = this.#context;
		this.#cancelSweep = runtime.after(untilTick(runtime, SWEEP_MS), () => {
			for (const connection of this.#connections.all) sweepConnection(connection, this.#context);
			for (const handle of [...behind]) handle.catchUp();
			streams.sweep(runtime.monotonic());
			this.#sweepLater();
		});
	}
}

function refuse(socket: ClientSocket, name: CloseName): void {
	socket.on('error', () => {});
	socket.close(CLOSE[name].code, CLOSE[name].says);
}

function createContext(options: GatewayOptions): GatewayContext {
	const { runtime, meter, contracts, services = [], listeners = [] } = options;
	const limits = { ...GATEWAY_LIMITS, ...options.limits };
	let down = 0;
	const nextDown = () => ++down;
	const context: GatewayContext = {
		node: options.node,
		authenticator: options.authenticator,
		actors: options.actors,
		announcements: options.announcements,
		services: new Map(services.map((service) => [service.contract.kind, service])),
		serviceGroups: new ServiceGroups(nextDown),
		behind: new Set(),
		seats: options.seats,
		seatGroups: new SeatGroups(nextDown, (run) => runtime.defer(run)),
		contracts: new Map(contracts.map((contract) => [contract.kind, contract])),
		get streams() {
			return streams;
		},
		flusher: new Flusher({ runtime, meter, sliceLength: limits.flushSliceLength }),
		listeners,
		limits,
		runtime,
		log: options.log,
		meter,
		nextDown,
	};
	const streams = new Streams(context);
	return context;
}
