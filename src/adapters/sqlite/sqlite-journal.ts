import type {
	CommitRecord,
	Head,
	Journal,
	JournalWrite,
	Outcome,
	ReadLimits,
	Snapshot,
	SnapshotPart,
	WakePlace,
	WakeRow,
} from '../../core/journal.ts';
import { unpack } from '../../protocol/codec.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { packBody, unpackBody } from './commit-body.ts';
import type { PackedWrite } from './journal-log.ts';
import type { PackedRecord, PackedRecords } from './journal-reads.ts';
import type { JournalOps } from './journal-worker.ts';
import type { ReadOps } from './read-worker.ts';
import type { StorageThread } from './storage-thread.ts';
import { copyOwn, packOwn } from './thread-protocol.ts';
import type { ViewsOps } from './views-worker.ts';

/** The three threads of a data directory. */
export interface StorageThreads {
	readonly journal: StorageThread<JournalOps>;
	readonly views: StorageThread<ViewsOps>;
	readonly read: StorageThread<ReadOps>;
}

const packWrite = ({ record, wake }: JournalWrite): PackedWrite => {
	const { actor, commit, position, events, at, writer } = record;
	const body = packBody(record);
	const packed = [actor, commit, position, events.length, at, writer, body] as const;
	return wake === undefined ? packed : [...packed, wake.due, wake.epoch];
};

const unpackRecord = (actor: ActorKey, packed: PackedRecord): CommitRecord => {
	const [commit, position, at, writer, body] = packed;
	return { actor, commit, position, at, writer, ...unpackBody(body) };
};

/**
 * The journal of one node in SQLite: durable when answered. Rejects with `StorageError`; the outcome
 * of a rejected append is unknown.
 */
export class SqliteJournal implements Journal {
	readonly #threads: StorageThreads;

	constructor(threads: StorageThreads) {
		this.#threads = threads;
	}

	async append(writes: readonly JournalWrite[]): Promise<readonly Outcome[]> {
		const packed = packOwn(writes.map(packWrite));
		const outcomes = await this.#threads.journal.call('append', packed, [packed.buffer]);
		return Array.from(outcomes, (one): Outcome => (one === 1 ? 'landed' : 'fenced'));
	}

	head(actor: ActorKey): Promise<Head | undefined> {
		return this.#threads.read.call('head', actor);
	}

	async read(
		actor: ActorKey,
		from: { readonly position: number } | { readonly commit: number },
		{ bytesMax }: ReadLimits,
	): Promise<{ readonly records: readonly CommitRecord[]; readonly more: boolean }> {
		const packed = await this.#threads.read.call('records', { actor, ...from, bytesMax });
		const { records, more } = unpack(packed) as PackedRecords;
		return { records: records.map((one) => unpackRecord(actor, one)), more };
	}

	async snapshot(actor: ActorKey): Promise<Snapshot | undefined> {
		const packed = await this.#threads.read.call('snapshot', actor);
		return packed && (unpack(packed) as Snapshot);
	}

	async putSnapshotPart(part: SnapshotPart): Promise<void> {
		const bytes = copyOwn(part.bytes);
		await this.#threads.views.call('putSnapshotPart', { ...part, bytes }, [bytes.buffer]);
	}

	async sealSnapshot(actor: ActorKey, commit: number, parts: number): Promise<void> {
		await this.#threads.views.call('sealSnapshot', { actor, commit, parts });
	}

	wakes(dueMax: number, limit: number, after?: WakePlace): Promise<readonly WakeRow[]> {
		const from = after === undefined ? {} : { after: { due: after.due, actor: after.actor } };
		return this.#threads.read.call('wakes', { dueMax, limit, ...from });
	}

	async setWake(actor: ActorKey, due: number | undefined, epoch: number): Promise<void> {
		const args = due === undefined ? { actor, epoch } : { actor, due, epoch };
		await this.#threads.journal.call('setWake', args);
	}

	async redact(actor: ActorKey, position: number, data: unknown): Promise<void> {
		await this.#threads.journal.call('redact', { actor, position, data: packOwn(data) });
	}
}
