import { expect, test } from 'vitest';
import type { TicketEvent } from '../../actors/ticket-event/ticket-event-events.ts';
import { ticketEventKind } from '../../actors/ticket-event/ticket-event-kind.ts';
import type { Command, Context } from '../../src/core/actor-kind.ts';
import { ticketEventSchema } from '../../src/protocol/ticket-event.ts';

const ID = 'show';
const NODE = { userId: 'n1', roles: ['system'] };
const now = 1_000_000;

/** The bare kind, without a host's or a test's checks: fast enough for crowds. */
class BareSale {
	state = ticketEventKind.initial(ID);
	#position = 0;

	run(caller: Command['caller'], name: string, args: object): unknown {
		const context = {
			id: ID,
			now,
			exists: this.#position > 0,
			loaded: [],
			newId: () => this.#id(),
		};
		const command = { name, args, caller };
		const decision = ticketEventKind.decide(this.state, command, context as unknown as Context);
		if (!decision.ok) throw new Error(`${name}: ${decision.code} ${decision.message}`);
		for (const event of decision.events as readonly TicketEvent[]) {
			const meta = {
				key: `ticket-event/${ID}`,
				id: ID,
				position: ++this.#position,
				at: now,
			} as const;
			this.state = ticketEventKind.evolve(this.state, event, meta);
		}
		return decision.reply;
	}

	#id = () => `o${this.#position}`;
}

const draft = {
	...{ title: 'Show', opensAt: 1, currency: 'EUR', secret: 'x'.repeat(32) },
	...{ stock: { total: 100_000, price: 0 }, maxPerUser: 1 },
	admission: { mode: 'desk', maxActive: 100_000 },
};

test('[T13] users who bought and gave back leave a bounded trace', () => {
	const sale = new BareSale();
	sale.run(NODE, 'create', { ...ticketEventSchema.parse(draft), secret: draft.secret });
	for (let round = 0; round < 8; round++) {
		const users = Array.from({ length: 2_000 }, (_, at) => `u${round}-${at}`);
		sale.run(NODE, 'arrive', { users });
		sale.run(NODE, 'claim', { users });
		for (const userId of users) {
			const caller = { userId, roles: ['user'] };
			const visitor = sale.state.visitors.get(userId);
			const admission = visitor?.phase === 'inside' ? visitor.admission : '';
			sale.run(caller, 'hold', { admission, quantity: 1 });
			const { id: orderId } = sale.run(caller, 'checkout', { admission }) as { id: string };
			sale.run(caller, 'refund', { orderId });
		}
	}
	const { orders, done, bought, visitors, deadlines, over } = sale.state;
	for (const { size } of [orders, done, over]) expect(size).toBeLessThanOrEqual(15_000);
	expect([bought.size, visitors.size, deadlines.size]).toEqual([0, 0, 0]);
});

test('[T10] an event has a bounded number of providers', () => {
	const shares = (count: number) =>
		Object.fromEntries(Array.from({ length: count }, (_, at) => [`pay-${at}`, 1]));
	expect(ticketEventSchema.safeParse({ ...draft, providers: shares(20) }).success).toBe(true);
	expect(ticketEventSchema.safeParse({ ...draft, providers: shares(21) }).success).toBe(false);
});
