import type { Collection, Filter } from 'mongodb';
import type { CommitRecord, Head, ReadLimits } from '../../core/journal.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { type CommitDocument, toRecord } from './commit-document.ts';
import { beginsWith, behind, between } from './id-range.ts';
import type { RecentCommits } from './recent-commits.ts';

const BATCH_RECORDS = 500;
/** Far more than bisection needs: positions that do not grow would never end it. */
const STEPS_MAX = 200;

type Mark = Pick<CommitDocument, '_id' | 'position' | 'events'>;
export interface Records {
	readonly records: readonly CommitRecord[];
	readonly more: boolean;
}

/** Reads of commits; all of them in the order of `_id`, or backwards. */
export class JournalReads {
	readonly #commits: Collection<CommitDocument>;
	readonly #recent: RecentCommits;

	constructor(commits: Collection<CommitDocument>, recent: RecentCommits) {
		this.#commits = commits;
		this.#recent = recent;
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
	 * The first commit that reaches behind `position`. Positions grow with the commits, so it is looked for
	 * between two that are known, by turns where it would be if they grew evenly and by halving; an index
	 * of its own would cost every commit of every actor a third of its speed.
	 */
	async firstBehind(actor: ActorKey, position: number): Promise<number | undefined> {
		return this.#recent.behind(actor, position) ?? (await this.#search(actor, position));
	}

	async #search(actor: ActorKey, position: number): Promise<number | undefined> {
		const head = await this.head(actor);
		if (head === undefined || head.position <= position) return undefined;
		// `high` is behind the position, `low` is not. Most ask for what is just behind the head.
		let high = { commit: head.commit, position: head.position };
		let low = { commit: 0, position: 0 };
		let guess = head.commit - (head.position - position);
		for (let n = 0; n < STEPS_MAX && high.commit - low.commit > 1; n++) {
			const isBetween = guess > low.commit && guess < high.commit;
			const probe = isBetween ? guess : (low.commit + high.commit) >>> 1;
			const mark = await this.#markAt(actor, probe);
			if (mark === undefined) high = { ...high, commit: probe };
			else if (mark.position <= position)
				low = { commit: mark._id.commit, position: mark.position };
			else if (mark.position - mark.events <= position) return mark._id.commit;
			else high = { commit: probe, position: mark.position };
			guess = n % 2 === 0 ? evenly(low, high, position) : 0;
		}
		return high.commit;
	}

	/** The commit with that number, or the next one that is there. */
	async #markAt(actor: ActorKey, commit: number): Promise<Mark | undefined> {
		const find = this.#commits
			.find<Mark>(from(actor, commit), { projection: { position: 1, events: 1 } })
			.sort({ _id: 1 })
			.limit(1);
		return (await find.toArray())[0];
	}

	async #records(filter: Filter<CommitDocument>, limits: ReadLimits): Promise<Records> {
		const { bytesMax, recordsMax = 0 } = limits;
		const found = this.#commits.find(filter).sort({ _id: 1 });
		const cursor = found.limit(recordsMax).batchSize(recordsMax || BATCH_RECORDS);
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

interface Place {
	readonly commit: number;
	readonly position: number;
}

/** The commit that reaches behind `position` if positions grow evenly between two. */
function evenly(low: Place, high: Place, position: number): number {
	const share = (position + 1 - low.position) / (high.position - low.position);
	return low.commit + Math.ceil(share * (high.commit - low.commit));
}

const ofActor = (actor: ActorKey) => beginsWith<CommitDocument>({ actor }, 'commit');

const from = (actor: ActorKey, commit: number) =>
	between<CommitDocument>({ actor, commit }, behind({ actor }, 'commit'));
