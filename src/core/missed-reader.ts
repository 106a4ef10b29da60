import { splitKey } from '../protocol/ids.ts';
import type { Publication } from './actor-port.ts';
import { behindOf } from './history.ts';
import type { CommitRecord } from './journal.ts';
import type { Meter } from './meter.ts';
import type { RecoveryOptions } from './recovery.ts';
import type { Runtime } from './runtime.ts';
import { present, tell } from './show.ts';

/** A resume brings at most this much, else a fresh state. */
export const MISSED_BYTES_MAX = 4 * 1024 * 1024;
/** Commits that are shown before others have their turn. */
const SLICE_COMMITS = 256;

export interface MissedReaderOptions extends RecoveryOptions {
	readonly runtime: Runtime;
	readonly meter: Meter;
}

/** Reads from the journal what an owner told that it does not remember itself. */
export class MissedReader {
	readonly #options: MissedReaderOptions;

	constructor(options: MissedReaderOptions) {
		this.#options = options;
	}

	/**
	 * The commits behind `from` up to `upTo`, oldest first; `undefined` when they are more than
	 * {@link MISSED_BYTES_MAX}. Rejects when the journal does not answer.
	 */
	async read(from: number, upTo: number): Promise<readonly Publication[] | undefined> {
		const { key, journal, meter } = this.#options;
		meter.count('storeReads');
		const limits = { bytesMax: MISSED_BYTES_MAX };
		const { records, more } = await journal.read(key, { position: from }, limits);
		if (more) return undefined;
		const missed: Publication[] = [];
		for (const [index, record] of records.entries()) {
			if (index % SLICE_COMMITS === SLICE_COMMITS - 1) await this.#breathe();
			if (record.events.length === 0 || record.position > upTo) continue;
			const behind = behindOf(this.#shown(record), from);
			if (behind !== undefined) missed.push(behind);
		}
		return missed;
	}

	#breathe(): Promise<void> {
		return new Promise((resolve) => this.#options.runtime.defer(resolve));
	}

	/** A commit as it was told. */
	#shown({ position, writer, events, at }: CommitRecord): Publication {
		const { key, kind } = this.#options;
		const { id } = splitKey(key);
		const first = position - events.length + 1;
		const told = events.flatMap((stored, index) =>
			tell(kind, present(kind, stored), { key, id, position: first + index, at, by: stored.by }),
		);
		return { position, writer, told };
	}
}
