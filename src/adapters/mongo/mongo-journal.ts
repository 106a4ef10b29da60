import type { Collection, Db } from 'mongodb';
import type {
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
import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { type CommitDocument, redactBody } from './commit-document.ts';
import { insertCommits } from './journal-appends.ts';
import { JournalReads, type Records } from './journal-reads.ts';
import { RecentCommits } from './recent-commits.ts';
import { SnapshotParts } from './snapshot-parts.ts';
import { asStorageError, StorageError } from './storage-error.ts';
import type { StoreGuard } from './store-guard.ts';
import { WakeRows } from './wake-rows.ts';

/** Redactions of the same commit at once, each of which must find what the others left. */
const REDACT_ATTEMPTS_MAX = 20;

export interface MongoJournalOptions {
	readonly guard: StoreGuard;
	readonly runtime: Pick<Runtime, 'now'>;
	readonly log: Log;
}

/**
 * The journal of all nodes in MongoDB. An append resolves when a majority has the batch, and rejects
 * with `StorageError` when no outcome is known; every call ends within its timeout.
 */
export class MongoJournal implements Journal {
	readonly #commits: Collection<CommitDocument>;
	readonly #recent = new RecentCommits();
	readonly #reads: JournalReads;
	readonly #wakes: WakeRows;
	readonly #snapshots: SnapshotParts;
	readonly #guard: StoreGuard;
	readonly #runtime: Pick<Runtime, 'now'>;
	readonly #log: Log;

	constructor(db: Db, options: MongoJournalOptions) {
		this.#commits = db.collection('commits');
		this.#reads = new JournalReads(this.#commits, this.#recent);
		this.#wakes = new WakeRows(db.collection('wakes'));
		this.#snapshots = new SnapshotParts(db.collection('snapshotParts'), db.collection('snapshots'));
		this.#guard = options.guard;
		this.#runtime = options.runtime;
		this.#log = options.log;
	}

	async append(writes: readonly JournalWrite[]): Promise<readonly Outcome[]> {
		return await this.#guard.run('append', () => this.#append(writes), 'own');
	}

	async head(actor: ActorKey): Promise<Head | undefined> {
		return await this.#guard.run('head', () => this.#reads.head(actor));
	}

	async read(
		actor: ActorKey,
		from: { readonly position: number } | { readonly commit: number },
		limits: ReadLimits,
	): Promise<Records> {
		return await this.#guard.run('read', () =>
			'commit' in from
				? this.#reads.behindCommit(actor, from.commit, limits)
				: this.#reads.behindPosition(actor, from.position, limits),
		);
	}

	async snapshot(actor: ActorKey): Promise<Snapshot | undefined> {
		return await this.#guard.run('snapshot', () => this.#snapshots.newest(actor));
	}

	async putSnapshotPart({ actor, commit, part, bytes }: SnapshotPart): Promise<void> {
		const document = { _id: { actor, commit, part }, bytes };
		await this.#guard.run('putSnapshotPart', () => this.#snapshots.put(document));
	}

	async sealSnapshot(actor: ActorKey, commit: number, parts: number): Promise<void> {
		await this.#guard.run('sealSnapshot', () => this.#snapshots.seal(actor, commit, parts));
	}

	async wakes(dueMax: number, limit: number, after?: WakePlace): Promise<readonly WakeRow[]> {
		const haveJournal = (actors: readonly ActorKey[]) => this.#reads.known(actors);
		return await this.#guard.run('wakes', async () => {
			const rows = await this.#wakes.due(dueMax, limit, after);
			return await this.#wakes.withJournal(rows, this.#runtime.now(), haveJournal);
		});
	}

	async setWake(actor: ActorKey, due: number | undefined, epoch: number): Promise<void> {
		await this.#guard.run('setWake', () =>
			due === undefined ? this.#wakes.remove(actor, epoch) : this.#wakes.set(actor, due, epoch),
		);
	}

	async redact(actor: ActorKey, position: number, data: unknown): Promise<void> {
		await this.#guard.run('redact', () => this.#redact(actor, position, data));
	}

	async #append(writes: readonly JournalWrite[]): Promise<Outcome[]> {
		await this.#wakes.announce(writes);
		const outcomes = await insertCommits(this.#commits, writes);
		const unknown = outcomes.filter((one) => one === 'unknown').length;
		if (unknown > 0)
			this.#log.warn({ unknown, of: outcomes.length }, 'commits of no certain outcome');
		const landed = writes.filter((_, index) => outcomes[index] === 'landed');
		for (const { record } of landed) this.#recent.landed(record);
		// A row that stays too early wakes an actor for nothing: no reason to doubt the commit.
		await this.#wakes.settle(landed).catch((error: unknown) => {
			this.#log.warn({ err: asStorageError(error, 'append') }, 'wake rows stay early');
		});
		return outcomes;
	}

	async #redact(actor: ActorKey, position: number, data: unknown): Promise<void> {
		const commit = await this.#reads.firstBehind(actor, position - 1);
		if (commit === undefined) return;
		const _id = { actor, commit };
		for (let attempt = 0; attempt < REDACT_ATTEMPTS_MAX; attempt++) {
			const found = await this.#commits.findOne({ _id });
			if (found === null || position <= found.position - found.events) return;
			const { redactions = 0 } = found;
			const unchanged = redactions === 0 ? { redactions: { $exists: false } } : { redactions };
			const body = redactBody(found, position, data);
			const { matchedCount } = await this.#commits.updateOne(
				{ _id, ...unchanged },
				{ $set: { body, redactions: redactions + 1 } },
			);
			if (matchedCount === 1) return;
		}
		throw new StorageError('redact: others keep redacting the same commit', 'BUSY');
	}
}
