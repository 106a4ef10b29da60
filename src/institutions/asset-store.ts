import type { Reads, Row } from '../core/store.ts';
import type { AssetSnapshot } from '../protocol/institution.ts';
import type { KnownVersion } from './asset-watch.ts';

const PAGE_LENGTH = 100;

export interface AssetStoreOptions {
	readonly reads: Reads;
	/** Resolves when what was committed here before is projected. */
	settle(): Promise<void>;
	/** Snapshots from the user's actor, which has what the store does not have yet. */
	ask(userId: string, institutions: readonly string[]): Promise<readonly AssetSnapshot[]>;
}

/** Reads a user's snapshots; institutions are never asked (I4). */
export class AssetStore {
	readonly #options: AssetStoreOptions;

	constructor(options: AssetStoreOptions) {
		this.#options = options;
	}

	/** All of a user, none older than what is known. Rejects when the store cannot be read. */
	async list(
		userId: string,
		known: ReadonlyMap<string, KnownVersion>,
	): Promise<readonly AssetSnapshot[]> {
		await this.#options.settle();
		const found = new Map<string, AssetSnapshot>();
		for await (const { doc } of this.#rows(userId)) {
			const snapshot = doc as unknown as AssetSnapshot;
			found.set(snapshot.institution, snapshot);
		}
		return this.#upToDate(userId, found, known);
	}

	async get(
		userId: string,
		institution: string,
		known: ReadonlyMap<string, KnownVersion>,
	): Promise<AssetSnapshot | undefined> {
		await this.#options.settle();
		const row = await this.#options.reads.get('assets', [userId, institution]);
		const found = new Map<string, AssetSnapshot>();
		if (row !== undefined) found.set(institution, row.doc as unknown as AssetSnapshot);
		const one = known.get(institution);
		const own = new Map(one === undefined ? [] : [[institution, one]]);
		const [snapshot] = await this.#upToDate(userId, found, own);
		return snapshot;
	}

	async *#rows(userId: string): AsyncIterable<Row> {
		let after: string | undefined;
		for (;;) {
			const { rows, more } = await this.#options.reads.page({
				collection: 'assets',
				prefix: [userId],
				...(after === undefined ? {} : { after: [after] }),
				limit: PAGE_LENGTH,
			});
			yield* rows;
			after = String(rows.at(-1)?.key[1]);
			if (!more) return;
		}
	}

	/** The store of another node's actor may be a moment behind what its devices were told. */
	async #upToDate(
		userId: string,
		found: Map<string, AssetSnapshot>,
		known: ReadonlyMap<string, KnownVersion>,
	): Promise<AssetSnapshot[]> {
		const behind: string[] = [];
		for (const [institution, { version, isGone }] of known) {
			const read = found.get(institution)?.version ?? 0;
			if (isGone && read <= version) found.delete(institution);
			else if (!isGone && read < version) behind.push(institution);
		}
		if (behind.length > 0) {
			for (const snapshot of await this.#options.ask(userId, behind)) {
				found.set(snapshot.institution, snapshot);
			}
		}
		return [...found.values()];
	}
}
