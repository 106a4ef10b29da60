import type { TicketMe } from '../../src/protocol/ticket-event.ts';
import { admissionId } from './admission-id.ts';
import { type Decider, type Deciders, type Draft, refuse } from './draft.ts';
import { settle } from './give-turns.ts';
import { openOrClose } from './open-or-close.ts';
import { cancelOrder } from './order-steps.ts';
import { meOutside, meTurn, meVisiting, meWaiting } from './show-me.ts';
import { indexesOf, unitsOf } from './ticket-event-state.ts';

/** Most users who wait at a time; whoever comes then is asked to come again. */
const WAITING_MAX = 3_000_000;
const COME_AGAIN_MS = 5_000;

type Came = 'visiting' | 'waiting' | 'new' | 'returned' | 'outside';

/** A node's batch: where each user was found, and of newcomers how many wait before them. */
interface Arrivals {
	readonly found: ReadonlyMap<string, Exclude<Came, 'new'> | number>;
	readonly newcomers: readonly string[];
	readonly returned: readonly string[];
}

function whereIs({ state, tally, sale, now }: Draft, userId: string): Came {
	if (state.visitors.has(userId)) return 'visiting';
	if (tally.phase !== 'open') return 'outside';
	if (state.returning.has(userId) || state.queue.numberOf(userId) !== undefined) return 'waiting';
	if (unitsOf(state, userId) >= sale.maxPerUser) return 'outside';
	return (state.missed.get(userId) ?? 0) > now ? 'returned' : 'new';
}

/** One look at each user: a batch of thousands is decided in one go. */
function arrivalsOf(draft: Draft, users: readonly string[]): Arrivals {
	const { queue } = draft.state;
	const found = new Map<string, Exclude<Came, 'new'> | number>();
	const newcomers: string[] = [];
	const returned: string[] = [];
	for (const userId of users) {
		if (found.has(userId)) continue;
		const came = whereIs(draft, userId);
		found.set(userId, came === 'new' ? queue.size + newcomers.length : came);
		if (came === 'new') newcomers.push(userId);
		else if (came === 'returned') returned.push(userId);
	}
	return { found, newcomers, returned };
}

/** Users with a turn that the draft gave, and its deadline. */
function turnsOf({ events }: Draft): { readonly users: ReadonlySet<string>; deadline: number } {
	const turned = events.find(({ type }) => type === 'turned');
	if (turned?.type !== 'turned') return { users: new Set(), deadline: 0 };
	const { users, returned, deadline } = turned.data;
	return { users: new Set([...users, ...returned]), deadline };
}

/** Where everybody stands behind the draft; places as of before its turns. */
function answers(draft: Draft, users: readonly string[], found: Arrivals['found']) {
	const { state, tally } = draft;
	const { turned } = state.tally;
	const turns = turnsOf(draft);
	return users.map((userId): TicketMe => {
		if (turns.users.has(userId)) return meTurn(turns.deadline);
		const where = found.get(userId);
		if (typeof where === 'number') return meWaiting(where, turned);
		if (where === 'outside') return meOutside(state, userId, tally.phase);
		return meVisiting(state, userId) ?? meWaiting(state.queue.place(userId) ?? 0, turned);
	});
}

const arrive: Decider<'arrive'> = (draft, { users }, { caller }) => {
	if (!caller.roles.includes('system')) return NODES_ONLY;
	openOrClose(draft);
	const { found, newcomers, returned } = arrivalsOf(draft, users);
	if (newcomers.length > 0 && draft.tally.waiting + newcomers.length > WAITING_MAX) {
		return refuse('BUSY', 'the waiting room is full; come again', COME_AGAIN_MS);
	}
	if (newcomers.length + returned.length > 0) {
		draft.add({ type: 'arrived', data: { users: newcomers, returned } });
		settle(draft);
	}
	return draft.accept({ me: answers(draft, users, found) });
};

const claim: Decider<'claim'> = (draft, { users }, { caller }) => {
	if (!caller.roles.includes('system')) return NODES_ONLY;
	const { state, now, sale } = draft;
	if (draft.phase !== 'open') return draft.accept();
	const taken = new Set<string>();
	for (const userId of users) {
		const visitor = state.visitors.get(userId);
		if (visitor?.phase === 'turn' && visitor.deadline > now) taken.add(userId);
	}
	if (taken.size === 0) return draft.accept();
	let number = draft.tally.admitted;
	const admitted = [...taken].map((userId) => [userId, admissionId(number++, userId)] as const);
	const deadline = now + sale.pickSeconds * 1_000;
	draft.add({ type: 'admitted', data: { users: admitted, deadline } });
	return draft.accept();
};

const NODES_ONLY = refuse('FORBIDDEN', 'only nodes speak for many users');

const leave: Decider<'leave'> = (draft, _args, { caller: { userId } }) => {
	const { state } = draft;
	const returning = state.returning.has(userId);
	if (returning || state.queue.numberOf(userId) !== undefined) {
		draft.add({ type: 'queueLeft', data: { userId, returning } });
		return draft.accept();
	}
	const visitor = state.visitors.get(userId);
	if (visitor === undefined) return draft.accept();
	if (visitor.phase === 'paying') return cancelOrder(draft, userId, visitor.orderId);
	const { units, seats } = indexesOf(state, visitor);
	draft.add({
		type: 'visitEnded',
		data: { userId, from: visitor.phase, why: 'left', units, seats },
	});
	settle(draft);
	return draft.accept();
};

export const ADMISSION_DECIDERS: Deciders = { arrive, claim, leave };
