import type { Reads, Row } from '../../src/core/store.ts';
import { STOCK_HISTORY } from './project-ticket-event.ts';
import { type TicketEventState, unitNumbers } from './ticket-event-state.ts';

const PAGE_ROWS = 1_000;
/** Differences that are named; one is too many. */
const NAMED_MAX = 100;

/** What the state says is sold, as `purchase unit`, at a position of the journal. */
export interface StockInUse {
	readonly id: string;
	readonly position: number;
	readonly units: ReadonlySet<string>;
}

export function stockInUse({ id, position, orders, reserves }: TicketEventState): StockInUse {
	const units = new Set<string>();
	for (const { id: purchase, status, tickets } of orders.values()) {
		if (status !== 'paid') continue;
		for (const ticket of tickets) units.add(`${purchase} ${ticket.seatId ?? ticket.id}`);
	}
	for (const [purchase, { quantity }] of reserves) {
		for (const unit of unitNumbers(quantity)) units.add(`${purchase} ${unit}`);
	}
	return { id, position, units };
}

/** Takes a row of the history in: what came is in use until it went. */
function follow(inUse: Map<string, number>, { key }: Row): void {
	const [, purchase, unit, type] = key;
	const name = `${purchase} ${unit}`;
	inUse.set(name, (inUse.get(name) ?? 0) + (type === 'PLUS' ? 1 : -1));
}

/**
 * Holds the append-only history against the state (T11): `missing` are units that are sold without a
 * row, `extra` those that by the history are in use and by the state are not. Both are empty, or
 * something is very wrong.
 */
export async function reconcileStock(
	{ id, position, units }: StockInUse,
	reads: Reads,
): Promise<{ units: number; missing: string[]; extra: string[] }> {
	const inUse = new Map<string, number>();
	let after: Row['key'] | undefined;
	for (;;) {
		const page = await reads.page({
			collection: STOCK_HISTORY.name,
			prefix: [id],
			...(after === undefined ? {} : { after: after.slice(1) }),
			limit: PAGE_ROWS,
		});
		// What was sold since the state was looked at is not its business.
		for (const row of page.rows) if (row.changed <= position) follow(inUse, row);
		after = page.rows.at(-1)?.key;
		if (!page.more || after === undefined) break;
	}
	const missing = [...units].filter((unit) => inUse.get(unit) !== 1);
	const extra = [...inUse.keys()].filter((unit) => inUse.get(unit) !== 0 && !units.has(unit));
	return {
		units: units.size,
		missing: missing.slice(0, NAMED_MAX),
		extra: extra.slice(0, NAMED_MAX),
	};
}
