import { expect } from 'vitest';
import type { TicketEvent } from '../../actors/ticket-event/ticket-event-events.ts';
import { ticketEventKind } from '../../actors/ticket-event/ticket-event-kind.ts';
import type { TicketEventState } from '../../actors/ticket-event/ticket-event-state.ts';
import { unitsOf } from '../../actors/ticket-event/ticket-event-state.ts';
import { pack, unpack } from '../../src/protocol/codec.ts';
import type { TicketMe } from '../../src/protocol/ticket-event.ts';
import type { TicketSale } from './ticket-sale.ts';

const LIVE = ['paying', 'declined', 'resolving'];

const sum = (numbers: Iterable<number>) => [...numbers].reduce((all, one) => all + one, 0);

/** The tally counted anew, from the sets that it is about. */
function recount(state: TicketEventState) {
	const visitors = [...state.visitors.values()];
	const inside = visitors.filter((visitor) => visitor.phase === 'inside');
	const turns = visitors.filter(({ phase }) => phase === 'turn').length;
	const orders = [...state.orders.values()];
	const paid = orders.filter(({ status }) => status === 'paid');
	const reserved = sum([...state.reserves.values()].map(({ quantity }) => quantity));
	const held = sum(inside.map(({ quantity }) => quantity));
	const paying = sum(
		orders.filter(({ status }) => LIVE.includes(status)).map(({ quantity }) => quantity),
	);
	const sold = reserved + sum(paid.map(({ quantity }) => quantity));
	return {
		free: state.tally.capacity - held - paying - sold,
		held,
		paying,
		sold,
		waiting: state.queue.size + state.returning.size,
		returning: state.returning.size,
		turns,
		inside: inside.length,
		payers: visitors.filter((visitor) => visitor.phase === 'paying' && visitor.inTime).length,
		emptyHanded: turns + inside.filter(({ quantity }) => quantity === 0).length,
		arrived: state.queue.arrived,
	};
}

/** Every seat that somebody has, with whoever has it; a seat twice when two have it. */
function ownedSeats({ visitors, orders }: TicketEventState): { sold: string[]; held: string[] } {
	const held: string[] = [];
	const sold: string[] = [];
	for (const visitor of visitors.values())
		if (visitor.phase === 'inside') held.push(...visitor.seats);
	for (const { status, seats } of orders.values()) {
		if (status === 'paid') sold.push(...seats);
		else if (LIVE.includes(status)) held.push(...seats);
	}
	return { sold, held };
}

function checkSeats(state: TicketEventState): void {
	const { sold, held } = ownedSeats(state);
	expect(new Set([...sold, ...held]).size).toBe(sold.length + held.length);
	const isSold = new Set(sold);
	const isHeld = new Set(held);
	const letters = state.plan.seats.map(({ id }) => {
		if (isSold.has(id)) return 'S';
		return isHeld.has(id) ? 'H' : 'F';
	});
	expect(state.plan.letters()).toBe(letters.join(''));
}

function checkUsers({ visitors, returning, queue, bought, sale }: TicketEventState): void {
	const names = new Set([...visitors.keys(), ...returning, ...bought.keys()]);
	for (const userId of names) {
		const isWaiting = queue.numberOf(userId) !== undefined;
		const places = [visitors.has(userId), returning.has(userId), isWaiting];
		expect(places.filter((has) => has).length).toBeLessThanOrEqual(1);
	}
	for (const userId of bought.keys()) {
		expect(bought.get(userId)).toBeLessThanOrEqual(sale.maxPerUser);
	}
}

/** Throws unless the state is one that a sale may be in. */
export function checkSale(state: TicketEventState): void {
	const { tally, sale } = state;
	expect(tally).toMatchObject(recount(state));
	for (const part of [tally.free, tally.held, tally.paying, tally.sold, tally.emptyHanded]) {
		expect(part).toBeGreaterThanOrEqual(0);
	}
	if (sale.stockPrice === undefined) checkSeats(state);
	checkUsers(state);
	for (const userId of state.visitors.keys()) {
		expect(unitsOf(state, userId)).toBeLessThanOrEqual(sale.maxPerUser);
	}
	if (tally.phase === 'open') expect(tally.free + tally.held + tally.paying).toBeGreaterThan(0);
	if (tally.phase !== 'open') expect(tally.waiting).toBe(0);
}

/** Throws unless a snapshot gives the same actor as all of its events. */
export function checkRestart(sale: TicketSale): void {
	const { actor } = sale;
	const before = {
		cut: packedCut(sale),
		wakeAt: ticketEventKind.nextWakeAt?.(actor.state),
		calls: callIds(actor.state),
		bought: [...actor.state.bought].sort(),
		letters: actor.state.plan.letters(),
	};
	actor.restart();
	expect({
		cut: packedCut(sale),
		wakeAt: ticketEventKind.nextWakeAt?.(actor.state),
		calls: callIds(actor.state),
		bought: [...actor.state.bought].sort(),
		letters: actor.state.plan.letters(),
	}).toEqual(before);
}

/** Throws unless all events give the state, on top of an earlier cut behind `from` of them as well. */
export function checkReplay(sale: TicketSale, cut: readonly unknown[] = [], from = 0): void {
	const { actor } = sale;
	const { id, position: length } = actor;
	let state =
		from === 0 ? ticketEventKind.initial(id) : ticketEventKind.restore(id, unpack(pack(cut)) as []);
	for (let at = from; at < length; at++) {
		const event = actor.events[at] as TicketEvent;
		const meta = { key: 'ticket-event/show', id, position: at + 1 } as const;
		state = ticketEventKind.evolve(state, event, { ...meta, at: actor.times[at] ?? 0 });
	}
	const packed = Buffer.from(pack([...ticketEventKind.cut(state)])).toString('base64');
	expect(packed).toBe(packedCut(sale));
}

const packedCut = ({ actor }: TicketSale) => Buffer.from(pack([...actor.cut()])).toString('base64');

const callIds = (state: TicketEventState) =>
	(ticketEventKind.intents?.(state) ?? []).map(({ id }) => id).sort();

/** Where users were told that they stand, last, since a number of things were heard. */
function lastTold({ actor }: TicketSale, from: number): Map<string, TicketMe> {
	const last = new Map<string, TicketMe>();
	for (const { type, data } of actor.heard.slice(from)) {
		if (type === 'me') {
			const { userId, me } = data as { userId: string; me: TicketMe };
			last.set(userId, me);
		} else if (type === 'turn') {
			const { users, deadline } = data as { users: string[]; deadline: number };
			const held = { seats: [], quantity: 0 };
			for (const userId of users) last.set(userId, { phase: 'turn', deadline, held });
		}
	}
	return last;
}

/** Throws unless users stand where they were told last, since a number of things were heard. */
export async function checkTold(sale: TicketSale, from: number): Promise<void> {
	const { phase: stands } = sale.state.tally;
	const isOver = stands === 'soldOut' || stands === 'closed';
	const buyers = new Set([...sale.state.reserves.values()].map(({ userId }) => userId));
	for (const [userId, told] of lastTold(sale, from)) {
		// Who bought elsewhere while waiting here has all, and learns it when asking.
		if (buyers.has(userId)) continue;
		const me = await sale.me(userId);
		// Came again since, and was answered.
		if (me.phase === 'waiting') continue;
		// Whoever is outside sees how the sale stands.
		const isOutside = ['before', 'soldOut', 'closed'].includes(told.phase);
		const phase = isOutside ? (isOver ? stands : 'before') : told.phase;
		expect({ ...told, phase }).toEqual({ ...me, ...(isOver && { ended: told.ended }) });
	}
}
