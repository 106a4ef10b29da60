import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Snapshot, SnapshotPart } from '../../core/journal.ts';
import { allRows, firstRow, prepareRows, transact } from './database.ts';

/** Sealed snapshots that stay per actor. */
const SNAPSHOTS_MAX = 2;

export const SNAPSHOT_TABLES = `
	create table if not exists snapshots (
		actor text not null, number integer not null, parts integer not null,
		primary key (actor, number)
	) without rowid;
	create table if not exists snapshot_parts (
		actor text not null, number integer not null, part integer not null, bytes blob not null,
		unique (actor, number, part)
	);
`;

/** Writes snapshots in parts; only a sealed one is ever read. */
export class SnapshotWrites {
	readonly #db: DatabaseSync;
	readonly #put: StatementSync;
	readonly #count: StatementSync;
	readonly #seal: StatementSync;
	readonly #sealed: StatementSync;
	readonly #forget: StatementSync;
	readonly #forgetParts: StatementSync;

	constructor(db: DatabaseSync) {
		this.#db = db;
		this.#put = db.prepare(
			`insert into snapshot_parts (actor, number, part, bytes)
			select ?1, ?2, ?3, ?4 where not exists
				(select 1 from snapshots where actor = ?1 and number = ?2)
			on conflict do update set bytes = excluded.bytes`,
		);
		this.#count = prepareRows(
			db,
			'select count(*) from snapshot_parts where actor = ? and number = ?',
		);
		this.#seal = db.prepare(
			'insert into snapshots (actor, number, parts) values (?, ?, ?) on conflict do nothing',
		);
		this.#sealed = prepareRows(
			db,
			`select number from snapshots where actor = ? order by number desc limit ${SNAPSHOTS_MAX}`,
		);
		this.#forget = db.prepare('delete from snapshots where actor = ? and number < ?');
		this.#forgetParts = db.prepare(
			`delete from snapshot_parts where actor = ?1 and number < ?2 and not exists
				(select 1 from snapshots s where s.actor = ?1 and s.number = snapshot_parts.number)`,
		);
	}

	putPart({ actor, commit, part, bytes }: SnapshotPart): void {
		this.#put.run(actor, commit, part, bytes);
	}

	/** Throws when a part is missing. Older snapshots but one go, and parts that were never sealed. */
	seal(actor: string, commit: number, parts: number): void {
		transact(this.#db, () => {
			const [count] = firstRow<[number]>(this.#count, actor, commit) ?? [0];
			if (count !== parts || parts < 1) {
				throw new Error(`snapshot ${commit} of ${actor} has not ${parts} parts: write them again`);
			}
			this.#seal.run(actor, commit, parts);
			const sealed = allRows<[number]>(this.#sealed, actor);
			this.#forget.run(actor, sealed.at(-1)?.[0] ?? 0);
			this.#forgetParts.run(actor, sealed[0]?.[0] ?? 0);
		});
	}
}

/** Reads the newest sealed snapshot. */
export class SnapshotReads {
	readonly #newest: StatementSync;

	constructor(db: DatabaseSync) {
		// One statement, so that a seal in between cannot take the parts away.
		this.#newest = prepareRows(
			db,
			`select number, bytes from snapshot_parts where actor = ?1 and number =
				(select max(number) from snapshots where actor = ?1) order by part`,
		);
	}

	newest(actor: string): Snapshot | undefined {
		const rows = allRows<[number, Uint8Array]>(this.#newest, actor);
		const [first] = rows;
		return first && { commit: first[0], parts: rows.map(([, bytes]) => bytes) };
	}
}
