import type { Reads, Row } from '../../src/core/store.ts';
import { STOCK_HISTORY } from './project-ticket-event.ts';
import {
	type Reserve,
	type StoredOrder,
	type TicketEventState,
	unitNumbers,
} from './ticket-event-state.ts';

const PAGE_ROWS = 1_000;
/** Differences that are named; one is too many. */
const NAMED_MAX = 100;

/** What the state says is sold, by purchase, at a position of the journal. */
export interface StockInUse {
	readonly id: string;
	readonly position: number;
	readonly purchases: Map<string, StoredOrder | Reserve>;
}

function purchasesOf(
	orders: ReadonlyMap<string, StoredOrder>,
	reserves: ReadonlyMap<string, Reserve>,
): Map<string, StoredOrder | Reserve> {
	const purchases = new Map<string, StoredOrder | Reserve>(orders);
	for (const [id, reserve] of reserves) purchases.set(id, reserve);
	return purchases;
}

/** A cut: orders and purchases are replaced, never changed in place. */
export const stockInUse = ({ id, position, orders, reserves }: TicketEventState): StockInUse => ({
	id,
	position,
	purchases: purchasesOf(orders, reserves),
});

const unitsOf = (purchase: StoredOrder | Reserve | undefined): readonly string[] => {
	if (purchase === undefined) return [];
	return 'tickets' in purchase
		? purchase.tickets.map(({ id, seatId }) => seatId ?? id)
		: unitNumbers(purchase.quantity);
};

/** Compares purchase by purchase, as the history names them. */
class Comparison {
	units = 0;
	readonly missing: string[] = [];
	readonly extra: string[] = [];
	readonly #purchases: Map<string, StoredOrder | Reserve>;
	#purchase = '';
	/** Units of the present purchase: what came is in use until it went. */
	readonly #inUse = new Map<string, number>();

	constructor(purchases: StockInUse['purchases']) {
		this.#purchases = purchases;
	}

	follow({ key }: Row): void {
		const [, purchase, unit, type] = key.map(String);
		if (purchase !== this.#purchase) this.#compare(purchase ?? '');
		const times = this.#inUse.get(unit ?? '') ?? 0;
		this.#inUse.set(unit ?? '', times + (type === 'PLUS' ? 1 : -1));
	}

	/** Behind the last row: what is left has none. */
	end(): void {
		this.#compare('');
		for (const purchase of [...this.#purchases.keys()]) {
			this.#purchase = purchase;
			this.#compare('');
		}
	}

	#compare(next: string): void {
		const sold = new Set(unitsOf(this.#purchases.get(this.#purchase)));
		this.units += sold.size;
		for (const unit of sold) if (this.#inUse.get(unit) !== 1) this.#name(this.missing, unit);
		for (const [unit, times] of this.#inUse) {
			if (times !== 0 && !sold.has(unit)) this.#name(this.extra, unit);
		}
		this.#purchases.delete(this.#purchase);
		this.#inUse.clear();
		this.#purchase = next;
	}

	#name(list: string[], unit: string): void {
		if (list.length < NAMED_MAX) list.push(`${this.#purchase} ${unit}`);
	}
}

/**
 * Holds the append-only history against the state (T11): `missing` are units that are sold without a
 * row, `extra` those that by the history are in use and by the state are not. Both are empty, or
 * something is very wrong. Between two pages others have their turn.
 */
export async function reconcileStock(
	{ id, position, purchases }: StockInUse,
	reads: Reads,
): Promise<{ units: number; missing: string[]; extra: string[] }> {
	const comparison = new Comparison(purchases);
	let after: Row['key'] | undefined;
	for (;;) {
		const page = await reads.page({
			collection: STOCK_HISTORY.name,
			prefix: [id],
			...(after === undefined ? {} : { after: after.slice(1) }),
			limit: PAGE_ROWS,
		});
		// What was sold since the state was looked at is not its business.
		for (const row of page.rows) if (row.changed <= position) comparison.follow(row);
		after = page.rows.at(-1)?.key;
		if (!page.more || after === undefined) break;
	}
	comparison.end();
	const { units, missing, extra } = comparison;
	return { units, missing, extra };
}
