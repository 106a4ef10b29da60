/**
 * Appends to the journal in the directory named by its argument until it is killed, and prints what
 * was acknowledged: one line `actor commit` for each commit. Run by `sqlite.test.ts`.
 */
import { writeSync } from 'node:fs';
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts';
import { recordOf } from '../contract/journal/records.ts';

const ACTORS = 40;

const [, , directory = ''] = process.argv;
const { journal } = await openSqlite({ directory, collections: [] });
for (let commit = 1; ; commit++) {
	const records = Array.from({ length: ACTORS }, (_, n) => recordOf(`channel/k${n}`, commit));
	const outcomes = await journal.append(records.map((record) => ({ record })));
	const landed = records.filter((_, n) => outcomes[n] === 'landed');
	// Synchronous, so that no acknowledgement is lost on its way when the kill comes.
	writeSync(1, landed.map(({ actor }) => `${actor} ${commit}\n`).join(''));
}
