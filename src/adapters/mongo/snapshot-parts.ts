import type { Collection } from 'mongodb';
import type { Snapshot } from '../../core/journal.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { beginsWith, behind, between } from './id-range.ts';
import { StorageError } from './storage-error.ts';

export interface PartDocument {
	readonly _id: { readonly actor: ActorKey; readonly commit: number; readonly part: number };
	readonly bytes: Uint8Array;
}

/** Written last: a snapshot without one does not exist. */
export interface ManifestDocument {
	readonly _id: { readonly actor: ActorKey; readonly commit: number };
	readonly parts: number;
}

/** Sealed snapshots that stay per actor. */
const SNAPSHOTS_MAX = 2;
/** Parts in one answer: a large snapshot at once would stall whoever unpacks it. */
const PARTS_AT_ONCE = 8;
/** Reads of a snapshot that newer ones replace meanwhile. */
const ATTEMPTS_MAX = 3;

/** Snapshots in parts, with a manifest that is written last. */
export class SnapshotParts {
	readonly #parts: Collection<PartDocument>;
	readonly #manifests: Collection<ManifestDocument>;

	constructor(parts: Collection<PartDocument>, manifests: Collection<ManifestDocument>) {
		this.#parts = parts;
		this.#manifests = manifests;
	}

	async put({ _id, bytes }: PartDocument): Promise<void> {
		const { actor, commit } = _id;
		const sealed = await this.#manifests.findOne({ _id: { actor, commit } });
		if (sealed === null) await this.#parts.replaceOne({ _id }, { bytes }, { upsert: true });
	}

	/** Throws when a part is missing. Older snapshots but one go, and parts that were never sealed. */
	async seal(actor: ActorKey, commit: number, parts: number): Promise<void> {
		const find = this.#parts.find(partsOf(actor, commit), { projection: { _id: 1 } });
		const { length } = await find.toArray();
		if (length !== parts || parts < 1) {
			throw new Error(`snapshot ${commit} of ${actor} has not ${parts} parts: write them again`);
		}
		const _id = { actor, commit };
		await this.#manifests.replaceOne({ _id }, { parts }, { upsert: true });
		await this.#forgetOld(actor);
	}

	async newest(actor: ActorKey): Promise<Snapshot | undefined> {
		for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
			const [manifest] = await this.#sealed(actor);
			if (manifest === undefined) return undefined;
			const { commit } = manifest._id;
			const ordered = this.#parts.find(partsOf(actor, commit)).sort({ _id: 1 });
			const find = ordered.batchSize(PARTS_AT_ONCE);
			const parts = (await find.toArray()).map(({ bytes }) => bytes);
			if (parts.length === manifest.parts) return { commit, parts };
		}
		throw new StorageError('snapshot: replaced again and again while it was read');
	}

	/** The newest, newest first. */
	#sealed(actor: ActorKey): Promise<ManifestDocument[]> {
		const ofActor = beginsWith<ManifestDocument>({ actor }, 'commit');
		return this.#manifests.find(ofActor).sort({ _id: -1 }).limit(SNAPSHOTS_MAX).toArray();
	}

	/** Manifests first: what has one has all its parts. */
	async #forgetOld(actor: ActorKey): Promise<void> {
		const [newest, ...others] = (await this.#sealed(actor)).map(({ _id }) => _id.commit);
		const oldest = others.at(-1) ?? newest;
		if (newest === undefined || oldest === undefined) return;
		await this.#manifests.deleteMany(between({ actor }, { actor, commit: oldest }));
		await this.#parts.deleteMany(between({ actor }, { actor, commit: oldest }));
		const neverSealed = between<PartDocument>(behind({ actor, commit: oldest }, 'part'), {
			actor,
			commit: newest,
		});
		if (oldest < newest) await this.#parts.deleteMany(neverSealed);
	}
}

const partsOf = (actor: ActorKey, commit: number) =>
	beginsWith<PartDocument>({ actor, commit }, 'part');
