import { z } from 'zod';
import type { SeatHost, SeatRequest } from '../../../src/gateway/ports.ts';
import type { PlaceAnswer, PlaceRequest, RoomHost } from '../../../src/gateway/seats/room-host.ts';
import { type ActorKey, actorKey } from '../../../src/protocol/ids.ts';
import { defineKind, type KindContract } from '../../../src/protocol/kind.ts';

const contract = defineKind({
	kind: 'table',
	style: 'seat',
	openArgs: z.object({}),
	view: z.unknown(),
	commands: {},
	events: {},
	ephemerals: {},
});

type Opened = Awaited<ReturnType<SeatHost['open']>>;

/** A room without Colyseus: it keeps who sits there and what they said. */
export class PlainRoom {
	readonly seats = new Set<SeatRequest>();
	readonly heard: string[] = [];

	/** As Colyseus does: one object for all, seat after seat, and a seat whose reader is slow ends. */
	say(text: string, to: Iterable<SeatRequest> = this.seats): void {
		const bytes = Buffer.from(text);
		for (const seat of to) seat.send(bytes);
	}

	seatOf(userId: string): SeatRequest {
		const found = [...this.seats].find(({ identity }) => identity.userId === userId);
		if (found === undefined) throw new Error(`${userId} has no seat`);
		return found;
	}
}

/** Rooms of one node that open when the test lets them, and end when they are empty. */
export class PlainRooms implements RoomHost {
	readonly kinds: ReadonlyMap<string, KindContract> = new Map([[contract.kind, contract]]);
	readonly rooms = new Map<ActorKey, PlainRoom>();
	/** Openings wait for it. */
	gate: Promise<void> = Promise.resolve();
	made = 0;
	isStopping = false;
	readonly #listeners = new Set<(key: ActorKey) => void>();

	async open(request: SeatRequest): Promise<Opened> {
		await this.gate;
		if (this.isStopping) return { ok: false, code: 'UNAVAILABLE' };
		if (request.identity.userId === 'eve') {
			this.#endIfEmpty(this.#keyOf(request));
			return { ok: false, code: 'FORBIDDEN' };
		}
		const room = this.#room(this.#keyOf(request));
		room.seats.add(request);
		room.say(`hello ${request.identity.userId}`, [request]);
		const seat = {
			receive: (bytes: Uint8Array) => {
				room.heard.push(`${request.identity.userId}: ${Buffer.from(bytes)}`);
			},
			leave: (consented: boolean) => {
				if (!room.seats.delete(request)) return;
				room.heard.push(`${request.identity.userId} ${consented ? 'left' : 'was lost'}`);
				this.#endIfEmpty(this.#keyOf(request));
			},
		};
		return { ok: true, seat, view: { args: request.args, token: request.reconnectionToken } };
	}

	async place({ kind, id, makes, identity }: PlaceRequest): Promise<PlaceAnswer> {
		const key = actorKey(kind, id);
		if (!this.rooms.has(key) && !makes) return { ok: false, code: 'NOT_FOUND' };
		if (this.kinds.has(kind)) this.#room(key);
		const place = { name: kind, roomId: id, sessionId: `of ${identity.userId}` };
		return { ok: true, place };
	}

	has(key: ActorKey): boolean {
		return this.rooms.has(key);
	}

	keys(): Iterable<ActorKey> {
		return this.rooms.keys();
	}

	end(key: ActorKey): void {
		const room = this.rooms.get(key);
		if (room === undefined) return;
		for (const seat of room.seats) seat.moved();
		room.seats.clear();
		this.#endIfEmpty(key);
	}

	onGone(listener: (key: ActorKey) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	#keyOf = ({ kind, id }: SeatRequest) => actorKey(kind, id);

	#room(key: ActorKey): PlainRoom {
		const known = this.rooms.get(key);
		if (known !== undefined) return known;
		this.made++;
		const room = new PlainRoom();
		this.rooms.set(key, room);
		return room;
	}

	#endIfEmpty(key: ActorKey): void {
		if ((this.rooms.get(key)?.seats.size ?? 0) > 0) return;
		this.rooms.delete(key);
		for (const listener of this.#listeners) listener(key);
	}
}
