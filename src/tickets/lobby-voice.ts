import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { TicketEventInfo, TicketMe, TicketTick } from '../protocol/ticket-event.ts';
import type { WireEvent } from '../protocol/wire.ts';
import type { AdmissionProofs } from './admission-proof.ts';
import type { LobbyTally } from './lobby-series.ts';
import type { LobbySession } from './lobby-session.ts';
import { type LobbyUser, withProof } from './lobby-user.ts';
import { Slices } from './slices.ts';

/** News for all is told to so many, then the loop may breathe. */
const TOLD_AT_ONCE = 1_000;

export interface LobbyVoiceOptions {
	readonly runtime: Pick<Runtime, 'defer'>;
	readonly log: Log;
	readonly tally: LobbyTally;
	/** Where a user stands now, as far as it is known. */
	readonly standing: (user: LobbyUser) => TicketMe;
	/** Of the event; nothing before it is known. */
	readonly proofs: () => AdmissionProofs | undefined;
}

/**
 * What a lobby tells its users. The same is told to many as one object, one after the other, so that the
 * gateway packs it once.
 */
export class LobbyVoice {
	readonly #options: LobbyVoiceOptions;
	readonly #forAll: Slices<LobbyUser>;
	/** Whether what is told to all is about where they stand too. */
	#tellsMe = false;
	#tick: WireEvent | undefined;
	#info: WireEvent | undefined;
	/** The standing that was told last. */
	#me: WireEvent | undefined;

	constructor(options: LobbyVoiceOptions) {
		this.#options = options;
		const take = (some: readonly LobbyUser[]) => this.#tellSome(some);
		this.#forAll = new Slices(options.runtime, { length: TOLD_AT_ONCE, take });
	}

	/** The tick that is told from now on. */
	ticked(tick: TicketTick): void {
		this.#tick = ['tick', tick];
	}

	/** The event as it is told from now on; answers with what was told before. */
	changed(info: TicketEventInfo): TicketEventInfo | undefined {
		const before = this.#info?.[1] as TicketEventInfo | undefined;
		this.#info = ['info', info];
		return before;
	}

	/** Tells a user the last tick, if that is news. */
	tick(user: LobbyUser): void {
		const event = this.#tick;
		if (event === undefined || user.me === undefined) return;
		const { at } = event[1] as TicketTick;
		if (user.tickAt === at) return;
		user.tickAt = at;
		for (const session of user.sessions) if (session.hear(event)) this.#options.tally.ticks++;
	}

	/** Tells a user, or only some of the user's pages, where the user stands. */
	me(user: LobbyUser, sessions: readonly LobbySession[] = user.sessions): void {
		if (user.me === undefined) return;
		const { log, proofs, standing } = this.#options;
		const me = standing(user);
		if (me.admission === undefined) {
			if (this.#me?.[1] !== me) this.#me = ['me', me];
			for (const session of sessions) session.hear(this.#me);
			return;
		}
		const known = user.me;
		const some = [...sessions];
		withProof(proofs(), user, me).then(
			(shown) => {
				// Something else is known by now: perhaps by a question whose answer is nobody's news.
				if (user.me !== known) this.me(user, some);
				else for (const session of some) session.hear(['me', shown]);
			},
			(error) => log.error({ err: error }, 'an admission was not signed'),
		);
	}

	/** The same as news: it waits for answers that are on their way. */
	news(user: LobbyUser): void {
		if (user.hushes > 0) user.isOwed = true;
		else this.me(user);
	}

	/** Holds news of a user back until the answer to what is asked now has left. */
	hush(user: LobbyUser): () => void {
		user.hushes++;
		return () => {
			user.hushes--;
			if (user.hushes > 0 || !user.isOwed) return;
			user.isOwed = false;
			// The answer leaves with the end of this turn.
			this.#options.runtime.defer(() => this.me(user));
		};
	}

	/** Tells everybody the event and, if that leads elsewhere, where they stand: in slices, soon. */
	all(users: Iterable<LobbyUser>, { movesPeople }: { readonly movesPeople: boolean }): void {
		this.#tellsMe = movesPeople || (this.#forAll.isUnderWay && this.#tellsMe);
		this.#forAll.begin([...users]);
	}

	/** All that there is to know, for a reader that missed something. */
	again(user: LobbyUser, session: LobbySession): void {
		if (this.#info !== undefined) session.hear(this.#info);
		if (this.#tick !== undefined) session.hear(this.#tick);
		this.me(user, [session]);
	}

	/** Forgets those who were still to be told. */
	stop(): void {
		this.#forAll.stop();
	}

	#tellSome(some: readonly LobbyUser[]): void {
		const info = this.#info;
		for (const { sessions } of info === undefined ? [] : some) {
			for (const session of sessions) session.hear(info as WireEvent);
		}
		for (const user of this.#tellsMe ? some : []) {
			if (user.me?.admission === undefined) this.me(user);
		}
	}
}
