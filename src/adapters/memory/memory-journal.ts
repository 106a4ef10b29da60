import { compareText } from '../../core/compare-keys.ts';
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
import { pack, unpack } from '../../protocol/codec.ts';
import type { ActorKey } from '../../protocol/ids.ts';

/** A record as kept: packed, so that what the caller or a reader changes later changes nothing here. */
interface Kept extends Head {
	readonly eventCount: number;
	readonly bytes: Uint8Array;
}

interface Parts {
	readonly parts: Map<number, Uint8Array>;
	sealed: boolean;
}

interface ActorRows {
	/** The record of commit n stands at n - 1. */
	readonly kept: Kept[];
	readonly snapshots: Map<number, Parts>;
	wake?: { readonly due: number; readonly epoch: number };
}

/** Sealed snapshots that stay per actor. */
const SNAPSHOTS_MAX = 2;

/** What several {@link MemoryJournal} clients share: the "disk" of a simulation. */
export class MemoryJournalState {
	readonly actors = new Map<ActorKey, ActorRows>();

	/** The actor's rows, made on first use. */
	of(actor: ActorKey): ActorRows {
		const there = this.actors.get(actor);
		if (there !== undefined) return there;
		const made: ActorRows = { kept: [], snapshots: new Map() };
		this.actors.set(actor, made);
		return made;
	}
}

const keep = (record: CommitRecord): Kept => ({
	commit: record.commit,
	position: record.position,
	writer: record.writer,
	at: record.at,
	eventCount: record.events.length,
	bytes: pack(record),
});

const comparePlaces = (one: WakePlace, other: WakePlace) =>
	one.due - other.due || compareText(one.actor, other.actor);

/**
 * A journal in memory with the semantics of the SQLite one, for tests and simulations: nothing is
 * durable, every answer is decided before the call returns. Two clients on one state are two nodes.
 */
export class MemoryJournal implements Journal {
	readonly #state: MemoryJournalState;

	constructor(state: MemoryJournalState = new MemoryJournalState()) {
		this.#state = state;
	}

	async append(writes: readonly JournalWrite[]): Promise<readonly Outcome[]> {
		return writes.map((write) => this.#appendOne(write));
	}

	async head(actor: ActorKey): Promise<Head | undefined> {
		const last = this.#state.actors.get(actor)?.kept.at(-1);
		if (last === undefined) return undefined;
		return { commit: last.commit, position: last.position, writer: last.writer, at: last.at };
	}

	async read(
		actor: ActorKey,
		from: { readonly position: number } | { readonly commit: number },
		limits: ReadLimits,
	): Promise<{ readonly records: readonly CommitRecord[]; readonly more: boolean }> {
		const kept = this.#state.actors.get(actor)?.kept ?? [];
		const wanted =
			'commit' in from
				? kept.slice(from.commit)
				: kept.filter((one) => one.position > from.position && one.eventCount > 0);
		const records: CommitRecord[] = [];
		let bytes = 0;
		for (const one of wanted) {
			records.push(unpack(one.bytes) as CommitRecord);
			bytes += one.bytes.length;
			if (bytes > limits.bytesMax) break;
		}
		return { records, more: records.length < wanted.length };
	}

	async snapshot(actor: ActorKey): Promise<Snapshot | undefined> {
		const [newest] = this.#sealed(actor);
		if (newest === undefined) return undefined;
		const [commit, { parts }] = newest;
		const inOrder = [...parts].sort(([one], [other]) => one - other);
		return { commit, parts: inOrder.map(([, bytes]) => bytes.slice()) };
	}

	async putSnapshotPart({ actor, commit, part, bytes }: SnapshotPart): Promise<void> {
		const { snapshots } = this.#state.of(actor);
		const there = snapshots.get(commit) ?? { parts: new Map(), sealed: false };
		snapshots.set(commit, there);
		if (!there.sealed) there.parts.set(part, new Uint8Array(bytes));
	}

	async sealSnapshot(actor: ActorKey, commit: number, parts: number): Promise<void> {
		const { snapshots } = this.#state.of(actor);
		const there = snapshots.get(commit);
		if (there?.parts.size !== parts || parts < 1) {
			throw new Error(`snapshot ${commit} of ${actor} has not ${parts} parts: write them again`);
		}
		there.sealed = true;
		const kept = this.#sealed(actor).slice(0, SNAPSHOTS_MAX);
		const newest = kept[0]?.[0] ?? 0;
		for (const old of snapshots.keys()) {
			if (old < newest && !kept.some(([one]) => one === old)) snapshots.delete(old);
		}
	}

	async wakes(dueMax: number, limit: number, after?: WakePlace): Promise<readonly WakeRow[]> {
		const rows: WakeRow[] = [];
		for (const [actor, { wake }] of this.#state.actors) {
			if (wake === undefined || wake.due > dueMax) continue;
			const row = { actor, ...wake };
			if (after === undefined || comparePlaces(row, after) > 0) rows.push(row);
		}
		return rows.sort(comparePlaces).slice(0, limit);
	}

	async setWake(actor: ActorKey, due: number | undefined, epoch: number): Promise<void> {
		const rows = this.#state.actors.get(actor);
		// A key without a journal has no work that could be due.
		if (rows === undefined || rows.kept.length === 0) return;
		if (rows.wake !== undefined && rows.wake.epoch > epoch) return;
		if (due === undefined) delete rows.wake;
		else rows.wake = { due, epoch };
	}

	async redact(actor: ActorKey, position: number, data: unknown): Promise<void> {
		const kept = this.#state.actors.get(actor)?.kept ?? [];
		const index = kept.findIndex((one) => one.position >= position);
		const found = kept[index];
		if (found === undefined) return;
		const record = unpack(found.bytes) as CommitRecord;
		const at = position - (found.position - found.eventCount) - 1;
		const events = record.events.map((event, n) => (n === at ? { ...event, data } : event));
		kept[index] = keep({ ...record, events });
	}

	#appendOne({ record, wake }: JournalWrite): Outcome {
		const last = this.#state.actors.get(record.actor)?.kept.length ?? 0;
		// A gap: this writer's picture of the journal is wrong, so it has to stop and read again.
		if (record.commit > last + 1) return 'fenced';
		const rows = this.#state.of(record.actor);
		const there = rows.kept[record.commit - 1];
		if (there !== undefined) return there.writer === record.writer ? 'landed' : 'fenced';
		rows.kept.push(keep(record));
		if (wake !== undefined && (rows.wake?.epoch ?? 0) <= wake.epoch) rows.wake = { ...wake };
		return 'landed';
	}

	/** Sealed snapshots, newest first. */
	#sealed(actor: ActorKey): [number, Parts][] {
		return [...(this.#state.actors.get(actor)?.snapshots ?? [])]
			.filter(([, { sealed }]) => sealed)
			.sort(([one], [other]) => other - one);
	}
}
