import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Head, WakePlace, WakeRow } from '../../core/journal.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { allRows, prepareRows } from './database.ts';
import { type LogEntry, LogWalk } from './log-walk.ts';

/** A record on its way from the log. */
export type PackedRecord = readonly [
	commit: number,
	position: number,
	at: number,
	writer: string,
	body: Uint8Array,
];

export interface PackedRecords {
	readonly records: readonly PackedRecord[];
	readonly more: boolean;
}

export interface ReadRequest {
	readonly actor: string;
	/** Records behind this commit, or those with events behind this position. */
	readonly commit?: number;
	readonly position?: number;
	readonly bytesMax: number;
}

export interface WakesRequest {
	readonly dueMax: number;
	readonly limit: number;
	readonly after?: WakePlace;
}

/** The reading side of the journal, on a connection of its own. */
export class JournalReads {
	readonly #db: DatabaseSync;
	readonly #walk: LogWalk;
	readonly #wakes: StatementSync;

	constructor(db: DatabaseSync) {
		this.#db = db;
		this.#walk = new LogWalk(db);
		this.#wakes = prepareRows(
			db,
			`select key, due, epoch from wakes
			where due <= ? and (due, key) > (?, ?) order by due, key limit ?`,
		);
	}

	head(key: string): Head | undefined {
		return this.#consistent(() => {
			const actor = this.#walk.actor(key);
			const entry = actor === undefined ? undefined : this.#walk.head(actor);
			if (entry === undefined) return undefined;
			const { number, position, writer, at } = entry;
			return { commit: number, position, writer, at };
		});
	}

	read(request: ReadRequest): PackedRecords {
		return this.#consistent(() => {
			const actor = this.#walk.actor(request.actor);
			const head = actor === undefined ? undefined : this.#walk.head(actor);
			if (actor === undefined || head === undefined) return { records: [], more: false };
			return this.#readFrom({ ...request, actor }, head);
		});
	}

	wakes({ dueMax, limit, after }: WakesRequest): WakeRow[] {
		const from = [after?.due ?? Number.MIN_SAFE_INTEGER, after?.actor ?? ''] as const;
		const rows = allRows<[ActorKey, number, number]>(this.#wakes, dueMax, ...from, limit);
		return rows.map(([actor, due, epoch]) => ({ actor, due, epoch }));
	}

	#readFrom(request: Omit<ReadRequest, 'actor'> & { actor: number }, head: LogEntry) {
		const { actor, commit, position, bytesMax } = request;
		const behind = commit ?? this.#commitBefore(actor, position ?? 0);
		const records: PackedRecord[] = [];
		let bytes = 0;
		for (const entry of this.#walk.forward(actor, behind, head)) {
			// By position, activations are passed over: they hold no events.
			if (position !== undefined && entry.events === 0) continue;
			const body = this.#walk.body(entry.row);
			records.push([entry.number, entry.position, entry.at, entry.writer, body]);
			bytes += body.length;
			if (bytes <= bytesMax) continue;
			const isLast =
				position === undefined ? entry.number === head.number : entry.position === head.position;
			return { records, more: !isLast };
		}
		return { records, more: false };
	}

	/** The number before the first commit with a position above `position`. */
	#commitBefore(actor: number, position: number): number {
		const end = this.#walk.endByPosition(actor, position + 1);
		if (end === undefined) return 0;
		const [first] = this.#walk.back(end, (entry) => entry.position > position);
		return first === undefined ? end.number : first.number - 1;
	}

	/** Runs several statements on one state of the file. */
	#consistent<T>(body: () => T): T {
		this.#db.exec('begin');
		try {
			return body();
		} finally {
			this.#db.exec('commit');
		}
	}
}
