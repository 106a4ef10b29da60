import type { ActorKey } from '../protocol/ids.ts';
import { compareText } from './compare-keys.ts';
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
} from './journal.ts';
import { type Log, SILENT } from './log.ts';
import type { StoreShards } from './store-shards.ts';

/** A part of a journal; asked each time, for it may be another one later. */
export interface JournalPart {
	readonly journal: Journal;
}

/** One journal over several: each actor's records are in the one of its shard. */
export class ShardedJournal implements Journal {
	readonly #parts: readonly JournalPart[];
	readonly #shards: StoreShards;
	readonly #log: Log;

	constructor(parts: readonly JournalPart[], shards: StoreShards, log: Log = SILENT) {
		this.#parts = parts;
		this.#shards = shards;
		this.#log = log;
	}

	/** A shard without an answer leaves its own records unknown; rejects when there is none at all. */
	async append(writes: readonly JournalWrite[]): Promise<readonly Outcome[]> {
		const byShard = Map.groupBy(writes, ({ record }) => this.#of(record.actor));
		const [only] = byShard.keys();
		// The rule: each shard has a writer of its own.
		if (byShard.size === 1 && only !== undefined) return await only.append(writes);
		const outcomes = new Map<JournalWrite, Outcome>();
		const append = async (journal: Journal, part: readonly JournalWrite[]) => {
			const answers = await journal.append(part);
			for (const [n, write] of part.entries()) outcomes.set(write, answers[n] ?? 'unknown');
		};
		await someOf(
			[...byShard].map(([journal, part]) => append(journal, part)),
			(error) => this.#log.warn({ err: error }, 'a shard of the journal has no outcome yet'),
		);
		return writes.map((write) => outcomes.get(write) ?? 'unknown');
	}

	async head(actor: ActorKey): Promise<Head | undefined> {
		return await this.#of(actor).head(actor);
	}

	async read(
		actor: ActorKey,
		from: { readonly position: number } | { readonly commit: number },
		limits: ReadLimits,
	): ReturnType<Journal['read']> {
		return await this.#of(actor).read(actor, from, limits);
	}

	async snapshot(actor: ActorKey): Promise<Snapshot | undefined> {
		return await this.#of(actor).snapshot(actor);
	}

	async putSnapshotPart(part: SnapshotPart): Promise<void> {
		await this.#of(part.actor).putSnapshotPart(part);
	}

	async sealSnapshot(actor: ActorKey, commit: number, parts: number): Promise<void> {
		await this.#of(actor).sealSnapshot(actor, commit, parts);
	}

	/** Of the shards that answer: nobody could take up the actors of the others. */
	async wakes(dueMax: number, limit: number, after?: WakePlace): Promise<readonly WakeRow[]> {
		const found: WakeRow[] = [];
		const ask = async ({ journal }: JournalPart) => {
			found.push(...(await journal.wakes(dueMax, limit, after)));
		};
		await someOf(this.#parts.map(ask), (error) =>
			this.#log.warn({ err: error }, 'due work of a shard could not be read'),
		);
		const inOrder = found.sort((a, b) => a.due - b.due || compareText(a.actor, b.actor));
		return inOrder.slice(0, limit);
	}

	async setWake(actor: ActorKey, due: number | undefined, epoch: number): Promise<void> {
		await this.#of(actor).setWake(actor, due, epoch);
	}

	async redact(actor: ActorKey, position: number, data: unknown): Promise<void> {
		await this.#of(actor).redact(actor, position, data);
	}

	#of(actor: ActorKey): Journal {
		const part = this.#parts[this.#shards.of(actor)];
		if (part === undefined) throw new Error(`no journal is there for ${actor}`);
		return part.journal;
	}
}

/** Waits for all, and tells of those that fail; rejects when all do. */
async function someOf(
	all: readonly Promise<void>[],
	failed: (error: unknown) => void,
): Promise<void> {
	const results = await Promise.allSettled(all);
	const errors = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
	if (errors.length === all.length && errors.length > 0) throw errors[0];
	for (const error of errors) failed(error);
}
