import type { Collection, Db } from 'mongodb';
import { isDuplicate, StorageError } from './storage-error.ts';

/** Counted up when stored data is written in another way than before. */
const VERSION = 1;
/** What another node has written is read when a majority has it. */
const ATTEMPTS_MAX = 5;

/** Says whose data this is, and which part of it. */
interface LayoutDocument {
	readonly _id: 'layout';
	readonly version: number;
	readonly environment: string;
	/** A random name of all the stores together. */
	readonly set: string;
	readonly shards: number;
	/** From 0. */
	readonly shard: number;
	/** In the first store: the others that were ever there. An empty one in their place has lost its data. */
	readonly joined?: readonly number[];
}

/** Which store of which set is opened, and for what. */
export type StoreLayout = Pick<LayoutDocument, 'environment' | 'set' | 'shards' | 'shard'>;

/** A store that is not the one it was taken for; the message is one line that says what to do. */
export class StoreLayoutError extends Error {
	override readonly name = 'StoreLayoutError';
}

/**
 * Claims a database for its place in the set, or throws {@link StoreLayoutError} when it has another.
 * Answers the name of the set, which the first store decides.
 */
export async function claimStore(db: Db, layout: StoreLayout): Promise<string> {
	const found = await writeOrRead(metaOf(db), layout);
	const problem = mismatch(found, layout);
	if (problem !== undefined) throw new StoreLayoutError(problem);
	return found.set;
}

/** Claims one of the others. `first`: the database of the first store. */
export async function joinStore(db: Db, first: Db, layout: StoreLayout): Promise<void> {
	const { shard } = layout;
	const isJoined = (await metaOf(first).findOne({ _id: 'layout', joined: shard })) !== null;
	const isEmpty = (await metaOf(db).findOne({ _id: 'layout' })) === null;
	if (isJoined && isEmpty) {
		throw new StoreLayoutError(
			`${placeOf(shard)} is empty, but its data is part of the others': name the store that has it, or restore it`,
		);
	}
	await claimStore(db, layout);
	if (!isJoined) await metaOf(first).updateOne({ _id: 'layout' }, { $addToSet: { joined: shard } });
}

const metaOf = (db: Db): Collection<LayoutDocument> => db.collection('meta');

/** Another node may make it at the same time. */
async function writeOrRead(
	meta: Collection<LayoutDocument>,
	layout: StoreLayout,
): Promise<LayoutDocument> {
	for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		const found = await meta.findOne({ _id: 'layout' });
		if (found !== null) return found;
		const own: LayoutDocument = { _id: 'layout', version: VERSION, ...layout };
		try {
			await meta.insertOne(own);
			return own;
		} catch (error) {
			if (!isDuplicate(error)) throw error;
		}
	}
	throw new StorageError('claim: another node claims the same store', 'BUSY');
}

function mismatch(found: LayoutDocument, asked: StoreLayout): string | undefined {
	const place = placeOf(asked.shard);
	if (found.environment !== asked.environment) {
		return `${place} belongs to the environment "${found.environment}", this node to "${asked.environment}": set APP_ENV or MONGO_URL to what belongs together`;
	}
	if (found.version !== VERSION) {
		return `${place} is written in layout ${found.version}, this version reads ${VERSION}: start the version that wrote it`;
	}
	if (found.shards !== asked.shards) {
		return `MONGO_URL names ${asked.shards} stores, but the data is spread over ${found.shards}: name those, in their order (another number needs a migration)`;
	}
	if (found.shard !== asked.shard) {
		return `${place} is number ${found.shard + 1} of its set: name the stores in their order`;
	}
	if (asked.shard > 0 && found.set !== asked.set) {
		return `${place} belongs to another set of stores: name those that were made together`;
	}
	return undefined;
}

const placeOf = (shard: number) => `store ${shard + 1} of MONGO_URL`;
