import type { Collection, Filter } from 'mongodb';
import type { CommitRecord, Head, ReadLimits } from '../../core/journal.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { type CommitDocument, toRecord } from './commit-document.ts';
import { beginsWith, behind, between } from './id-range.ts';

const BATCH_RECORDS = 500;
/** Far more than bisection needs: positions that do not grow would never end it. */
const STEPS_MAX = 200;

type Mark = Pick<CommitDocument, '_id' | 'position'>;
export interface Records {
	readonly records: readonly CommitRecord[];
	readonly more: boolean;
}

/** Reads of commits; all of them in the order of `_id`, or backwards. */
export class JournalReads {
	readonly #commits: Collection<CommitDocument>;

	constructor(commits: Collection<CommitDocument>) {
		this.#commits = commits;
	}

	async head(actor: ActorKey): Promise<Head | undefined> {
		const newest = this.#commits
			.find<CommitDocument>(ofActor(actor), { projection: { body: 0 } })
			.sort({ _id: -1 })
			.limit(1);
		const [found] = await newest.toArray();
		if (found === undefined) return undefined;
		const { _id, position, writer, at } = found;
		return { commit: _id.commit, position, writer, at };
	}

	/** Those of the actors that have a journal: it is never trimmed, so their first commit is there. */
	async known(actors: readonly ActorKey[]): Promise<ReadonlySet<ActorKey>> {
		const ids = actors.map((actor) => ({ actor, commit: 1 }));
		const find = this.#commits.find<Mark>({ _id: { $in: ids } }, { projection: { _id: 1 } });
		return new Set((await find.toArray()).map(({ _id }) => _id.actor));
	}

	/** Stops behind the record that passes the limit. */
	async behindCommit(actor: ActorKey, commit: number, limits: ReadLimits): Promise<Records> {
		return await this.#records(from(actor, commit + 1), limits);
	}

	async behindPosition(actor: ActorKey, position: number, limits: ReadLimits): Promise<Records> {
		const first = await this.firstBehind(actor, position);
		if (first === undefined) return { records: [], more: false };
		return await this.#records({ ...from(actor, first), events: { $gt: 0 } }, limits);
	}

	/**
	 * The first commit that reaches behind `position`. Positions grow with the commits, so it is found
	 * by halving; an index of its own would cost every commit of every actor a third of its speed.
	 */
	async firstBehind(actor: ActorKey, position: number): Promise<number | undefined> {
		const head = await this.head(actor);
		if (head === undefined || head.position <= position) return undefined;
		// `high` is behind the position, `low` is not. Most ask for what is just behind the head.
		let high = head.commit;
		let low = 0;
		let step = head.position - position;
		for (let n = 0; n < STEPS_MAX && high - low > 1; n++) {
			const nearHead = head.commit - step;
			const probe = nearHead > low && nearHead < high ? nearHead : (low + high) >>> 1;
			step *= 2;
			const mark = await this.#markAt(actor, probe);
			if (mark === undefined || mark.position > position) high = probe;
			else low = mark._id.commit;
		}
		return high;
	}

	/** The commit with that number, or the next one that is there. */
	async #markAt(actor: ActorKey, commit: number): Promise<Mark | undefined> {
		const find = this.#commits
			.find<Mark>(from(actor, commit), { projection: { position: 1 } })
			.sort({ _id: 1 })
			.limit(1);
		return (await find.toArray())[0];
	}

	async #records(filter: Filter<CommitDocument>, { bytesMax }: ReadLimits): Promise<Records> {
		const cursor = this.#commits.find(filter).sort({ _id: 1 }).batchSize(BATCH_RECORDS);
		try {
			const records: CommitRecord[] = [];
			let bytes = 0;
			for await (const found of cursor) {
				if (bytes > bytesMax) return { records, more: true };
				records.push(toRecord(found));
				bytes += found.body.length;
			}
			return { records, more: false };
		} finally {
			await cursor.close();
		}
	}
}

const ofActor = (actor: ActorKey) => beginsWith<CommitDocument>({ actor }, 'commit');

const from = (actor: ActorKey, commit: number) =>
	between<CommitDocument>({ actor, commit }, behind({ actor }, 'commit'));
