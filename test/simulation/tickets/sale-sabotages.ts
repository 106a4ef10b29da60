import { ticketEventKind } from '../../../actors/ticket-event/ticket-event-kind.ts';
import type { TicketEventState } from '../../../actors/ticket-event/ticket-event-state.ts';
import type { ActorKind, Command } from '../../../src/core/actor-kind.ts';
import type { EventFeed } from '../../../src/core/event-feed.ts';
import type { Journal } from '../../../src/core/journal.ts';
import { hooked } from '../../support/hooked.ts';
import { SABOTAGES } from '../sabotages.ts';
import type { Misread } from './sale-providers.ts';

type TicketKind = typeof ticketEventKind;

/** Takes one rule of the sale out, around the host and the rules of production. */
export interface SaleSabotage {
	readonly kind: ActorKind;
	readonly disk?: (journal: Journal) => Journal;
	readonly journal?: (journal: Journal) => Journal;
	readonly feed?: (feed: EventFeed) => EventFeed;
	readonly misread?: Misread;
}

const KIND = ticketEventKind as unknown as ActorKind;

export const NO_SABOTAGE: SaleSabotage = { kind: KIND };

/** Some command is decided on a state that is not so. */
function pretending(
	isMeant: (command: Command) => boolean,
	pretend: (state: TicketEventState, now: number) => Partial<TicketEventState>,
): SaleSabotage {
	const decide: TicketKind['decide'] = (state, command, context) => {
		const changes = isMeant(command) ? pretend(state, context.now) : {};
		return ticketEventKind.decide({ ...state, ...changes }, command, context);
	};
	return { kind: { ...ticketEventKind, decide } as unknown as ActorKind };
}

/** An object that answers one thing otherwise. */
const but = <T extends object>(inner: T, name: keyof T, other: unknown): T =>
	new Proxy(inner, {
		get: (target, asked) => {
			if (asked === name) return other;
			const value = Reflect.get(target, asked) as unknown;
			return typeof value === 'function' ? value.bind(target) : value;
		},
	});

/** The owner captures as soon as it hears of an authorisation. */
const captureUnnoted: SaleSabotage = {
	kind: KIND,
	misread: (call, result, apply) => {
		const { provider, key } = call;
		if (call.op === 'authorise' && result.outcome === 'done')
			apply({ op: 'capture', provider, key });
		return result;
	},
};

/** The deadline frees seats also when their capture was asked for. */
const seatsFreedInDoubt = pretending(
	({ name }) => name === 'wake',
	({ orders }, now) => ({
		orders: new Map(
			[...orders].map(([id, order]) => {
				const { payment } = order;
				const isMeant = payment.stands === 'mustWait' && order.deadline <= now;
				return [id, isMeant ? { ...order, payment: { ...payment, stands: 'asking' } } : order];
			}),
		),
	}),
);

/** Every seat looks free. */
const holdShared = pretending(
	({ name }) => name === 'hold',
	({ plan }) => ({ plan: but(plan, 'stateOf', () => 0) }),
);

/** The second in line goes first. */
const turnsOutOfOrder = pretending(
	({ name }) => name !== 'arrive',
	({ queue }) => ({
		queue: but(queue, 'first', (count: number) => {
			const [first, second, ...rest] = queue.first(count);
			return [second, first, ...rest].filter((userId) => userId !== undefined);
		}),
	}),
);

/** More may enter than there is to pick. */
const turnsWithoutSeats = pretending(
	() => true,
	({ tally }) => ({ tally: { ...tally, emptyHanded: 0 } }),
);

/** A time-out of the capture is taken for a success. */
const captureAssumed: SaleSabotage = {
	kind: KIND,
	misread: ({ op }, result) =>
		op === 'capture' && result.outcome === 'unknown' ? { outcome: 'done' } : result,
};

export const SALE_SABOTAGES: Readonly<Record<string, SaleSabotage>> = {
	'money is captured without its event': captureUnnoted,
	'seats are freed although their capture was asked for': seatsFreedInDoubt,
	'a hold is not exclusive': holdShared,
	'turns are given out of order': turnsOutOfOrder,
	'turns are given for which there is no seat': turnsWithoutSeats,
	'a capture without an answer is taken for done': captureAssumed,
	'events are taken for sent before they are': {
		kind: KIND,
		feed: (feed) =>
			hooked(feed, {
				publish: async (run) => {
					run().catch(() => {});
				},
			}),
	},
	'two owners may write': { kind: KIND, ...SABOTAGES['the journal has no unique index'] },
	'calls go out before their commit has landed': {
		kind: KIND,
		...SABOTAGES['answers and events leave before the commit has landed'],
	},
};
