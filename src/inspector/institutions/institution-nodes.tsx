import type { InstitutionBoard } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { count, duration } from '../numbers.ts';
import { type Column, Table } from '../parts/table.tsx';
import { actorsHref } from '../route.ts';
import { type NodeRow, nodeRows } from './node-rows.ts';

const words = texts.institutions;

const MINUTE_MS = 60_000;
const MINUTES = 4;

type Square = InstitutionBoard['matrix'][number];

/** Redder the more of its calls were bad. */
function SquareCell({ square }: { readonly square: Square | undefined }) {
	if (square === undefined || square.calls === 0) return <td class="square">–</td>;
	const { calls, bad } = square;
	return (
		<td
			class="square"
			data-bad={bad > 0}
			style={{ '--bad': `${Math.round((bad / calls) * 100)}%` }}
			title={words.badOf(count(bad), count(calls))}
		>
			{count(calls)}
			{bad > 0 && <small>{words.badOf(count(bad), count(calls))}</small>}
		</td>
	);
}

/** Calls of the last minutes, node by node: a row or a column says whose fault it is. */
export function CallMatrix({ board }: { readonly board: InstitutionBoard }) {
	const now = Math.floor(board.time / MINUTE_MS);
	const ages = Array.from({ length: MINUTES }, (_, n) => MINUTES - 1 - n);
	const nodes = [...new Set(board.matrix.map(({ node }) => node))];
	const at = new Map(board.matrix.map((square) => [`${square.node} ${square.minute}`, square]));
	return (
		<section>
			<h2>{words.matrix}</h2>
			<p class="note">{words.matrixHint}</p>
			{nodes.length === 0 ? (
				<p class="note">{texts.nothing}</p>
			) : (
				<div class="table-frame">
					<table aria-label={words.matrix}>
						<thead>
							<tr>
								<th scope="col">{texts.nodeName}</th>
								{ages.map((age) => (
									<th key={age} scope="col" class="square">
										{age === 0 ? words.minuteNow : words.minutesAgo(age)}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{nodes.map((node) => (
								<tr key={node}>
									<th scope="row" class="node">
										{texts.node(node)}
									</th>
									{ages.map((age) => (
										<SquareCell key={age} square={at.get(`${node} ${now - age}`)} />
									))}
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</section>
	);
}

function NodeName({ row: { node, isBad, isCanary, good } }: { readonly row: NodeRow }) {
	return (
		<>
			<a href={actorsHref(node)}>{texts.node(node)}</a>{' '}
			{isBad && <small class="tag warn">{words.isBad}</small>}{' '}
			{isCanary && (
				<small class="tag">
					{words.isCanary}
					{good !== undefined && `, ${words.goodCalls(count(good))}`}
				</small>
			)}
		</>
	);
}

const numberText = (value: number | undefined) => (value === undefined ? '–' : count(value));

const COLUMNS: readonly Column<NodeRow>[] = [
	{ name: texts.nodeName, show: (row) => <NodeName row={row} /> },
	{ name: words.holds, isNumber: true, show: ({ share }) => numberText(share) },
	{ name: words.wants, isNumber: true, show: ({ want }) => numberText(want) },
	{ name: words.upTo, isNumber: true, isMinor: true, show: ({ bound }) => numberText(bound) },
	{
		name: words.silentFor,
		isNumber: true,
		show: ({ agoMs }) => (agoMs === undefined ? '–' : duration(agoMs)),
	},
];

/** The nodes: their permits, who tries while the circuit is open, and whose calls are bad. */
export function NodeTable({ board }: { readonly board: InstitutionBoard }) {
	return (
		<section>
			<h2>{words.permits}</h2>
			{board.gate.canaries.length === 0 && <p class="note">{words.noCanaries}</p>}
			<Table
				label={words.permits}
				columns={COLUMNS}
				rows={nodeRows(board)}
				keyOf={({ node }) => node}
			/>
		</section>
	);
}
