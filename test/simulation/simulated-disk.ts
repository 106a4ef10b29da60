import { MemoryJournal, MemoryJournalState } from '../../src/adapters/memory/memory-journal.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { ActorSystem } from '../../src/core/actor-system.ts';
import type { CommitRecord, Journal, JournalWrite, Outcome } from '../../src/core/journal.ts';
import { OUTBOX } from '../../src/core/outbox-rows.ts';
import { REQUESTS, type Store } from '../../src/core/store.ts';
import { pack, unpack } from '../../src/protocol/codec.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';

/** A journal that tells of each record that it has newly taken in. */
class WatchedJournal extends MemoryJournal {
	readonly #state: MemoryJournalState;
	readonly #landed: (record: CommitRecord) => void;

	constructor(state: MemoryJournalState, landed: (record: CommitRecord) => void) {
		super(state);
		this.#state = state;
		this.#landed = landed;
	}

	override async append(writes: readonly JournalWrite[]): Promise<readonly Outcome[]> {
		const before = writes.map(({ record }) => this.#count(record.actor));
		const outcomes = await super.append(writes);
		writes.forEach(({ record }, index) => {
			if (this.#count(record.actor) > (before[index] ?? 0)) {
				this.#landed(unpack(pack(record)) as CommitRecord);
			}
		});
		return outcomes;
	}

	#count(actor: ActorKey): number {
		return this.#state.actors.get(actor)?.kept.length ?? 0;
	}
}

/** A copy of the journal as a backup has it: no snapshots, no read side. */
export type Backup = ReadonlyMap<
	ActorKey,
	Pick<ReturnType<MemoryJournalState['of']>, 'kept' | 'wake'>
>;

/** Journal and store of all nodes, which never fail by themselves. */
export class SimulatedDisk {
	readonly journal: Journal;
	readonly store: Store;
	readonly #state = new MemoryJournalState();
	readonly #kind: ActorKind;

	constructor(
		kind: ActorKind,
		options: { landed: (record: CommitRecord) => void; backup?: Backup | undefined },
	) {
		this.#kind = kind;
		this.journal = new WatchedJournal(this.#state, options.landed);
		this.store = new MemoryStore([REQUESTS, OUTBOX, ...kind.collections]);
		for (const [key, { kept, wake }] of options.backup ?? []) {
			const rows = this.#state.of(key);
			rows.kept.push(...kept);
			if (wake !== undefined) rows.wake = wake;
		}
	}

	/** Snapshots an actor of a node, which would do so only behind many more events. */
	async snapshotOne(system: ActorSystem): Promise<void> {
		const [key] = system.hosts.keys();
		if (key === undefined) return;
		const cut = await system.inspect(key, (_, actor) => {
			const { commit, position, at, history } = actor;
			const envelope = { version: 1, commit, position, at, boundaries: history.boundaries };
			return { commit, position, parts: [envelope, ...this.#kind.cut(actor.state)].map(pack) };
		});
		// Only if the store has all that it stands for.
		if (cut === undefined || (await this.store.watermark(key)) < cut.position) return;
		const { commit, parts } = cut;
		await Promise.all(
			parts.map((bytes, part) => this.journal.putSnapshotPart({ actor: key, commit, part, bytes })),
		);
		await this.journal.sealSnapshot(key, commit, parts.length);
	}

	backup(): Backup {
		return new Map(
			[...this.#state.actors].map(([key, { kept, wake }]) => [
				key,
				{ kept: [...kept], ...(wake && { wake }) },
			]),
		);
	}

	records(): CommitRecord[] {
		return [...this.#state.actors.values()].flatMap(({ kept }) =>
			kept.map(({ bytes }) => unpack(bytes) as CommitRecord),
		);
	}
}
