import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Room as SdkRoom } from '@colyseus/sdk';
import { afterAll } from 'vitest';
import { type Log, SILENT } from '../../../src/core/log.ts';
import { GATEWAY_LIMITS } from '../../../src/gateway/gateway-limits.ts';
import type {
	Authenticator,
	Identity,
	Revoked,
	Seat,
	SeatHost,
} from '../../../src/gateway/ports.ts';
import { REQUEST_RATES, RequestLimits } from '../../../src/gateway/request-limits.ts';
import type { SeatView } from '../../../src/gateway/seats/colyseus-seats.ts';
import { startColyseus } from '../../../src/gateway/seats/colyseus-server.ts';
import type {
	ActorRoomDefinition,
	SeatDefinition,
} from '../../../src/gateway/seats/seat-definition.ts';
import { SocketAdmission } from '../../../src/gateway/socket-admission.ts';
import type { ErrorCode } from '../../../src/protocol/errors.ts';

/** `ann` is a user, `ann.ops` one with a role more. */
export function identityOf(token: string): Identity {
	const [userId = '', ...roles] = token.split('.');
	return { userId, roles: ['user', ...roles], name: userId.toUpperCase() };
}

/** Takes names for tokens. */
class NamesAsTokens implements Authenticator {
	readonly #listeners = new Set<(revoked: Revoked) => void>();
	readonly #revoked = new Set<string>();

	async verify(token: string) {
		const identity = identityOf(token);
		if (/^\w+(\.\w+)*$/.test(token) && !this.#revoked.has(identity.userId)) {
			return { ok: true as const, identity };
		}
		return { ok: false as const, code: 'UNAUTHORIZED' as const };
	}

	onRevoked(listener: (revoked: Revoked) => void) {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	revoke(userId: string): void {
		this.#revoked.add(userId);
		for (const listener of this.#listeners) listener({ userId, at: 1 });
	}
}

export interface Logged {
	readonly level: keyof Log;
	readonly message: string;
	readonly fields: object;
}

function recordingLog(lines: Logged[]): Log {
	const record = (level: keyof Log) => (fields: object, message: string) => {
		lines.push({ level, message, fields });
	};
	return { ...SILENT, info: record('info'), warn: record('warn'), error: record('error') };
}

/** Steps of time by hand, for what is done once a second. */
class HandClock {
	readonly #waiting: (() => void)[] = [];
	readonly monotonic = () => 0;
	readonly after = (_ms: number, run: () => void) => {
		this.#waiting.push(run);
		return () => {};
	};
	pass(): void {
		for (const run of this.#waiting.splice(0)) run();
	}
}

/** A client that names none comes from `here`. */
const addressOf = ({ headers }: { headers: object }): string =>
	(headers as Record<string, string | undefined>)['x-from'] ?? 'here';

/** No user of these tests needs more, and one that does more is refused. */
const rates = { ...REQUEST_RATES, perUserMax: 3 };

/** Sockets that one user, and one address, may have. */
export const SOCKETS_MAX = {
	socketsPerUserMax: 6,
	socketsPerAddressMax: 12,
	connectsPerAddressBurstMax: 100,
};
export const OWN_PAGE = 'https://chat.example';

/** Colyseus with these rooms on a free loopback port, ended after the file. */
export async function startSeats(
	seats: readonly SeatDefinition[],
	actorRooms: readonly ActorRoomDefinition[] = [],
) {
	const logged: Logged[] = [];
	const authenticator = new NamesAsTokens();
	const clock = new HandClock();
	const server = createServer((request, response) => {
		if (!colyseus.handle(request, response)) response.writeHead(404).end('ours');
	});
	const colyseus = await startColyseus({
		server,
		rooms: { seats, actorRooms },
		authenticator,
		door: {
			limits: new RequestLimits({ rates, addressOf, runtime: clock }),
			originAllowed: (origin) => origin === undefined || origin === OWN_PAGE,
			addressOf,
			admission: new SocketAdmission({ ...GATEWAY_LIMITS, ...SOCKETS_MAX }),
		},
		runtime: clock,
		log: recordingLog(logged),
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	const stop = async () => {
		await colyseus.close();
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	};
	afterAll(async () => {
		if (server.listening) await stop();
	});
	return { ...colyseus, authenticator, server, port, logged, clock, stop };
}

/** Resolves when `check` holds; state changes are awaited, time is not. */
export async function until(check: () => boolean): Promise<void> {
	while (!check()) await new Promise((resolve) => setImmediate(resolve));
}

interface PlayerOptions {
	readonly token: string;
	readonly kind: string;
	readonly id: string;
	readonly args?: unknown;
	readonly reconnectionToken?: string;
	/** The SDK's room of an earlier seat, which goes on. */
	readonly room?: SdkRoom;
	readonly onMessage?: (type: string | number, message: unknown) => void;
}

/** The JOIN_ROOM frame without the state's description, for a room that has it. */
function withoutHandshake(join: Uint8Array): Uint8Array {
	const token = 2 + (join[1] ?? 0);
	const serializer = token + 1 + (join[token] ?? 0);
	const short = join.slice(0, serializer + 1);
	short[serializer] = 0;
	return short;
}

/** A client of a seat: the official SDK's `Room` over handed bytes. */
export class Player {
	readonly room: SdkRoom;
	/** Frames that a stalled reader has not read yet. */
	readonly queue: Uint8Array[] = [];
	readonly received: Uint8Array[] = [];
	closed: { code: number; reason: string } | undefined;
	/** The node gave the room up. */
	hasMoved = false;
	isStalled = false;
	view!: SeatView;
	seat!: Seat;

	private constructor(room: SdkRoom) {
		this.room = room;
	}

	static async open(host: SeatHost, options: PlayerOptions): Promise<Player> {
		const player = new Player(options.room ?? new SdkRoom(options.kind));
		const answer = await host.open({
			kind: options.kind,
			id: options.id,
			args: options.args,
			reconnectionToken: options.reconnectionToken,
			identity: identityOf(options.token),
			send: (bytes) => player.#take(bytes),
			closed: (code, reason) => {
				player.closed = { code, reason };
			},
			moved: () => {
				player.hasMoved = true;
			},
			bytesQueued: () => player.bytesQueued,
		});
		if (!answer.ok) throw new Refused(answer.code, answer.message);
		player.seat = answer.seat;
		player.view = answer.view as SeatView;
		player.#connect(options);
		return player;
	}

	get bytesQueued(): number {
		return this.queue.reduce((sum, bytes) => sum + bytes.length, 0);
	}

	/** Reads what has piled up. */
	catchUp(): void {
		this.isStalled = false;
		for (const bytes of this.queue.splice(0)) this.#read(bytes);
	}

	#connect(options: PlayerOptions): void {
		const { seat, view, room } = this;
		room.roomId = view.roomId;
		room.sessionId = view.sessionId;
		room.reconnection.enabled = false;
		Object.assign(room, {
			connection: { isOpen: true, send: (data: Uint8Array) => seat.receive(data.slice()) },
		});
		if (options.room === undefined) room.onMessage('*', options.onMessage ?? (() => {}));
		this.#read(options.room === undefined ? view.join : withoutHandshake(view.join));
	}

	#take(bytes: Uint8Array): void {
		this.received.push(bytes);
		if (this.isStalled) this.queue.push(bytes);
		else this.#read(bytes);
	}

	#read(bytes: Uint8Array): void {
		const read = Reflect.get(this.room, 'onMessageCallback') as (event: object) => void;
		read.call(this.room, { data: bytes });
	}
}

export class Refused extends Error {
	readonly code: ErrorCode;
	constructor(code: ErrorCode, message = '') {
		super(`${code} ${message}`);
		this.code = code;
	}
}
