import { isOpen, openWork, type PaymentState } from '../../../actors/ticket-event/payment-state.ts';
import type { StoredOrder } from '../../../actors/ticket-event/ticket-event-state.ts';
import type { LedgerRow } from '../../../src/simulators/payment/payment-ledger.ts';
import type { BookedOrder } from './order-book.ts';
import type { SaleJudge } from './sale-judge.ts';
import type { SaleProviders } from './sale-providers.ts';

/** An order with a call that failed too often, at the provider that never answers again (T9). */
export function isStuckForEver(
	{ state }: SaleJudge,
	{ neverAgain }: SaleProviders,
	{ id, payment }: Pick<StoredOrder, 'id' | 'payment'>,
): boolean {
	const isItsOwn = ({ attempts, captureOf }: PaymentState) =>
		attempts.some(
			({ provider, n }) =>
				provider === neverAgain && (n === captureOf || isOpen(attempts[n - 1] as never)),
		);
	return state.stuck.has(id) && isItsOwn(payment);
}

/** Nobody is inside, and nothing happens to any order any more. */
export function isSettled(judge: SaleJudge, providers: SaleProviders): boolean {
	const { visitors, stuck } = judge.state;
	if (visitors.size > 0 && stuck.size === 0) return false;
	return [...judge.state.orders.values()].every((order) => {
		const { payment } = order;
		if (payment.run !== undefined) return false;
		if (openWork(payment).length === 0)
			return payment.stands === 'paid' || payment.stands === 'over';
		return payment.stands !== 'none' && isStuckForEver(judge, providers, order);
	});
}

const FINAL = ['paid', 'expired', 'refunded'];

const net = (rows: readonly LedgerRow[]) =>
	rows.reduce((sum, { captured, refunded }) => sum + captured - refunded, 0);

/** At the end of a sale: every order is paid and sold or released and refunded, to the last coin. */
export function checkBooks(judge: SaleJudge, providers: SaleProviders): void {
	const { state } = judge;
	const rows = providers.rows();
	for (const [id, booked] of judge.orders) {
		const order = state.orders.get(id);
		if (order !== undefined && isStuckForEver(judge, providers, order)) continue;
		const own = rows.filter(({ orderId }) => orderId === id);
		checkOrder(judge, booked, own);
		const status = order?.status ?? 'gone';
		if (!FINAL.includes(status)) judge.complain(`${id} is ${status} at the end`);
	}
	const { captured, refunded } = state;
	const books = [...judge.orders.values()];
	const kept = books.reduce((sum, one) => sum + one.captured - one.refunded, 0);
	if (captured - refunded !== kept)
		judge.complain(`the sale has ${captured - refunded}, not ${kept}`);
	if (state.visitors.size > 0 && state.stuck.size === 0) {
		judge.complain(`still inside: ${[...state.visitors.keys()]}`);
	}
}

function checkOrder(judge: SaleJudge, { order, ...booked }: BookedOrder, rows: LedgerRow[]): void {
	const kept = booked.captured - booked.refunded;
	if (kept !== booked.worth) judge.complain(`${order.id}: ${kept} for tickets of ${booked.worth}`);
	if (net(rows) !== kept) judge.complain(`${order.id}: providers keep ${net(rows)}, books ${kept}`);
	const taken = rows.filter(({ captured }) => captured > 0);
	const isReturned = ({ captured, refunded }: LedgerRow) => captured === refunded;
	if (taken.filter((row) => !isReturned(row)).length > 1)
		judge.complain(`${order.id} is paid twice`);
	if (rows.some(({ state }) => state === 'authorised')) {
		judge.complain(`${order.id}: money stays reserved`);
	}
}
