import type { AnyBulkWriteOperation, Collection, Filter } from 'mongodb';
import type { JournalWrite, WakePlace, WakeRow } from '../../core/journal.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { duplicatesOf, hasOnlyDuplicates } from './storage-error.ts';

export interface WakeDocument {
	readonly _id: ActorKey;
	readonly due: number;
	readonly epoch: number;
	/** Counted up with each commit that was to come: tells a row from one that only looks the same. */
	readonly announced?: number;
}

type Operation = AnyBulkWriteOperation<WakeDocument>;

/** A row whose commit did not land in this time belongs to an actor that was never made. */
const WITHOUT_JOURNAL_MAX_MS = 24 * 60 * 60 * 1000;

const rowsOf = (writes: readonly JournalWrite[]): WakeDocument[] =>
	writes.flatMap(({ record, wake }) => (wake ? [{ _id: record.actor, ...wake }] : []));

/** Due work by actor. Each write names its epoch and loses against a higher one. */
export class WakeRows {
	readonly #rows: Collection<WakeDocument>;

	constructor(rows: Collection<WakeDocument>) {
		this.#rows = rows;
	}

	/** Before their commits are sent: from then on, work is due no later than any outcome needs it. */
	async announce(writes: readonly JournalWrite[]): Promise<void> {
		const operations = rowsOf(writes).map(
			({ _id, due, epoch }): Operation => ({
				updateOne: {
					filter: { _id, epoch: { $lte: epoch } },
					update: { $min: { due }, $set: { epoch }, $inc: { announced: 1 } },
					upsert: true,
				},
			}),
		);
		await this.#write(operations);
	}

	/** Behind their commits: a row that had to stay early until then may move on. */
	async settle(writes: readonly JournalWrite[]): Promise<void> {
		const operations = rowsOf(writes).map(
			({ _id, due, epoch }): Operation => ({
				updateOne: {
					filter: { _id, epoch: { $lte: epoch }, due: { $lt: due } },
					update: { $set: { due, epoch } },
				},
			}),
		);
		await this.#write(operations);
	}

	async set(_id: ActorKey, due: number, epoch: number): Promise<void> {
		const filter = { _id, epoch: { $lte: epoch } };
		await this.#write([{ updateOne: { filter, update: { $set: { due, epoch } }, upsert: true } }]);
	}

	async remove(actor: ActorKey, epoch: number): Promise<void> {
		await this.#rows.deleteOne({ _id: actor, epoch: { $lte: epoch } });
	}

	/** By due time, then key. */
	async due(dueMax: number, limit: number, after?: WakePlace): Promise<WakeDocument[]> {
		const behind: Filter<WakeDocument>[] =
			after === undefined
				? []
				: [
						{ due: { $gte: after.due } },
						{ $or: [{ due: { $gt: after.due } }, { _id: { $gt: after.actor } }] },
					];
		const found = this.#rows
			.find({ $and: [{ due: { $lte: dueMax } }, ...behind] })
			.sort({ due: 1, _id: 1 })
			.limit(limit);
		return await found.toArray();
	}

	/** Without the rows that wait for a commit which has not come for a day; those are removed. */
	async withJournal(
		rows: readonly WakeDocument[],
		now: number,
		haveJournal: (actors: readonly ActorKey[]) => Promise<ReadonlySet<ActorKey>>,
	): Promise<WakeRow[]> {
		const old = rows.filter(({ due }) => due < now - WITHOUT_JOURNAL_MAX_MS);
		const known = old.length === 0 ? new Set() : await haveJournal(old.map(({ _id }) => _id));
		const orphans = new Set(old.filter(({ _id }) => !known.has(_id)));
		await this.#forget([...orphans]);
		return rows
			.filter((row) => !orphans.has(row))
			.map(({ _id, due, epoch }) => ({ actor: _id, due, epoch }));
	}

	/** Unless a commit was announced since they were read. */
	async #forget(orphans: readonly WakeDocument[]): Promise<void> {
		if (orphans.length === 0) return;
		const operations = orphans.map(({ _id, due, epoch, announced }) => ({
			deleteOne: { filter: { _id, due, epoch, announced: announced ?? { $exists: false } } },
		}));
		await this.#rows.bulkWrite(operations, { ordered: false });
	}

	/** A row inserted beside ours is met once more: then it is updated, or stands above us. */
	async #write(operations: readonly Operation[], isLast = false): Promise<void> {
		if (operations.length === 0) return;
		try {
			await this.#rows.bulkWrite(operations, { ordered: false });
		} catch (error) {
			if (!hasOnlyDuplicates(error)) throw error;
			const met = duplicatesOf(error).map((index) => operations[index] as Operation);
			if (!isLast) await this.#write(met, true);
		}
	}
}
