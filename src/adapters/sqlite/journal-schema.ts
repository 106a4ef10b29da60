import type { DatabaseSync } from 'node:sqlite';

/** Version of the tables in `journal.db`; a newer one was written by a newer release. */
const VERSION = 1;

/** Every 64th commit of an actor has a mark, so that any commit is found in at most 64 steps back. */
export const MARK_EVERY = 64;

/**
 * `log` only grows at its end, whoever writes: each row names the actor's row before it, which is
 * four times as fast as a table keyed by (actor, number). `heads` is what writers are fenced by.
 */
const TABLES = `
	create table if not exists actors (id integer primary key, key text not null unique);
	create table if not exists log (
		row integer primary key, actor integer not null, previous integer not null,
		number integer not null, position integer not null, events integer not null,
		at integer not null, writer text not null, body blob not null
	);
	create table if not exists heads (
		actor integer primary key, number integer not null, row integer not null
	);
	create table if not exists marks (
		actor integer not null, number integer not null, position integer not null,
		row integer not null, primary key (actor, number)
	) without rowid;
	create index if not exists marks_position on marks (actor, position, number);
	create table if not exists wakes (
		actor integer primary key, key text not null, due integer not null, epoch integer not null
	);
	create index if not exists wakes_due on wakes (due, key);
`;

/** Makes the tables; throws when a newer release has changed them. */
export function prepareJournal(db: DatabaseSync): void {
	checkVersion(db, VERSION);
	db.exec(TABLES);
	db.exec(`pragma user_version = ${VERSION}`);
}

/** Throws when the file has a newer version than this release knows. */
export function checkVersion(db: DatabaseSync, known: number): void {
	const found = Number(db.prepare('pragma user_version').get()?.user_version);
	if (found > known) {
		throw new Error(
			`${db.location()} has format ${found}, this release knows up to ${known}: run a newer one`,
		);
	}
}
