import { refusal } from '../core/entries.ts';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { SeatHost, SeatRequest } from '../gateway/ports.ts';
import type { PlaceAnswer, PlaceRequest, RoomHost, Rooms } from '../gateway/seats/room-host.ts';
import { type ActorKey, actorKey, splitKey } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';
import type { NodeId } from './directory.ts';
import type { Membership, Placement } from './ports.ts';
import { RemoteSeats } from './remote-seats.ts';
import { SeatServer } from './seat-server.ts';
import type { Switchboard } from './switchboard.ts';

/** An owner that says it is none is looked for once more. */
const ATTEMPTS_MAX = 2;
const RETRY_MS = 500;

type Refused = ReturnType<typeof refusal>;
type Opened = Awaited<ReturnType<SeatHost['open']>>;

export interface ClusterSeatsOptions {
	/** The rooms of this node. */
	readonly local: RoomHost;
	readonly membership: Pick<Membership, 'self' | 'onLost'>;
	readonly placement: Placement;
	readonly switchboard: Switchboard;
	readonly runtime: Pick<Runtime, 'after' | 'defer'>;
	readonly log: Log;
}

/** What is asked of the room of a key, here or at its owner. */
interface Question<A> {
	readonly key: ActorKey;
	/** Whether the room may be made. */
	readonly makes: boolean;
	here(): Promise<A>;
	there(owner: NodeId): Promise<A>;
}

/**
 * The rooms of all nodes, one per key: the owner is whoever holds the claim of the key, never what
 * Colyseus has listed. This node serves the rooms that it owns to the edges of the others. The room
 * that stands beside an actor lives with its actor and is not claimed.
 */
export class ClusterSeats implements Rooms {
	readonly kinds: ReadonlyMap<string, KindContract>;
	readonly #options: ClusterSeatsOptions;
	readonly #self: NodeId;
	readonly #remote: RemoteSeats;
	/** Questions under way here, by key: while there is one its claim stays. */
	readonly #underWay = new Map<ActorKey, number>();

	constructor(options: ClusterSeatsOptions) {
		const { local, membership, placement, switchboard, runtime, log } = options;
		this.#options = options;
		this.#self = membership.self.id;
		this.kinds = local.kinds;
		this.#remote = new RemoteSeats(switchboard, runtime);
		const rooms = {
			open: (request: SeatRequest) => this.#serve(this.#opening(request)),
			place: (request: PlaceRequest) => this.#serve(this.#placing(request)),
		};
		new SeatServer({ rooms, switchboard, runtime, log });
		local.onGone((key) => this.#letGo(key));
		placement.onForeign((key) => this.#giveUp(key));
		membership.onLost(() => {
			for (const key of [...local.keys()]) this.#giveUp(key);
		});
	}

	open(request: SeatRequest): Promise<Opened> {
		return this.#ask(this.#opening(request));
	}

	place(request: PlaceRequest): Promise<PlaceAnswer> {
		return this.#ask(this.#placing(request));
	}

	#opening(request: SeatRequest): Question<Opened> {
		return {
			key: actorKey(request.kind, request.id),
			makes: request.place === undefined,
			here: () => this.#options.local.open(request),
			there: (owner) => this.#remote.open(owner, request),
		};
	}

	#placing(request: PlaceRequest): Question<PlaceAnswer> {
		return {
			key: actorKey(request.kind, request.id),
			makes: request.makes,
			here: () => this.#options.local.place(request),
			there: (owner) => this.#remote.place(owner, request),
		};
	}

	/** Asks the owner, wherever it is. */
	async #ask<A extends { readonly ok: boolean }>(question: Question<A>): Promise<A | Refused> {
		const { placement, log } = this.#options;
		const { key, makes } = question;
		try {
			for (let attempt = 1; ; attempt++) {
				const owner = await this.#owner(key, makes);
				if (owner === undefined) return makes && this.#isClaimed(key) ? NOBODY : NOWHERE;
				if (owner === this.#self) return await this.#here(question);
				const answer = await question.there(owner);
				if (!isMoved(answer)) return answer;
				placement.forget(key, owner);
				if (attempt === ATTEMPTS_MAX) return answer;
			}
		} catch (error) {
			log.warn({ err: error, room: key }, 'the node of a room could not be found');
			return NOBODY;
		}
	}

	/** Another node asks: this one is the owner, or becomes it because there is none. */
	async #serve<A extends { readonly ok: boolean }>(question: Question<A>): Promise<A | Refused> {
		const { placement } = this.#options;
		const { key, makes } = question;
		try {
			const isOwner =
				!this.#isClaimed(key) ||
				placement.owns(key) ||
				(makes && (await placement.claim(key, { handedOver: true })) === this.#self);
			if (!isOwner) return MOVED;
			const answer = await this.#here(question);
			// It stops: its rooms are somebody else's soon.
			return isUnavailable(answer) ? MOVED : answer;
		} catch (error) {
			this.#options.log.warn({ err: error, room: key }, 'a room could not be claimed');
			return NOBODY;
		}
	}

	async #owner(key: ActorKey, makes: boolean): Promise<NodeId | undefined> {
		const { placement } = this.#options;
		if (!this.kinds.has(splitKey(key).kind) && this.#options.local.has(key)) return this.#self;
		const owner = placement.known(key) ?? (await placement.lookUp(key));
		return owner ?? (makes && this.#isClaimed(key) ? placement.claim(key) : undefined);
	}

	async #here<A>({ key, here }: Question<A>): Promise<A> {
		this.#underWay.set(key, (this.#underWay.get(key) ?? 0) + 1);
		try {
			return await here();
		} finally {
			const left = (this.#underWay.get(key) ?? 1) - 1;
			if (left > 0) this.#underWay.set(key, left);
			else this.#underWay.delete(key);
			// The claim may have gone while the room was made.
			if (!this.#options.placement.owns(key)) this.#giveUp(key);
			this.#letGo(key);
		}
	}

	/** Rooms of actors follow their actors. */
	#isClaimed(key: ActorKey): boolean {
		return this.kinds.has(splitKey(key).kind);
	}

	/** The room is another node's, or nobody's: its seats are opened again where it is now. */
	#giveUp(key: ActorKey): void {
		if (this.#isClaimed(key)) this.#options.local.end(key);
	}

	/** Lets the claim go when nothing of the room is left and nobody wants it. */
	#letGo(key: ActorKey): void {
		const { local, placement } = this.#options;
		if (!this.#isClaimed(key) || this.#underWay.has(key) || local.has(key)) return;
		if (placement.owns(key)) placement.release(key);
	}
}

const isMoved = (answer: { readonly ok: boolean }) =>
	!answer.ok && (answer as Refused).code === 'MOVED';
const isUnavailable = (answer: { readonly ok: boolean }) =>
	!answer.ok && (answer as Refused).code === 'UNAVAILABLE';

const NOBODY = refusal('UNAVAILABLE', 'no node may have the room now; try again', RETRY_MS);
const NOWHERE = refusal('NOT_FOUND', 'there is no such room');
const MOVED = refusal('MOVED', 'another node has the room', RETRY_MS);
