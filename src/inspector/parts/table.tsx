import type { ComponentChildren } from 'preact';
import { texts } from '../language.ts';

/** One column: `isMinor` is left out where there is little room. */
export interface Column<Row> {
	readonly name: string;
	readonly isNumber?: boolean;
	readonly isMinor?: boolean;
	readonly show: (row: Row) => ComponentChildren;
}

interface TableProps<Row> {
	readonly label: string;
	readonly columns: readonly Column<Row>[];
	readonly rows: readonly Row[];
	readonly keyOf: (row: Row) => string | number;
}

const classOf = ({ isMinor, isNumber }: Pick<Column<never>, 'isMinor' | 'isNumber'>) =>
	[isNumber ? 'number' : '', isMinor ? 'minor' : ''].join(' ').trim();

/** Rows under their names; the first column names the row. */
export function Table<Row>({ label, columns, rows, keyOf }: TableProps<Row>) {
	const [first, ...others] = columns;
	if (first === undefined || rows.length === 0) return <p class="note">{texts.nothing}</p>;
	return (
		<div class="table-frame">
			<table aria-label={label}>
				<thead>
					<tr>
						{columns.map((column) => (
							<th key={column.name} scope="col" class={classOf(column)}>
								{column.name}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{rows.map((row) => (
						<tr key={keyOf(row)}>
							<th scope="row" class={classOf(first)}>
								{first.show(row)}
							</th>
							{others.map((column) => (
								<td key={column.name} class={classOf(column)}>
									{column.show(row)}
								</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}
