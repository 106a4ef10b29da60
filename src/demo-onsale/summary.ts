import type { BuyerResult } from './buyer.ts';
import type { SaleReport } from './server-calls.ts';

/** A row of the payment simulator's ledger, as far as it is counted. */
export interface LedgerRow {
	readonly orderId: string;
	/** Minor units. */
	readonly captured: number;
	readonly refunded: number;
}

export interface Ending {
	readonly results: readonly BuyerResult[];
	readonly report: SaleReport;
	/** `undefined`: the simulator was not reached. */
	readonly ledger: readonly LedgerRow[] | undefined;
}

/** What the end of the sale says, and whether everything fits together. */
export interface Summary {
	readonly lines: readonly string[];
	readonly isRight: boolean;
}

const number = (value: number) => value.toLocaleString('en');
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

function codesOf(results: readonly BuyerResult[]): string {
	const counts = new Map<string, number>();
	for (const { code } of results) {
		if (code !== undefined) counts.set(code, (counts.get(code) ?? 0) + 1);
	}
	return [...counts].map(([code, count]) => `${code} ${number(count)}`).join(', ');
}

/** How far the first and the last of those who were told are apart. */
function toldWithin(results: readonly BuyerResult[]): string {
	const times = results.flatMap(({ toldAt }) => toldAt ?? []);
	if (times.length === 0) return '';
	const [first, last] = [Math.min(...times), Math.max(...times)];
	const all = times.length.toLocaleString('en');
	return ` (${all} in the queue, all told within ${seconds(last - first)})`;
}

interface Check {
	readonly holds: boolean;
	readonly says: string;
}

function checksOf({ results, report, ledger }: Ending): Check[] {
	const seats = results.flatMap((result) => result.seats);
	const others = report.sold - seats.length;
	const byOthers = others === 0 ? '' : ` and ${number(others)} of others (you?)`;
	const paid = report.captured - report.refunded;
	const checks: Check[] = [
		{ holds: new Set(seats).size === seats.length, says: 'no seat has two tickets' },
		{
			holds: others >= 0 && report.sold <= report.capacity,
			says: `sold ${number(report.sold)} = tickets ${number(seats.length)} of the buyers${byOthers}`,
		},
		{ holds: report.stuck.length === 0, says: 'no payment needs a person' },
	];
	if (ledger === undefined) return checks;
	const captured = ledger.reduce((sum, row) => sum + row.captured - row.refunded, 0);
	const inLedger = `the simulator's ledger has captured ${number(captured)}`;
	checks.push({ holds: captured === paid, says: `paid ${number(paid)} KRW; ${inLedger}` });
	return checks;
}

/** Counts how it went, and holds the sale against tickets and ledger. */
export function summarise(ending: Ending): Summary {
	const { results, report, ledger } = ending;
	const having = (outcome: BuyerResult['outcome']) =>
		results.filter((result) => result.outcome === outcome);
	const declined = results.filter((result) => result.declined).length;
	const failed = having('failed');
	const checks = checksOf(ending);
	const lines = [
		`sold       ${number(report.sold)} of ${number(report.capacity)} seats`,
		`bought     ${number(having('bought').length)} buyers`,
		`sold out   ${number(having('soldOut').length)} buyers${toldWithin(results)}`,
		`went away  ${number(having('left').length + having('missed').length)} buyers, by themselves`,
		`declined   ${number(declined)} cards`,
		`waits      half at most ${seconds(report.waitP50Ms)}, 99 of 100 at most ${seconds(report.waitP99Ms)}`,
		...(failed.length === 0 ? [] : [`failed     ${number(failed.length)}: ${codesOf(failed)}`]),
		...checks.map(({ holds, says }) => `${holds ? 'right     ' : 'WRONG     '} ${says}`),
		...(ledger === undefined ? ['not asked  the ledger: pass --ledger with its address'] : []),
	];
	return { lines, isRight: checks.every(({ holds }) => holds) };
}
