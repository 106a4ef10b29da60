import { pack } from '../protocol/codec.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { ActorKind } from './actor-kind.ts';
import type { Journal } from './journal.ts';
import type { Log } from './log.ts';
import type { Envelope, Recovered } from './recovery.ts';
import type { Runtime } from './runtime.ts';
import { TimeSlices } from './time-slices.ts';

const EVENTS_BETWEEN = 2_000;
const BYTES_BETWEEN = 4 * 1024 * 1024;
/**
 * A large state is written anew behind more: so many times as many events and bytes as the newest
 * snapshot has these sizes. What snapshots write stays below what happens, and a replay takes no longer
 * than loading such a state.
 */
const SIZE_OF_EVENTS = 512 * 1024;
const SIZE_OF_BYTES = 2 * 1024 * 1024;
const EVENTS_BETWEEN_MAX = 100_000;
/** What a store takes as one document, with room to spare. */
const PART_BYTES_MAX = 8 * 1024 * 1024;
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
	/** Of the newest one. */
	#size = 0;
	#running = false;
	#watermark = 0;
	#projected: (() => void)[] = [];

	constructor(options: SnapshotterOptions) {
		this.#options = options;
	}

	begin(recovered: Recovered): void {
		this.#watermark = recovered.watermark;
		// Replayed events cost every recovery until a snapshot stands for them.
		this.#events = recovered.replayed.events;
		this.#bytes = recovered.replayed.bytes;
		this.#size = recovered.snapshotBytes;
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
		if (this.#running) return false;
		const eventsMax = EVENTS_BETWEEN * Math.max(1, this.#size / SIZE_OF_EVENTS);
		const bytesMax = BYTES_BETWEEN * Math.max(1, this.#size / SIZE_OF_BYTES);
		return this.#events >= Math.min(eventsMax, EVENTS_BETWEEN_MAX) || this.#bytes >= bytesMax;
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
			// Nothing may come between the cut and what the envelope says of it.
			const pieces = withEnvelope(envelope, kind.cut(actor.state));
			const { parts, bytes } = await this.#write(commit, pieces);
			await this.#whenProjected(position);
			await journal.sealSnapshot(key, commit, parts);
			this.#size = bytes;
		} catch (error) {
			log.warn({ err: error, actor: key, commit }, 'snapshot not taken');
		} finally {
			this.#running = false;
		}
	}

	/** Makes, packs and writes one part after another. */
	async #write(commit: number, pieces: Iterable<unknown>) {
		const { key, journal, runtime } = this.#options;
		const slices = new TimeSlices(runtime);
		let parts = 0;
		let bytes = 0;
		for (const piece of pieces) {
			const packed = pack(piece);
			if (packed.length > PART_BYTES_MAX)
				throw new Error(`part ${parts} has ${packed.length} bytes`);
			bytes += packed.length;
			await journal.putSnapshotPart({ actor: key, commit, part: parts++, bytes: packed });
			if (slices.over) await slices.next();
		}
		return { parts, bytes };
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

function* withEnvelope(envelope: Envelope, cut: Iterable<unknown>): Generator<unknown> {
	yield envelope;
	yield* cut;
}
