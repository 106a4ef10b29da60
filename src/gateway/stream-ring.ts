import type { Audience } from '../core/actor-kind.ts';
import type { Publication, Told } from '../core/actor-port.ts';
import { pack } from '../protocol/codec.ts';
import type { Resume } from '../protocol/wire.ts';
import type { EventSlice } from './data-message.ts';
import { EventSlabs } from './event-slabs.ts';

/** A shown event as the ring keeps it: packed, with those who may hear it. */
export interface PackedTold extends EventSlice {
	readonly audience: Audience;
	readonly revoked?: readonly string[] | 'all' | undefined;
}

export interface RingEntry {
	readonly position: number;
	readonly writer: string;
	readonly told: readonly PackedTold[];
	readonly bytes: number;
}

export interface RingLimits {
	bytesMax(): number;
	readonly eventsMax: number;
}

/** Fixed cost of an entry, about. */
const ENTRY_BYTES = 150;

/** What one user may hear of the ring from some position on. */
export interface Chunk {
	readonly slices: readonly EventSlice[];
	readonly position: number;
	readonly writer: string;
	/** The user's right to hear ends here. */
	readonly revoked: boolean;
}

/**
 * The last commits of one actor as this edge was told, bounded in bytes and events. It knows who wrote
 * what it holds, so that a resume from another history is noticed.
 */
export class StreamRing {
	readonly #limits: RingLimits;
	readonly #slabs = new EventSlabs();
	#entries: RingEntry[] = [];
	#head = 0;
	#bytes = 0;
	#events = 0;
	/** Everything behind `#trimmed` that was told is here. */
	#trimmed = 0;
	/** The lowest position of which the ring knows that it misses nothing behind it. */
	#base: { readonly position: number; readonly writer: string } | undefined;
	/** The position reached; −1 before anything is known. */
	end = -1;
	/** The writer of the commit that holds `end`. */
	writer = '';

	constructor(limits: RingLimits) {
		this.#limits = limits;
	}

	get bytes(): number {
		return this.#bytes;
	}

	/** Notes that an owner's answer at `position` is complete up to there, and this ring behind it. */
	anchor(position: number, writer: string): void {
		if (position > this.end) {
			// The owner has commits of which nothing was to be told.
			this.#append({ position, writer, told: [], bytes: ENTRY_BYTES });
		}
		if (position < this.#trimmed) return;
		if (this.#base === undefined || position < this.#base.position) {
			this.#base = { position, writer };
		}
	}

	/** Takes in a commit; `undefined` when it was known already. */
	push({ position, writer, told }: Publication): RingEntry | undefined {
		if (position <= this.end) return undefined;
		const packed = this.#pack(told);
		const bytes = packed.reduce((sum, { start, end }) => sum + end - start, ENTRY_BYTES);
		const entry = { position, writer, told: packed, bytes };
		this.#append(entry);
		return entry;
	}

	/** Whether all that was told behind `position` is here. */
	covers(position: number): boolean {
		return this.#base !== undefined && position >= this.#base.position && position <= this.end;
	}

	/** Whether a client that has this can be brought up from here: the same history, nothing missing. */
	holds([position, writer]: Resume): boolean {
		return this.covers(position) && this.#writerOf(position) === writer;
	}

	/** Whether the user's right to hear ended behind `position`. */
	revokedSince(position: number, userId: string): boolean {
		for (let index = this.#after(position); index < this.#entries.length; index++) {
			const entry = this.#entries[index] as RingEntry;
			if (entry.told.some((told) => told.position > position && revokes(told, userId))) return true;
		}
		return false;
	}

	/**
	 * The next events for a user behind `position`: whole commits of one writer, about `bytesMax` bytes.
	 */
	chunk(position: number, userId: string, bytesMax: number): Chunk {
		const slices: EventSlice[] = [];
		let bytes = 0;
		const first = this.#after(position);
		let at = { position, writer: this.#entries[first]?.writer ?? this.writer };
		for (let index = first; index < this.#entries.length && bytes < bytesMax; index++) {
			const entry = this.#entries[index] as RingEntry;
			if (entry.writer !== at.writer) break;
			const { heard, revokedAt } = hear(entry, position, userId);
			for (const slice of heard) {
				slices.push(slice);
				bytes += slice.end - slice.start;
			}
			if (revokedAt !== undefined) {
				return { slices, position: revokedAt, writer: entry.writer, revoked: true };
			}
			at = entry;
		}
		return { slices, position: at.position, writer: at.writer, revoked: false };
	}

	#append(entry: RingEntry): void {
		this.#entries.push(entry);
		this.#bytes += entry.bytes;
		this.#events += entry.told.length;
		this.end = entry.position;
		this.writer = entry.writer;
		const bytesMax = this.#limits.bytesMax();
		while (
			this.#head < this.#entries.length &&
			(this.#bytes > bytesMax || this.#events > this.#limits.eventsMax || this.#isLong())
		) {
			this.#trim();
		}
	}

	#pack(told: readonly Told[]): PackedTold[] {
		return told.map(({ event, position, audience, revoked }) => {
			const { body, start, end } = this.#slabs.place(pack(event), this.#bytes);
			return { body, start, end, position, audience, revoked };
		});
	}

	#isLong(): boolean {
		return this.#entries.length - this.#head > this.#limits.eventsMax;
	}

	#trim(): void {
		const entry = this.#entries[this.#head] as RingEntry;
		this.#entries[this.#head++] = undefined as never;
		this.#bytes -= entry.bytes;
		this.#events -= entry.told.length;
		this.#trimmed = entry.position;
		if (this.#base !== undefined && this.#base.position < entry.position) {
			this.#base = { position: entry.position, writer: entry.writer };
		}
		if (this.#head > 64 && this.#head * 2 > this.#entries.length) {
			this.#entries = this.#entries.slice(this.#head);
			this.#head = 0;
		}
	}

	/** Index of the first entry that reaches behind `position`. */
	#after(position: number): number {
		let low = this.#head;
		let high = this.#entries.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if ((this.#entries[middle] as RingEntry).position > position) high = middle;
			else low = middle + 1;
		}
		return low;
	}

	/** Writer of the commit that holds `position`, which lies between base and end. */
	#writerOf(position: number): string | undefined {
		if (position === this.#base?.position) return this.#base.writer;
		return this.#entries[this.#after(position - 1)]?.writer;
	}
}

/** What a user hears of a commit behind `position`, and where the user's right ends in it. */
function hear(
	{ told }: RingEntry,
	position: number,
	userId: string,
): { readonly heard: readonly PackedTold[]; readonly revokedAt: number | undefined } {
	const behind = told.filter((one) => one.position > position);
	const last = behind.findIndex((one) => revokes(one, userId));
	const until = last === -1 ? behind : behind.slice(0, last + 1);
	return {
		heard: until.filter((one) => hears(one, userId)),
		revokedAt: last === -1 ? undefined : behind[last]?.position,
	};
}

/** Whether a user is among those who may learn of it. */
const hears = ({ audience }: PackedTold, userId: string): boolean =>
	audience === 'all' || audience.includes(userId);

/** Whether a user's right to hear ends with it. */
const revokes = ({ revoked }: PackedTold, userId: string): boolean =>
	revoked === 'all' || (revoked?.includes(userId) ?? false);
