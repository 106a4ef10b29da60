import type { ActorKey } from '../protocol/ids.ts';
import { fieldValue } from './columns.ts';
import { mergePages } from './merge-pages.ts';
import type {
	Collection,
	Doc,
	DropQuery,
	EventRows,
	Key,
	KeyPart,
	Page,
	PageQuery,
	ProjectedCommit,
	Row,
	RowVersion,
	RowWrite,
	Store,
} from './store.ts';
import type { StoreShards } from './store-shards.ts';

/** What belongs to no actor is there. */
const FIRST = 0;

/** A part of a store; asked each time, for it may be another one later. */
export interface StorePart {
	readonly store: Store;
}

/**
 * One store over several. A row is with the actor that its collection names, so that a store that is
 * away takes only its own actors' rows with it; what belongs to no actor is in the first. Pages that go
 * over actors are asked from all, merged, and rejected when one does not answer: never a part.
 */
export class ShardedStore implements Store {
	readonly #parts: readonly StorePart[];
	readonly #shards: StoreShards;
	readonly #collections: ReadonlyMap<string, Collection>;

	constructor(
		parts: readonly StorePart[],
		shards: StoreShards,
		collections: readonly Collection[],
	) {
		this.#parts = parts;
		this.#shards = shards;
		this.#collections = new Map(collections.map((one) => [one.name, one]));
		for (const one of collections) checkActorColumn(one);
	}

	async get(collection: string, key: Key): Promise<Row | undefined> {
		return await this.#holder(collection, key).get(collection, key);
	}

	async put(collection: string, key: Key, doc: Doc): Promise<void> {
		await this.#holder(collection, key).put(collection, key, doc);
	}

	/** Only of collections that belong to no actor. */
	async dropBelow(query: DropQuery): Promise<number> {
		return await this.#holder(query.collection, []).dropBelow(query);
	}

	async drop(collection: string, rows: readonly RowVersion[]): Promise<void> {
		await this.#holder(collection, rows[0]?.key ?? []).drop(collection, rows);
	}

	async watermark(actor: ActorKey): Promise<number> {
		return await this.#store(this.#shards.of(actor)).watermark(actor);
	}

	async page(query: PageQuery): Promise<Page> {
		const collection = this.#collection(query.collection);
		const fields = indexFields(collection, query.index);
		const shard = this.#shardOf(collection, query.prefix.slice(fields.length));
		if (shard !== undefined) return await this.#store(shard).page(query);
		const pages = await Promise.all(this.#parts.map(({ store }) => store.page(query)));
		return mergePages(query, pages, ({ key, doc }) => [
			...fields.map((field) => fieldValue(doc, field) as KeyPart),
			...key,
		]);
	}

	/** Rows elsewhere first: the actor's own store says how far it is projected. */
	async project(commits: readonly ProjectedCommit[]): Promise<void> {
		if (this.#parts.length === 1) {
			await this.#store(FIRST).project(commits);
			return;
		}
		const own = new Map<number, ProjectedCommit[]>();
		const elsewhere = new Map<number, ProjectedCommit[]>();
		for (const commit of commits) {
			const home = this.#shards.of(commit.actor);
			for (const [shard, part] of this.#split(commit, home)) {
				const parts = shard === home ? own : elsewhere;
				const known = parts.get(shard);
				if (known === undefined) parts.set(shard, [part]);
				else known.push(part);
			}
		}
		await this.#projectParts(elsewhere);
		await this.#projectParts(own);
	}

	async #projectParts(parts: ReadonlyMap<number, readonly ProjectedCommit[]>): Promise<void> {
		await Promise.all([...parts].map(([shard, commits]) => this.#store(shard).project(commits)));
	}

	/** What each shard gets; the actor's own always something, for its watermark. */
	#split(commit: ProjectedCommit, home: number): Map<number, ProjectedCommit> {
		const shardOf = ({ collection, key }: RowWrite) =>
			this.#shardOf(this.#collection(collection), key) ?? home;
		const shards = new Set([home]);
		for (const { rows } of commit.events) for (const row of rows) shards.add(shardOf(row));
		if (shards.size === 1) return new Map([[home, commit]]);
		const eventsOf = (shard: number): EventRows[] =>
			commit.events.map(({ position, rows }) => ({
				position,
				rows: rows.filter((row) => shardOf(row) === shard),
			}));
		return new Map([...shards].map((shard) => [shard, { ...commit, events: eventsOf(shard) }]));
	}

	#holder(collection: string, key: Key): Store {
		// A key that is too short is a bug, which the store itself tells.
		return this.#store(this.#shardOf(this.#collection(collection), key) ?? FIRST);
	}

	/** Where the rows are whose keys begin like this; `undefined`: in any. */
	#shardOf({ actor, key: columns }: Collection, start: Key): number | undefined {
		if (actor === undefined) return FIRST;
		const named = start[columns.findIndex(({ name }) => name === actor.column)];
		if (named === undefined) return undefined;
		const key = actor.kind === undefined ? String(named) : `${actor.kind}/${named}`;
		return this.#shards.of(key as ActorKey);
	}

	#collection(name: string): Collection {
		const found = this.#collections.get(name);
		if (found === undefined) throw new Error(`no collection is declared as ${name}`);
		return found;
	}

	#store(shard: number): Store {
		const part = this.#parts[shard];
		if (part === undefined) throw new Error(`there is no shard ${shard}`);
		return part.store;
	}
}

function checkActorColumn({ name, key, actor }: Collection): void {
	if (actor === undefined || key.some((column) => column.name === actor.column)) return;
	throw new Error(`${name} names its actor by ${actor.column}, which is no column of its key`);
}

function indexFields({ name, indexes = [] }: Collection, index: string | undefined) {
	if (index === undefined) return [];
	const found = indexes.find((one) => one.name === index);
	if (found === undefined) throw new Error(`${name} has no index ${index}`);
	return found.fields;
}
