import type { Draft } from './draft.ts';
import { activeOf, isSoldOut, type Tally } from './tally.ts';
import type { Pace, Sale, TicketEventState } from './ticket-event-state.ts';

/** Most turns in one event; the others follow at once. */
const TURNS_MAX = 2_000;

/** Users who take a place with nothing in hand may be as many as there is to pick (T3). */
const roomFor = ({ admission }: Sale, tally: Tally) =>
	Math.min(admission.maxActive - activeOf(tally), tally.free - tally.emptyHanded);

const givesTurns = ({ phase, paused }: Tally) => phase === 'open' && !paused;

/** The interval of a time; never one before `pace`'s, should the interval have become longer. */
const intervalOf = ({ base, index }: Pace, intervalMs: number, now: number) =>
	Math.max(index, Math.floor((now - base) / intervalMs));

/**
 * Where the turnstile stands now. An interval begins with nothing given; when a whole one passed
 * although somebody waited who could have entered, as in a stall, that one is made up for, and no more.
 */
function paceNow({ state, sale, pace, now }: Draft): Pace {
	const { batch, intervalMs } = sale.admission;
	const index = intervalOf(pace, intervalMs, now);
	if (index === pace.index) return pace;
	const { tally } = state;
	const wasHeldUp =
		index > pace.index + 1 &&
		givesTurns(tally) &&
		tally.waiting > 0 &&
		roomFor(state.sale, tally) > 0;
	return { base: pace.base, index, given: wasHeldUp ? -batch : 0 };
}

/** Intervals begin now; what was given in the present one still counts. */
export function paceFromNow({ state, now }: Draft): Pace {
	const { pace, sale } = state;
	const isSame = intervalOf(pace, sale.admission.intervalMs, now) === pace.index;
	return { base: now, index: 0, given: isSame ? Math.max(0, pace.given) : 0 };
}

/** Who waits behind the draft, first come first: the queue, then who came with it. */
function firstWaiting({ state, events }: Draft, wanted: number): string[] {
	if (wanted <= 0) return [];
	const users = state.queue.first(wanted);
	const came = events.find(({ type }) => type === 'arrived');
	if (came?.type !== 'arrived') return users;
	return [...users, ...came.data.users.slice(0, wanted - users.length)];
}

function firstReturning({ state, events }: Draft, wanted: number): string[] {
	const users: string[] = [];
	for (const userId of state.returning) {
		if (users.length === wanted) return users;
		users.push(userId);
	}
	const came = events.find(({ type }) => type === 'arrived');
	if (came?.type !== 'arrived') return users;
	return [...users, ...came.data.returned.slice(0, wanted - users.length)];
}

/** Gives turns to as many as may have one now, first those who come back to theirs. */
function giveTurns(draft: Draft): void {
	const { sale, tally, now } = draft;
	if (!givesTurns(tally) || tally.waiting === 0) return;
	const { mode, batch, graceMs } = sale.admission;
	const room = Math.min(roomFor(sale, tally), TURNS_MAX);
	if (room <= 0) return;
	const returned = firstReturning(draft, room);
	const isDesk = mode === 'desk';
	const pace = isDesk ? draft.pace : paceNow(draft);
	const left = isDesk ? room : batch - pace.given;
	const users = firstWaiting(draft, Math.min(room - returned.length, left));
	if (users.length + returned.length === 0) return;
	const behind = isDesk ? pace : { ...pace, given: pace.given + users.length };
	const data = { users, returned, deadline: now + graceMs, pace: behind };
	draft.add({ type: 'turned', data });
}

/** Units that come back are on sale again if it is set so; more stock always is. */
const reopens = ({ sale, state, tally }: Draft) =>
	sale.reopens || tally.capacity > state.tally.capacity;

/** Says that everything is sold as soon as it is, gives it on when it came back, and gives turns. */
export function settle(draft: Draft): void {
	const { tally, now } = draft;
	if (tally.phase === 'open' && isSoldOut(tally)) {
		draft.add({ type: 'soldOut', data: { at: now, info: draft.info({ phase: 'soldOut' }) } });
	} else if (tally.phase === 'soldOut' && tally.free > 0 && reopens(draft)) {
		const pace = paceFromNow(draft);
		draft.add({ type: 'reopened', data: { pace, info: draft.info({ phase: 'open' }) } });
	}
	giveTurns(draft);
}

/** When the next turn may be given; `undefined` while nobody waits who may have one. */
export function turnsDueAt(state: TicketEventState): number | undefined {
	const { tally, sale, pace, at } = state;
	if (!givesTurns(tally) || tally.waiting === 0 || roomFor(sale, tally) <= 0) return undefined;
	const { mode, batch, intervalMs } = sale.admission;
	if (mode === 'desk' || tally.returning > 0 || pace.given < batch) return at + 1;
	return Math.max(at + 1, pace.base + (pace.index + 1) * intervalMs);
}
