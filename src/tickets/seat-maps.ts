import { ERRORS, type Refusal } from '../protocol/errors.ts';
import type { TicketMe, TicketSeat } from '../protocol/ticket-event.ts';
import type { EventFeed } from './event-feed.ts';
import type { EventFeeds } from './event-feeds.ts';
import { retryWaitMs } from './retry-wait.ts';

type Refused = { readonly ok: false } & Refusal;

/** Hears of the seats of one event; the room of `rooms/ticket-seats-room.ts` is one. */
export interface SeatMapListener {
	map(seats: readonly TicketSeat[], states: string): void;
	changed(seats: readonly number[], states: string): void;
	ended(userId: string): void;
	users(): Iterable<string>;
}

export interface SeatMapsOptions {
	readonly feeds: EventFeeds;
	readonly runtime: { after(ms: number, run: () => void): () => void; random(): number };
	/** Name of this node. */
	readonly node: string;
}

const ENDED: Refused = { ok: false, code: 'EXPIRED' };
/** Changes that wait for their map; behind more, a newer map is asked for. */
const EARLY_MAX = 10_000;

/** Seat maps of events for the rooms of this node, over one subscription per event. */
export class TicketSeatMaps {
	readonly #options: SeatMapsOptions;

	constructor(options: SeatMapsOptions) {
		this.#options = options;
	}

	/**
	 * Whether the proof lets the user look on: signed for both, and the admission stands. The event has to
	 * be followed here.
	 */
	async admit(
		eventId: string,
		userId: string,
		proof: string,
	): Promise<{ readonly ok: true } | Refused> {
		const feed = this.#options.feeds.find(eventId);
		// Between two tries to hear of the event.
		if (feed === undefined) return { ok: false, code: 'RETRY_LATER' };
		const ready = await feed.ready();
		if (!ready.ok) return ready;
		const checked = await feed.proofs?.check(proof, userId);
		if (checked?.ok !== true) return checked ?? { ok: false, code: 'UNAVAILABLE' };
		const looked = await feed.looks.ask(userId);
		if (!looked.ok) return looked;
		return mayLookOn(looked.value.me, checked.admission) ? { ok: true } : ENDED;
	}

	/**
	 * Tells the listener all seats, then what changes; the answer ends it. An event that could not be
	 * opened is tried again: the listener may live longer than its owner's trouble.
	 */
	follow(eventId: string, listener: SeatMapListener): () => void {
		const { feeds, runtime } = this.#options;
		let unfollow = () => {};
		let cancel = () => {};
		let isOver = false;
		const begin = (attempt: number) => {
			const again = () => {
				if (isOver) return;
				const waitMs = retryWaitMs(attempt, () => runtime.random());
				cancel = runtime.after(waitMs, () => begin(attempt + 1));
			};
			const feed = feeds.of(eventId);
			if (feed === undefined) {
				again();
				return;
			}
			unfollow = this.#listen(feed, listener);
			void feed.ready().then((ready) => {
				if (!ready.ok) again();
			});
		};
		begin(0);
		return () => {
			isOver = true;
			cancel();
			unfollow();
		};
	}

	#listen(feed: EventFeed, listener: SeatMapListener): () => void {
		let isOver = false;
		/** What happens before the map is there: told behind it, for it is newer or the same. */
		let early: SeatsChanged[] | undefined;
		let loads = 0;
		const load = async () => {
			const number = ++loads;
			early = [];
			const map = await this.#map(feed, () => isOver || number !== loads);
			if (isOver || number !== loads) return;
			const missed = early;
			early = undefined;
			if (map === undefined) return;
			listener.map(map.seats, map.states);
			for (const { seats, states } of missed) listener.changed(seats, states);
		};
		const unfollow = feed.follow({
			opened: (_, isAgain) => {
				void load();
				if (isAgain) lookAgain(feed, listener);
			},
			told: (type, data) => {
				if (type === 'seats') {
					const changed = data as SeatsChanged;
					if (early === undefined) listener.changed(changed.seats, changed.states);
					else if (early.length < EARLY_MAX) early.push(changed);
					else void load();
				} else if (type === 'me') {
					const { userId, me } = data as { userId: string; me: TicketMe };
					if (!isInside(me)) listener.ended(userId);
				}
			},
		});
		if (feed.isLive) void load();
		return () => {
			isOver = true;
			unfollow();
		};
	}

	/** Asked for until it is there: whoever looks on has nothing else. */
	async #map(feed: EventFeed, isOver: () => boolean): Promise<SeatMap | undefined> {
		const { node, runtime } = this.#options;
		const caller = { userId: node, roles: ['system'] };
		for (let attempt = 0; !isOver(); attempt++) {
			const answer = await feed.command({ caller, name: 'seatMap', args: {} });
			if (answer.ok) return answer.reply as SeatMap;
			if (!ERRORS[answer.code].retryable) return undefined;
			const waitMs = retryWaitMs(attempt, () => runtime.random());
			await new Promise<void>((resolve) => void runtime.after(waitMs, resolve));
		}
		return undefined;
	}
}

interface SeatsChanged {
	readonly seats: readonly number[];
	readonly states: string;
}

interface SeatMap {
	readonly seats: readonly TicketSeat[];
	readonly states: string;
}

const isInside = ({ phase }: TicketMe) => phase === 'inside' || phase === 'paying';

const mayLookOn = (me: TicketMe, admission: string) =>
	me.phase === 'paying' || (me.phase === 'inside' && me.admission === admission);

/** Who was let out while nobody heard the owner; all are asked for in few commands. */
function lookAgain(feed: EventFeed, listener: SeatMapListener): void {
	for (const userId of [...listener.users()]) {
		void feed.looks.ask(userId).then((looked) => {
			if (looked.ok && !isInside(looked.value.me)) listener.ended(userId);
		});
	}
}
