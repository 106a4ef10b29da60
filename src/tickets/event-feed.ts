/**
 * One node's ear at the actor of a ticket event.
 *
 *     opening ──opened──▶ live ──owner gone──▶ reopening ──opened──▶ live
 *        └─refused: for good, or too often─▶ refused        └─refused: tries on
 *
 * It ends from everywhere when nobody follows any more.
 */
import type { ActorPort, CommandAnswer, OpenAnswer, Publication } from '../core/actor-port.ts';
import type { Runtime } from '../core/runtime.ts';
import { ERRORS, type Refusal } from '../protocol/errors.ts';
import { type ActorKey, actorKey } from '../protocol/ids.ts';
import {
	type TicketEventInfo,
	type TicketMe,
	type TicketTick,
	ticketEventContract,
} from '../protocol/ticket-event.ts';
import { AdmissionProofs } from './admission-proof.ts';
import { retryWaitMs } from './retry-wait.ts';
import { UserBatches } from './user-batches.ts';

/** A first opening that is refused for now so often is given up. */
const OPENINGS_MAX = 6;
/** Arrivals and questions of one node that wait for their batch. */
const WAITING_MAX = 1_000_000;
const ARRIVE_WINDOW_MS = 50;
const LOOK_WINDOW_MS = 20;
const CLAIM_WINDOW_MS = 5;

type Refused = { readonly ok: false } & Refusal;

/** What an opening tells. */
export interface EventView {
	readonly info: TicketEventInfo;
	readonly tick: TicketTick;
	readonly secret?: string | undefined;
}

/** What the actor answered of one user. */
export interface Answered {
	readonly me: TicketMe;
	/** What was {@link EventFeed.heard} by then: all of it is in the answer, and nothing behind it. */
	readonly heard: number;
}

/** Hears of one event. */
export interface EventListener {
	/** The owner is there: first, and again after another took over. What was told before is old. */
	opened(view: EventView, isAgain: boolean): void;
	/** A durable event of the actor. */
	told(type: string, data: unknown): void;
}

export interface EventFeedOptions {
	readonly actors: Pick<ActorPort, 'open' | 'unsubscribe' | 'command'>;
	readonly runtime: Pick<Runtime, 'after' | 'monotonic' | 'now' | 'random'>;
	/** Name of this node: it speaks for itself, as a part of the system. */
	readonly node: string;
}

export class EventFeed {
	readonly eventId: string;
	readonly arrivals: UserBatches<Answered>;
	readonly looks: UserBatches<Answered>;
	readonly claims: UserBatches<undefined>;
	readonly #options: EventFeedOptions;
	readonly #key: ActorKey;
	readonly #ended: () => void;
	readonly #listeners = new Set<EventListener>();
	readonly #ready = Promise.withResolvers<{ readonly ok: true } | Refused>();
	#proofs: AdmissionProofs | undefined;
	#view: EventView | undefined;
	/** Set while the owner is heard. */
	#ear: Ear | undefined;
	#attempts = 0;
	#heard = 0;
	#cancelRetry = () => {};
	#isOver = false;

	/** `ended`: nobody follows, or it was refused. */
	constructor(eventId: string, options: EventFeedOptions, ended: () => void) {
		this.eventId = eventId;
		this.#options = options;
		this.#key = actorKey(ticketEventContract.kind, eventId);
		this.#ended = ended;
		const { runtime } = options;
		const common = { runtime, waitingMax: WAITING_MAX };
		this.arrivals = new UserBatches({
			...common,
			windowMs: ARRIVE_WINDOW_MS,
			send: (users) => this.#standings('arrive', users),
		});
		this.looks = new UserBatches({
			...common,
			windowMs: LOOK_WINDOW_MS,
			send: (users) => this.#standings('look', users),
		});
		this.claims = new UserBatches<undefined>({
			...common,
			windowMs: CLAIM_WINDOW_MS,
			send: async (users) => {
				const answer = await this.#ask('claim', { users });
				return answer.ok ? { ok: true, values: [] } : answer;
			},
		});
	}

	/** What is known of the event; nothing before {@link ready}. */
	get view(): EventView | undefined {
		return this.#view;
	}

	/** For how long the oldest batch on its way has had no answer, in milliseconds. */
	get unansweredMs(): number {
		return Math.max(...this.#batches.map(({ unansweredMs }) => unansweredMs));
	}

	/** Counts the commits that were told here. */
	get heard(): number {
		return this.#heard;
	}

	/** Whether it has ended: it never hears of the event again. */
	get isOver(): boolean {
		return this.#isOver;
	}

	/** Whether the owner is heard now. */
	get isLive(): boolean {
		return this.#view !== undefined && this.#ear?.isHeard === true;
	}

	/** Of this event; only once {@link ready}. */
	get proofs(): AdmissionProofs | undefined {
		return this.#proofs;
	}

	/** Resolves when the event is known, or with why it cannot be. */
	ready(): Promise<{ readonly ok: true } | Refused> {
		return this.#ready.promise;
	}

	/** Tells the listener from now on; the answer ends it, and with the last one the feed. */
	follow(listener: EventListener): () => void {
		const isFirst = this.#ear === undefined && this.#attempts === 0;
		this.#listeners.add(listener);
		if (isFirst) this.#open();
		return () => {
			if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#end();
		};
	}

	/** Asks the actor in the name of a buyer. */
	command(request: Parameters<ActorPort['command']>[1]): Promise<CommandAnswer> {
		return new Promise((resolve) => this.#options.actors.command(this.#key, request, resolve));
	}

	#standings(
		name: 'arrive' | 'look',
		users: readonly string[],
	): Promise<{ readonly ok: true; readonly values: readonly Answered[] } | Refused> {
		const request = { caller: this.#caller, name, args: { users } };
		return new Promise((resolve) => {
			this.#options.actors.command(this.#key, request, (answer) => {
				const heard = this.#heard;
				if (!answer.ok) resolve(answer);
				else {
					const { me: all } = answer.reply as { me: readonly TicketMe[] };
					resolve({ ok: true, values: all.map((me) => ({ me, heard })) });
				}
			});
		});
	}

	#ask(name: string, args: unknown): Promise<CommandAnswer> {
		return this.command({ caller: this.#caller, name, args });
	}

	get #batches() {
		return [this.arrivals, this.looks, this.claims];
	}

	get #caller() {
		return { userId: this.#options.node, roles: ['system'] };
	}

	#open(): void {
		const ear = new Ear({
			told: (publication) => this.#told(publication),
			closed: () => this.#lost(ear),
		});
		this.#ear = ear;
		const request = { caller: this.#caller, args: {}, subscriber: ear };
		this.#options.actors.open(this.#key, request, (answer) => this.#answered(ear, answer));
	}

	#answered(ear: Ear, answer: OpenAnswer): void {
		if (this.#isOver) {
			if (answer.ok) this.#options.actors.unsubscribe(this.#key, ear);
			return;
		}
		if (ear !== this.#ear) return;
		if (answer.ok && answer.how !== 'resumed') {
			this.#attempts = 0;
			this.#opened(answer.view as EventView);
			if (ear.hearFrom(answer.position)) return;
			this.#options.actors.unsubscribe(this.#key, ear);
			this.#openLater(undefined);
		} else if (!answer.ok && this.#isFinal(answer)) {
			this.#ready.resolve(answer);
			this.#end();
		} else {
			this.#openLater(answer.ok ? undefined : answer.retryAfterMs);
		}
	}

	/** An event that was known once is waited for, whatever its owner's trouble. */
	#isFinal({ code }: Refusal): boolean {
		if (this.#view !== undefined) return false;
		return !ERRORS[code].retryable || this.#attempts + 1 >= OPENINGS_MAX;
	}

	#opened(view: EventView): void {
		const isAgain = this.#view !== undefined;
		this.#view = view;
		if (view.secret !== undefined) {
			const { runtime } = this.#options;
			const { secret } = view;
			this.#proofs ??= new AdmissionProofs({ eventId: this.eventId, secret, runtime });
		}
		for (const listener of [...this.#listeners]) listener.opened(view, isAgain);
		this.#ready.resolve({ ok: true });
	}

	#told({ told }: Publication): void {
		this.#heard++;
		for (const { event } of told) {
			const [type, data] = event;
			if (type === 'info' && this.#view !== undefined) {
				const info = data as TicketEventInfo;
				const { state, free } = info;
				// The last tick is older, and must not say anything else to whoever hears it later.
				this.#view = { ...this.#view, info, tick: { ...this.#view.tick, state, free } };
			} else if (type === 'tick' && this.#view !== undefined) {
				this.#view = { ...this.#view, tick: data as TicketTick };
			}
			for (const listener of [...this.#listeners]) listener.told(type, data);
		}
	}

	#lost(ear: Ear): void {
		if (ear === this.#ear && !this.#isOver) this.#openLater(undefined);
	}

	#openLater(askedMs: number | undefined): void {
		const { runtime } = this.#options;
		this.#ear = undefined;
		const waitMs = retryWaitMs(this.#attempts++, () => runtime.random());
		this.#cancelRetry = runtime.after(Math.max(waitMs, Math.min(askedMs ?? 0, 2_000)), () =>
			this.#open(),
		);
	}

	#end(): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#cancelRetry();
		this.#ready.resolve({ ok: false, code: 'MOVED' });
		if (this.#ear?.isHeard) this.#options.actors.unsubscribe(this.#key, this.#ear);
		for (const batches of this.#batches) batches.close();
		this.#ended();
	}
}

/** More commits before the answer than this, and the opening is asked for again. */
const EARLY_MAX = 10_000;

/** Keeps what comes before the opening is answered, and leaves out what the answer holds already. */
class Ear {
	readonly #owner: { told(publication: Publication): void; closed(): void };
	#early: Publication[] | undefined = [];
	#isClosed = false;

	constructor(owner: { told(publication: Publication): void; closed(): void }) {
		this.#owner = owner;
	}

	get isHeard(): boolean {
		return this.#early === undefined && !this.#isClosed;
	}

	/** Tells what came meanwhile; false when that was too much, or the owner is gone already. */
	hearFrom(position: number): boolean {
		const early = this.#early ?? [];
		this.#early = undefined;
		for (const publication of early) {
			if (publication.position > position) this.committed(publication);
		}
		return !this.#isClosed;
	}

	committed(publication: Publication): void {
		if (this.#early === undefined) this.#owner.told(publication);
		else if (this.#early.length < EARLY_MAX) this.#early.push(publication);
		else this.#isClosed = true;
	}

	ephemeral(): void {}

	closed(): void {
		this.#isClosed = true;
		if (this.#early === undefined) this.#owner.closed();
	}
}
