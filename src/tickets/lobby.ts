/**
 * The waiting room of one event on one node: knows who of its users stands where, gathers what they
 * want into few commands, and tells them. The truth is the actor's; what is known here is what it told
 * last, and is asked again when its owner has moved.
 */
import type { CommandAnswer } from '../core/actor-port.ts';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Connection, ServiceSession, ServiceView, Tell } from '../gateway/ports.ts';
import {
	ARRIVALS_MAX,
	type TicketEventInfo,
	type TicketMe,
	type TicketTick,
} from '../protocol/ticket-event.ts';
import { placeNow } from '../protocol/wait-estimate.ts';
import type { Answered, EventFeed, EventListener, EventView } from './event-feed.ts';
import type { LobbyTally } from './lobby-series.ts';
import { LobbySession, type SessionLobby } from './lobby-session.ts';
import {
	isQueued,
	LobbyUser,
	NOTHING_HELD,
	outsideOf,
	standingOf,
	withProof,
} from './lobby-user.ts';
import { LobbyVoice } from './lobby-voice.ts';
import { StepTimer } from './step-timer.ts';
import { type Tier, TierWheel, WHEEL_STEP_MS } from './ticket-tiers.ts';

/** Most users of one event on one node. */
const USERS_MAX = 500_000;
/** Who has not entered may have done so elsewhere: so many are looked after, each now and then. */
const LOOKS_PER_SECOND = 500;
const STEPS_PER_SECOND = 1_000 / WHEEL_STEP_MS;
const FULL_RETRY_MS = 5_000;

export interface LobbyOptions {
	readonly feed: EventFeed;
	readonly runtime: Pick<Runtime, 'after' | 'defer' | 'monotonic' | 'now'>;
	readonly log: Log;
	readonly tally: LobbyTally;
	readonly tiers: readonly Tier[];
	/** The last handle was closed. */
	readonly ended: () => void;
}

export class Lobby implements SessionLobby, EventListener {
	readonly feed: EventFeed;
	readonly #options: LobbyOptions;
	readonly #users = new Map<string, LobbyUser>();
	readonly #wheel: TierWheel<LobbyUser>;
	readonly #unfollow: () => void;
	/** Counts the queues that have ended, and when the last one did. */
	#round = 0;
	#endedAt = 0;
	/** Handles of users who wait. */
	#waiting = 0;
	readonly #voice: LobbyVoice;
	readonly #timer: StepTimer;
	#steps = 0;
	/** Of this second. */
	#looksLeft = 0;
	/** Counts the owners that were met: what was begun under an older one is given up. */
	#owners = 0;

	constructor(options: LobbyOptions) {
		this.#options = options;
		this.feed = options.feed;
		this.#wheel = new TierWheel(options.tiers);
		this.#voice = new LobbyVoice({
			runtime: options.runtime,
			log: options.log,
			tally: options.tally,
			standing: (user) => this.#standing(user),
			proofs: () => this.feed.proofs,
		});
		this.#unfollow = this.feed.follow(this);
		this.#timer = new StepTimer(options.runtime, {
			everyMs: WHEEL_STEP_MS,
			step: () => this.#turn(),
		});
	}

	/** How many users are here. */
	get size(): number {
		return this.#users.size;
	}

	open(connection: Connection, tell: Tell): ServiceSession {
		const { userId } = connection.identity;
		let user = this.#users.get(userId);
		if (user === undefined) {
			user = new LobbyUser(userId);
			// Whoever finds it full is told so by the view, and is gone with its handle.
			if (this.#users.size < USERS_MAX) this.#users.set(userId, user);
			this.#wheel.put(user, this.#wheel.last);
		}
		const session = new LobbySession(this, user, { connection, tell });
		user.sessions.push(session);
		if (this.#waits(user)) this.#count(1);
		return session;
	}

	async view(user: LobbyUser): Promise<ServiceView> {
		if (this.#users.get(user.userId) !== user) {
			return { ok: false, code: 'BUSY', retryAfterMs: FULL_RETRY_MS };
		}
		const ready = await this.feed.ready();
		if (!ready.ok) return ready;
		if (user.me === undefined || !this.feed.isLive) {
			const looked = await this.#look(user);
			if (!looked.ok) return looked;
		}
		const { view } = this.feed;
		if (view === undefined) return { ok: false, code: 'MOVED' };
		const { info, tick } = view;
		user.tickAt = tick.at;
		return { ok: true, view: { info, tick, me: await this.#shown(user) } };
	}

	async enter(user: LobbyUser): Promise<CommandAnswer> {
		const ready = await this.feed.ready();
		if (!ready.ok) return ready;
		if (user.me === undefined || !this.#isAnsweredHere(user)) {
			const answer = await this.feed.arrivals.ask(user.userId);
			if (!answer.ok) return answer;
			this.#answered(user, answer.value);
			// Arrivals are told to nobody else: the user's other pages learn of it here.
			if (user.sessions.length > 1) this.#voice.me(user);
		}
		return { ok: true, reply: await this.#shown(user) };
	}

	async look(user: LobbyUser): Promise<CommandAnswer> {
		const looked = await this.#look(user);
		return looked.ok ? { ok: true, reply: await this.#shown(user) } : looked;
	}

	proven(user: LobbyUser, me: TicketMe): Promise<TicketMe> {
		return withProof(this.feed.proofs, user, me);
	}

	hush(user: LobbyUser): () => void {
		return this.#voice.hush(user);
	}

	retell(user: LobbyUser, session: LobbySession): void {
		this.#voice.again(user, session);
	}

	left(user: LobbyUser, session: LobbySession): void {
		const at = user.sessions.indexOf(session);
		if (at >= 0) {
			if (this.#waits(user)) this.#count(-1);
			user.sessions.splice(at, 1);
		}
		if (user.sessions.length > 0) return;
		this.#wheel.remove(user);
		if (this.#users.get(user.userId) === user) this.#users.delete(user.userId);
		if (this.#users.size > 0) return;
		this.#timer.stop();
		this.#voice.stop();
		this.#unfollow();
		this.#options.ended();
	}

	opened({ info, tick }: EventView, isAgain: boolean): void {
		this.#owners++;
		this.#voice.changed(info);
		this.#voice.ticked(tick);
		if (!isAgain) return;
		this.#voice.all(this.#users.values(), { movesPeople: true });
		void this.#askAgain(this.#owners);
	}

	told(type: string, data: unknown): void {
		switch (type) {
			case 'tick':
				this.#voice.ticked(data as TicketTick);
				break;
			case 'info':
				this.#changed(data as TicketEventInfo);
				break;
			case 'me': {
				const { userId, me } = data as { userId: string; me: TicketMe };
				this.#news(userId, me);
				break;
			}
			case 'turn': {
				const { users, deadline } = data as { users: readonly string[]; deadline: number };
				const me: TicketMe = { phase: 'turn', deadline, held: NOTHING_HELD };
				for (const userId of users) this.#news(userId, me);
				break;
			}
			case 'soldOut':
				this.#endQueue();
				this.#voice.all(this.#users.values(), { movesPeople: true });
				break;
			// Seats are for those inside, in a room of their own.
			default:
		}
	}

	/** Whether what is known says all that entering again could. */
	#isAnsweredHere(user: LobbyUser): boolean {
		if (!this.feed.isLive) return false;
		const { phase } = this.#standing(user);
		if (phase === 'before') return this.#isBeforeOpening;
		// Who bought may be allowed to buy more.
		return phase !== 'done';
	}

	get #isBeforeOpening(): boolean {
		const info = this.feed.view?.info;
		if (info === undefined || this.#options.runtime.now() >= info.opensAt) return false;
		return info.state === 'scheduled' || info.state === 'paused';
	}

	async #look(user: LobbyUser): Promise<{ readonly ok: true } | (CommandAnswer & { ok: false })> {
		const answer = await this.feed.looks.ask(user.userId);
		if (!answer.ok) return answer;
		this.#answered(user, answer.value);
		return { ok: true };
	}

	/** Takes over an answer, unless the actor has told something newer since. */
	#answered(user: LobbyUser, { me, heard }: Answered): void {
		if (heard < user.newsAt) return;
		this.#learn(user, me, heard < this.#endedAt ? this.#round - 1 : this.#round);
	}

	/** The actor tells of a user by itself: newer than all that was asked before. */
	#news(userId: string, me: TicketMe): void {
		const user = this.#users.get(userId);
		if (user === undefined) return;
		user.newsAt = this.feed.heard;
		this.#learn(user, me, this.#round);
		this.#voice.news(user);
	}

	/** Takes over what the actor says; whoever has a turn and is here takes it. */
	#learn(user: LobbyUser, me: TicketMe, round: number): void {
		const { seats, quantity } = me.held;
		const isEmpty = seats.length === 0 && quantity === 0;
		if (this.#waits(user)) this.#count(-user.sessions.length);
		user.me = isEmpty ? { ...me, held: NOTHING_HELD } : me;
		user.round = round;
		if (this.#waits(user)) this.#count(user.sessions.length);
		if (user.slot >= 0) this.#wheel.put(user, this.#tierOf(user));
		this.#claim(user);
	}

	/** Whoever is here takes a turn. What is lost on the way is made good by the next visit. */
	#claim(user: LobbyUser): void {
		if (this.#standing(user).phase !== 'turn') return;
		void this.feed.claims.ask(user.userId).then((claimed) => {
			if (!claimed.ok) this.#options.log.debug({ code: claimed.code }, 'a turn was not claimed');
		});
	}

	#standing(user: LobbyUser): TicketMe {
		const me = user.me ?? { phase: 'before', held: NOTHING_HELD };
		const state = this.feed.view?.info.state ?? 'scheduled';
		return standingOf(me, state, user.round !== this.#round);
	}

	/** As it is when the answer leaves. */
	async #shown(user: LobbyUser): Promise<TicketMe> {
		for (;;) {
			const { me } = user;
			const shown = await this.proven(user, this.#standing(user));
			if (user.me === me) return shown;
		}
	}

	#changed(info: TicketEventInfo): void {
		const before = this.#voice.changed(info);
		const { view } = this.feed;
		if (view !== undefined) this.#voice.ticked(view.tick);
		if (info.state === 'closed' && before?.state !== 'closed') this.#endQueue();
		const movesPeople = outsideOf(info.state) !== outsideOf(before?.state ?? info.state);
		this.#voice.all(this.#users.values(), { movesPeople });
	}

	#waits(user: LobbyUser): boolean {
		return isQueued(user.me) && user.round === this.#round;
	}

	#count(handles: number): void {
		this.#waiting += handles;
		this.#options.tally.waiting += handles;
	}

	#endQueue(): void {
		this.#count(-this.#waiting);
		this.#round++;
		this.#endedAt = this.feed.heard;
	}

	/**
	 * Another node owns the event now: where everybody stands is asked, and who has lost a place because
	 * nobody heard that the user is here, arrives again.
	 */
	async #askAgain(owner: number): Promise<void> {
		const users = [...this.#users.values()];
		for (let from = 0; from < users.length; from += ARRIVALS_MAX) {
			if (owner !== this.#owners) return;
			const some = users.slice(from, from + ARRIVALS_MAX);
			await Promise.all(some.map((user) => this.#lookAgain(user)));
		}
	}

	async #lookAgain(user: LobbyUser): Promise<void> {
		if (user.me === undefined || user.sessions.length === 0) return;
		const wasQueued = isQueued(this.#standing(user));
		const looked = await this.#look(user);
		if (!looked.ok || user.me === undefined) return;
		const { phase, ended } = this.#standing(user);
		if (wasQueued && phase === 'before' && ended !== 'left') {
			const arrived = await this.feed.arrivals.ask(user.userId);
			if (arrived.ok) this.#answered(user, arrived.value);
		}
		this.#voice.me(user);
	}

	#tierOf(user: LobbyUser): number {
		const { phase, place = 0, turned = 0 } = this.#standing(user);
		if (phase === 'waiting') {
			return this.#wheel.tierOf(placeNow(place, turned, this.feed.view?.tick.turned ?? 0));
		}
		return phase === 'turn' || phase === 'inside' || phase === 'paying' ? 0 : this.#wheel.last;
	}

	#turn(): void {
		if (this.#steps++ % STEPS_PER_SECOND === 0) this.#looksLeft = LOOKS_PER_SECOND;
		this.#wheel.turn((user) => this.#visit(user));
	}

	/** Tells the last tick, if it is news, and looks whether the user is to be told more often now. */
	#visit(user: LobbyUser): void {
		if (user.me === undefined) return;
		this.#voice.tick(user);
		this.#wheel.put(user, this.#tierOf(user));
		this.#claim(user);
		if (this.#mayBeElsewhere(user)) void this.#lookAfter(user);
	}

	/** Nobody is told that a user has entered over another node. */
	#mayBeElsewhere(user: LobbyUser): boolean {
		const state = this.feed.view?.info.state;
		const hasQueue = state === 'open' || state === 'paused';
		if (this.#looksLeft === 0 || !hasQueue || this.#standing(user).phase !== 'before') return false;
		this.#looksLeft--;
		return true;
	}

	async #lookAfter(user: LobbyUser): Promise<void> {
		const looked = await this.#look(user);
		if (looked.ok && this.#standing(user).phase !== 'before') this.#voice.me(user);
	}
}
