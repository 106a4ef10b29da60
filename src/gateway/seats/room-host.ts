import type { Refusal } from '../../protocol/errors.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import type { Identity, SeatHost } from '../ports.ts';

/** Who asks for a place in the room of a key, to come with a socket of its own. */
export interface PlaceRequest {
	readonly kind: string;
	readonly id: string;
	readonly args: unknown;
	readonly identity: Identity;
	/** False: only if there is a room already. */
	readonly makes: boolean;
	/** Asks for the earlier place that the token names, and for no other. */
	readonly reconnectionToken?: string | undefined;
}

/** What a stock client needs to open its socket. */
export interface Place {
	readonly name: string;
	readonly roomId: string;
	readonly processId?: string;
	readonly sessionId: string;
}

export type PlaceAnswer =
	| { readonly ok: true; readonly place: Place }
	| ({ readonly ok: false } & Refusal);

/** Rooms, wherever they live: of one node, or of all nodes. */
export interface Rooms extends SeatHost {
	/** Reserves a place in the room of a key; it is kept for 15 s. Never rejects. */
	place(request: PlaceRequest): Promise<PlaceAnswer>;
}

/** The rooms of this node. */
export interface RoomHost extends Rooms {
	/** Whether there is a room of this key, be it just made or ending. */
	has(key: ActorKey): boolean;
	/** The keys of all rooms here. */
	keys(): Iterable<ActorKey>;
	/** Ends the room, if there is one; its seats are told that it moved. */
	end(key: ActorKey): void;
	/** Calls back when nothing of a room is left; the answer ends it. */
	onGone(listener: (key: ActorKey) => void): () => void;
}
