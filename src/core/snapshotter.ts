import { pack } from '../protocol/codec.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { ActorKind } from './actor-kind.ts';
import type { Journal } from './journal.ts';
import type { Log } from './log.ts';
import type { Envelope, Recovered } from './recovery.ts';
import type { Runtime } from './runtime.ts';

const EVENTS_BETWEEN = 2_000;
const BYTES_BETWEEN = 4 * 1024 * 1024;
/** An actor that is put away is worth a snapshot behind this many events. */
const EVENTS_WORTHWHILE = 50;

export interface SnapshotterOptions {
	readonly key: ActorKey;
	readonly kind: ActorKind;
	readonly journal: Journal;
	readonly runtime: Runtime;
	readonly log: Log;
	/** Calls back between two commits. */
	readonly look: (look: (actor: Recovered) => void, dropped: () => void) => void;
}

/**
 * Takes snapshots: an immutable cut between two commits, packed and written part by part outside the
 * turn. One is sealed only when the store has everything it stands for, so that a recovery never
 * needs events behind the watermark and before the snapshot.
 */
export class Snapshotter {
	readonly #options: SnapshotterOptions;
	#events = 0;
	#bytes = 0;
	#running = false;
	#watermark = 0;
	#projected: (() => void)[] = [];

	constructor(options: SnapshotterOptions) {
		this.#options = options;
	}

	begin(recovered: Recovered): void {
		this.#watermark = recovered.watermark;
		// Replayed events cost every recovery until a snapshot stands for them.
		this.#events = recovered.commit - recovered.snapshotCommit;
	}

	note(events: number, bytes: number): void {
		this.#events += events;
		this.#bytes += bytes;
	}

	projected(position: number): void {
		this.#watermark = Math.max(this.#watermark, position);
		for (const check of this.#projected.splice(0)) check();
	}

	due(): boolean {
		return !this.#running && (this.#events >= EVENTS_BETWEEN || this.#bytes >= BYTES_BETWEEN);
	}

	worthwhile(): boolean {
		return !this.#running && this.#events >= EVENTS_WORTHWHILE;
	}

	/** Takes one between two commits; resolves when it stands, or could not be taken. */
	start(): Promise<void> {
		this.#running = true;
		return new Promise((resolve) => {
			this.#options.look((actor) => void this.take(actor).then(resolve), resolve);
		});
	}

	/** Cuts now, writes in slices; a failure is logged and costs nothing but a longer recovery. */
	async take(actor: Recovered): Promise<void> {
		const { key, kind, journal, log } = this.#options;
		const { commit, position, at } = actor;
		const boundaries = [...actor.history.boundaries];
		const envelope: Envelope = { version: 1, commit, position, at, boundaries };
		this.#running = true;
		this.#events = 0;
		this.#bytes = 0;
		try {
			const cut = kind.cut(actor.state);
			await journal.putSnapshotPart(key, commit, 0, pack(envelope));
			let part = 1;
			for (const piece of cut) {
				await journal.putSnapshotPart(key, commit, part++, pack(piece));
			}
			await this.#whenProjected(position);
			await journal.sealSnapshot(key, commit, part);
		} catch (error) {
			log.warn({ err: error, actor: key, commit }, 'snapshot not taken');
		} finally {
			this.#running = false;
		}
	}

	#whenProjected(position: number): Promise<void> {
		return new Promise((resolve) => {
			const check = () => {
				if (this.#watermark >= position) resolve();
				else this.#projected.push(check);
			};
			check();
		});
	}
}
