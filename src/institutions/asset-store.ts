import type { Reads } from '../core/store.ts';
import { PAGE_BYTES_MAX } from '../protocol/channel.ts';
import type { AssetPart, AssetPlace, AssetSnapshot } from '../protocol/institution.ts';
import { AssetPage } from './asset-page.ts';
import type { KnownVersion } from './asset-watch.ts';

const PAGE_LENGTH = 100;

export interface AssetStoreOptions {
	readonly reads: Reads;
	/** Resolves when what was committed here before is projected. */
	settle(): Promise<void>;
	/** A snapshot from the user's actor, which has what the store does not have yet. */
	ask(userId: string, institution: string): Promise<AssetSnapshot | undefined>;
}

/** Which versions there are at least, by institution. */
type Known = ReadonlyMap<string, KnownVersion>;

/**
 * Reads a user's snapshots, none older than what is known; institutions are never asked (I4). What is
 * answered is at most a page. Rejects when the store cannot be read.
 */
export class AssetStore {
	readonly #options: AssetStoreOptions;

	constructor(options: AssetStoreOptions) {
		this.#options = options;
	}

	/** A page of all of a user's, by institution, behind a place. */
	async list(userId: string, known: Known, after?: AssetPlace) {
		await this.#options.settle();
		const page = new AssetPage();
		if (after?.part !== undefined) {
			const { institution, part } = after;
			addPart(page, await this.#read(userId, known, institution), part);
		}
		let behind = after?.institution;
		while (!page.isFull) {
			const { stored, last } = await this.#stored(userId, behind);
			for (const institution of namesUpTo(last, { stored, known, behind })) {
				const snapshot = stored.get(institution);
				const present = await this.#upToDate(userId, institution, { snapshot, known });
				if (present !== undefined) page.add(present);
				if (page.isFull) break;
			}
			if (last === undefined) break;
			behind = last;
		}
		const { snapshots, next } = page;
		return { snapshots, ...(next === undefined ? {} : { next }) };
	}

	/** A part of one, from where it is said on. */
	async part(userId: string, known: Known, { institution, part }: AssetPlace) {
		await this.#options.settle();
		const page = new AssetPage();
		addPart(page, await this.#read(userId, known, institution), part);
		const { snapshots, next } = page;
		const [snapshot] = snapshots;
		if (snapshot === undefined) return {};
		return next?.part === undefined ? { snapshot } : { snapshot, next: next.part };
	}

	/** All of one. */
	async get(userId: string, known: Known, institution: string): Promise<AssetSnapshot | undefined> {
		await this.#options.settle();
		return this.#read(userId, known, institution);
	}

	async #read(
		userId: string,
		known: Known,
		institution: string,
	): Promise<AssetSnapshot | undefined> {
		const row = await this.#options.reads.get('assets', [userId, institution]);
		const snapshot = row?.doc as AssetSnapshot | undefined;
		return this.#upToDate(userId, institution, { snapshot, known });
	}

	/** The next that are stored; `last`: the one behind which there are more. */
	async #stored(userId: string, behind: string | undefined) {
		const { rows, more } = await this.#options.reads.page({
			collection: 'assets',
			prefix: [userId],
			...(behind === undefined ? {} : { after: [behind] }),
			limit: PAGE_LENGTH,
			bytesMax: PAGE_BYTES_MAX,
		});
		const stored = new Map(
			rows.map(({ key, doc }) => [String(key[1]), doc as unknown as AssetSnapshot]),
		);
		return { stored, last: more ? String(rows.at(-1)?.key[1]) : undefined };
	}

	/** The store of another node's actor may be a moment behind what its devices were told. */
	async #upToDate(
		userId: string,
		institution: string,
		{ snapshot, known }: { readonly snapshot: AssetSnapshot | undefined; readonly known: Known },
	): Promise<AssetSnapshot | undefined> {
		const { version = 0, isGone = false } = known.get(institution) ?? {};
		const read = snapshot?.version ?? 0;
		if (isGone && read <= version) return undefined;
		return read < version ? this.#options.ask(userId, institution) : snapshot;
	}
}

/** Under another version than the one that was begun, all of it. */
function addPart(page: AssetPage, snapshot: AssetSnapshot | undefined, part?: AssetPart): void {
	if (snapshot === undefined) return;
	page.add(snapshot, part?.version === snapshot.version ? part.from : 0);
}

/** Institutions that are stored, and those that the store does not have yet, in their order. */
function namesUpTo(
	last: string | undefined,
	found: {
		readonly stored: ReadonlyMap<string, AssetSnapshot>;
		readonly known: Known;
		readonly behind: string | undefined;
	},
): string[] {
	const { stored, known, behind } = found;
	const isHere = (name: string) =>
		(behind === undefined || name > behind) && (last === undefined || name <= last);
	return [...new Set([...stored.keys(), ...[...known.keys()].filter(isHere)])].sort();
}
