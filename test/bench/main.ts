/**
 * `npm run bench -- chat|cluster|ticket|institution [--quick] [--json FILE] [--only row,row] [--runs N]
 * [--profile DIR]`
 *
 * Measures Naru beside its peers and prints the table of goals. Ends with 1 only when a member of any
 * system missed a message; a goal out of reach is shown, not fatal.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { watchNeighbours } from './harness/neighbours.ts';
import { type Bench, type BenchRow, judge, type ResultRow } from './harness/row.ts';
import { table } from './harness/table.ts';
import { CHAT } from './rows/chat.ts';
import { CLUSTER } from './rows/cluster.ts';
import { INSTITUTION } from './rows/institution.ts';
import { TICKET } from './rows/ticket.ts';

const SCENARIOS: Readonly<Record<string, readonly BenchRow[]>> = {
	chat: CHAT,
	cluster: CLUSTER,
	ticket: TICKET,
	institution: INSTITUTION,
};
const RUNS = 5;

/** Says what is wrong with the arguments, and ends. */
function usage(problem: string): never {
	process.stderr.write(`${problem}\nusage: npm run bench -- ${Object.keys(SCENARIOS).join('|')}`);
	process.stderr.write(' [--quick] [--json FILE] [--only row,row] [--runs N] [--profile DIR]\n');
	process.exit(2);
}

function readArguments() {
	try {
		return parseArgs({
			allowPositionals: true,
			options: {
				quick: { type: 'boolean', default: false },
				json: { type: 'string' },
				only: { type: 'string' },
				runs: { type: 'string' },
				profile: { type: 'string' },
			},
		});
	} catch (error) {
		usage(error instanceof Error ? error.message : String(error));
	}
}

function chosen(rows: readonly BenchRow[], only: string | undefined): readonly BenchRow[] {
	if (only === undefined) return rows;
	const ids = only.split(',');
	const unknown = ids.filter((id) => !rows.some((row) => row.id === id));
	if (unknown.length > 0)
		usage(`no row ${unknown.join(', ')}; there are ${rows.map(({ id }) => id).join(', ')}`);
	return rows.filter((row) => ids.includes(row.id));
}

const seconds = (since: number) => ((performance.now() - since) / 1_000).toFixed(0);

/** Runs rows one after another; one that cannot be measured counts as missed and stops no other. */
async function measure(scenario: string, rows: readonly BenchRow[], bench: Bench) {
	const results: ResultRow[] = [];
	for (const row of rows) {
		const start = performance.now();
		const neighbours = watchNeighbours();
		bench.progress(`${row.id}: ${row.about}`);
		try {
			for (const finding of await row.run(bench))
				results.push(judge(scenario, finding, bench.quick));
		} catch (error) {
			bench.progress(`failed: ${error instanceof Error ? error.stack : String(error)}`);
			const failed = { name: `${row.id}: failed`, unit: '', value: Number.NaN, missed: 1 };
			results.push(judge(scenario, failed, bench.quick));
		}
		bench.progress(`${row.id} took ${seconds(start)} s`);
		const warning = neighbours();
		if (warning !== undefined) bench.progress(warning);
	}
	return results;
}

const { values, positionals } = readArguments();
const [scenario = 'chat'] = positionals;
const rows = SCENARIOS[scenario] ?? usage(`there is no scenario ${scenario}`);
const profileDir = values.profile === undefined ? undefined : resolve(values.profile);
if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });
const results = await measure(scenario, chosen(rows, values.only), {
	quick: values.quick,
	runs: values.quick ? 1 : Number(values.runs ?? RUNS),
	...(profileDir === undefined ? {} : { profileDir }),
	progress: (text) => void process.stderr.write(`${text}\n`),
});
if (values.quick) process.stdout.write('quick run: small sizes, judged by completeness only\n');
process.stdout.write(`${table(results, values.quick)}\n`);
if (values.json !== undefined)
	writeFileSync(values.json, `${JSON.stringify(results, undefined, '\t')}\n`);
process.exit(results.some(({ missed }) => missed > 0) ? 1 : 0);
