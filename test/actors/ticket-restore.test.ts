import { expect, test } from 'vitest';
import { restoringTicketEvent } from '../../actors/ticket-event/snapshot-ticket-event.ts';
import type { TicketEvent } from '../../actors/ticket-event/ticket-event-events.ts';
import { ticketEventKind } from '../../actors/ticket-event/ticket-event-kind.ts';
import {
	initialTicketEvent,
	type TicketEventState,
} from '../../actors/ticket-event/ticket-event-state.ts';
import { pack, unpack } from '../../src/protocol/codec.ts';
import { ticketEventSchema } from '../../src/protocol/ticket-event.ts';
import { seats, users } from '../support/ticket-sale.ts';

const ID = 'show';
/** A step for each thousand who wait, for some thousands of all else, and for what follows from them. */
const STEPS_MIN = 50;

const sizesOf = (state: TicketEventState) => [
	state.queue.size,
	state.plan.seats.length,
	state.visitors.size,
	state.deadlines.size,
	state.reserves.size,
	state.bought.size,
];

/** 20,000 seats, 30,000 who wait, 10,000 inside and 10,000 purchases of another service. */
function crowded(): TicketEventState {
	const draft = ticketEventSchema.parse({
		...{ title: 'Show', opensAt: 1, currency: 'EUR', seats: seats(20_000) },
		admission: { mode: 'desk' },
	});
	const [inside, pace] = [users(10_000), { base: 0, index: 0, given: 0 }];
	const happened: TicketEvent[] = [
		{ type: 'created', data: { draft, secret: 'x'.repeat(32), capacity: 20_000 } },
		{ type: 'arrived', data: { users: users(40_000), returned: [] } },
		{ type: 'turned', data: { users: inside, returned: [], deadline: 100, pace } },
		{ type: 'admitted', data: { users: inside.map((id) => [id, 'a'] as const), deadline: 200 } },
		...users(10_000, 'p').map((purchaseId): TicketEvent => {
			return { type: 'reserved', data: { purchaseId, userId: purchaseId, quantity: 1, at: 1 } };
		}),
	];
	return happened.reduce((state, event, at) => {
		const meta = { key: `ticket-event/${ID}`, id: ID, position: at + 1, at: 1 } as const;
		return ticketEventKind.evolve(state, event, meta);
	}, initialTicketEvent(ID));
}

test('[T14] [T15] a crowded sale is restored in small steps, and is what it was', () => {
	const before = crowded();
	const parts = [...ticketEventKind.cut(before)].map((part) => unpack(pack(part)));
	const restoring = restoringTicketEvent(ID, parts);
	for (let steps = 0; ; steps++) {
		const { done, value } = restoring.next();
		if (!done) continue;
		expect(sizesOf(value)).toEqual(sizesOf(before));
		expect(steps).toBeGreaterThanOrEqual(STEPS_MIN);
		return;
	}
});
