import type { CommandAnswer, CommandRequest } from '../core/actor-port.ts';
import type {
	Connection,
	ServiceRequest,
	ServiceSession,
	ServiceView,
	Tell,
} from '../gateway/ports.ts';
import type { Args } from '../protocol/kind.ts';
import type { TicketMe } from '../protocol/ticket-event.ts';
import type { ticketLobbyContract } from '../protocol/ticket-lobby.ts';
import type { WireEvent } from '../protocol/wire.ts';
import type { EventFeed } from './event-feed.ts';
import type { LobbyUser } from './lobby-user.ts';

type CommandName = keyof (typeof ticketLobbyContract)['commands'];
/** What needs a proof of admission. */
type Admitted = 'hold' | 'release' | 'checkout';

/** What a session needs of its lobby. */
export interface SessionLobby {
	readonly feed: EventFeed;
	/** The first view of a handle. */
	view(user: LobbyUser): Promise<ServiceView>;
	enter(user: LobbyUser): Promise<CommandAnswer>;
	/** Where the user stands, asked anew. */
	look(user: LobbyUser): Promise<CommandAnswer>;
	/** With the proof in place of the admission's id. */
	proven(user: LobbyUser, me: TicketMe): Promise<TicketMe>;
	/** Holds back where the user stands until the answer to what is asked now has left. */
	hush(user: LobbyUser): () => void;
	/** All that there is to know, for a reader that missed something. */
	retell(user: LobbyUser, session: LobbySession): void;
	left(user: LobbyUser, session: LobbySession): void;
}

const ANOTHERS: CommandAnswer = {
	ok: false,
	code: 'NOT_FOUND',
	message: 'there is no such command',
};

/** One handle on one event. */
export class LobbySession implements ServiceSession {
	readonly tell: Tell;
	readonly view: Promise<ServiceView>;
	readonly #connection: Connection;
	readonly #lobby: SessionLobby;
	readonly #user: LobbyUser;

	constructor(
		lobby: SessionLobby,
		user: LobbyUser,
		{ connection, tell }: { readonly connection: Connection; readonly tell: Tell },
	) {
		this.#lobby = lobby;
		this.#user = user;
		this.#connection = connection;
		this.tell = tell;
		this.view = lobby.view(user);
	}

	async command(name: string, args: unknown, request: ServiceRequest): Promise<CommandAnswer> {
		const lobby = this.#lobby;
		switch (name as CommandName) {
			case 'enter':
				return lobby.enter(this.#user);
			case 'place':
				return lobby.look(this.#user);
			case 'leave':
				// Arrivals are gathered, and what comes at once must not overtake them.
				await lobby.feed.ready();
				await lobby.feed.arrivals.pending(this.#user.userId);
				return this.#ask(name, args, request);
			case 'pay':
				return this.#ask(name, args, request);
			case 'hold':
			case 'release':
			case 'checkout':
				return this.#admitted(name as Admitted, args, request);
			default:
				return ANOTHERS;
		}
	}

	caughtUp(): void {
		this.#lobby.retell(this.#user, this);
	}

	close(): void {
		this.#lobby.left(this.#user, this);
	}

	/** Tells, or answers false: what a slow reader misses is told by {@link caughtUp}. */
	hear(event: WireEvent): boolean {
		return this.tell(event);
	}

	async #admitted(name: Admitted, args: unknown, request: ServiceRequest): Promise<CommandAnswer> {
		const { feed } = this.#lobby;
		const { admission } = args as Args<typeof ticketLobbyContract, Admitted>;
		const proof = await feed.proofs?.check(admission, this.#user.userId);
		if (proof === undefined) return { ok: false, code: 'UNAVAILABLE' };
		if (!proof.ok) return proof;
		const given = { ...(args as object), admission: proof.admission };
		if (name === 'checkout') return this.#ask(name, given, request);
		const answered = this.#lobby.hush(this.#user);
		try {
			const answer = await this.#ask(name, given, request);
			if (!answer.ok) return answer;
			// The reply to what was sent before may be an old one, and older than what the user was told.
			const now = request.resend ? await this.#lobby.look(this.#user) : answer;
			if (now.ok && now !== answer) return now;
			return { ok: true, reply: await this.#lobby.proven(this.#user, answer.reply as TicketMe) };
		} finally {
			answered();
		}
	}

	/** The actor decides, in the name of the buyer. */
	#ask(name: string, args: unknown, request: ServiceRequest): Promise<CommandAnswer> {
		const command: CommandRequest = { caller: this.#connection.identity, name, args, ...request };
		return this.#lobby.feed.command(command);
	}
}
