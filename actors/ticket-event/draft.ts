import type { Caller, Context, Decision, Rejection } from '../../src/core/actor-kind.ts';
import { refusal } from '../../src/core/entries.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import type { Args } from '../../src/protocol/kind.ts';
import type { TicketEventInfo, ticketEventContract } from '../../src/protocol/ticket-event.ts';
import { infoOf } from './show-me.ts';
import { count, type Phase, type Tally } from './tally.ts';
import type { TicketEvent } from './ticket-event-events.ts';
import { changedSale, type Pace, type Sale, type TicketEventState } from './ticket-event-state.ts';

/** Who asks, and all that may be known besides the state. */
export interface Ask {
	readonly caller: Caller;
	readonly context: Context;
}

export type TicketDecision = Decision<TicketEvent>;
export type CommandName = keyof (typeof ticketEventContract)['commands'];
export type CommandArgs<C extends CommandName> = Args<typeof ticketEventContract, C>;

/** One command's rule. */
export type Decider<C extends CommandName> = (
	draft: Draft,
	args: CommandArgs<C>,
	ask: Ask,
) => TicketDecision;

/** Rules by command name. */
export type Deciders = { readonly [C in CommandName]?: Decider<C> };

/** Says no, with what to do about it. */
export const refuse: (code: ErrorCode, message: string, retryAfterMs?: number) => Rejection =
	refusal;

export const CLOSED = refuse('CLOSED', 'the sale is closed');

/**
 * What one command leads to so far: the events, and the tally behind them. The state stays as it was
 * before the first of them.
 */
export class Draft {
	readonly state: TicketEventState;
	readonly now: number;
	readonly tally: Tally;
	readonly events: TicketEvent[] = [];
	/** As they are behind the events. */
	sale: Sale;
	pace: Pace;

	constructor(state: TicketEventState, now: number) {
		this.state = state;
		this.now = now;
		this.tally = { ...state.tally };
		this.sale = state.sale;
		this.pace = state.pace;
	}

	add(event: TicketEvent): void {
		this.events.push(event);
		count(this.tally, event);
		if (event.type === 'settingsChanged') {
			this.sale = changedSale(this.sale, event.data.settings);
		}
		if ('pace' in event.data && event.data.pace !== undefined) this.pace = event.data.pace;
	}

	/** Where the event stands, also when its time has come and nobody has noticed yet. */
	get phase(): Phase {
		const { phase } = this.tally;
		return phase !== 'closed' && isDue(this.sale.closesAt, this.now) ? 'closed' : phase;
	}

	accept(reply: unknown = {}): TicketDecision {
		return { ok: true, events: this.events, reply };
	}

	/** How the event is shown once `changes` are made. */
	info(changes: { readonly phase?: Phase; readonly paused?: boolean } = {}): TicketEventInfo {
		return infoOf(this.state, this.sale, { ...this.tally, ...changes });
	}

	/** The same with another sale, and so many units more. */
	infoWith(sale: Sale, added: number): TicketEventInfo {
		const capacity = this.tally.capacity + added;
		return infoOf(this.state, sale, { ...this.tally, capacity, free: this.tally.free + added });
	}
}

const isDue = (at: number | undefined, now: number) => at !== undefined && at <= now;
