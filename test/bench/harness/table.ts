import type { ResultRow } from './row.ts';

/** Four digits at most, without an exponent. */
function figure(value: number): string {
	if (!Number.isFinite(value)) return '–';
	if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US');
	return String(Number(value.toPrecision(3)));
}

const reachOf = ({ reach, bound }: ResultRow) =>
	reach === null ? '' : `${bound === 'max' ? '≤' : '≥'} ${figure(reach)}`;

const peersOf = ({ peers }: ResultRow) =>
	Object.entries(peers)
		.map(([name, value]) => `${name} ${figure(value)}`)
		.join(', ');

function verdict(row: ResultRow, quick: boolean): string {
	if (row.missed > 0) return `MISSED ${row.missed}`;
	if (quick || row.reach === null) return 'complete';
	return row.ok ? 'ok' : 'OUT OF REACH';
}

const HEAD = ['row', 'value', 'unit', 'reach', 'peers', ''] as const;

/** The rows as a Markdown table that is also readable on a terminal. */
export function table(rows: readonly ResultRow[], quick: boolean): string {
	const cells = [
		HEAD,
		...rows.map((row) => [
			row.name,
			figure(row.value),
			row.unit,
			reachOf(row),
			peersOf(row),
			verdict(row, quick),
		]),
	];
	const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
	const lines = cells.map(
		(row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
	);
	const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
	return [lines[0], rule, ...lines.slice(1)].join('\n');
}
