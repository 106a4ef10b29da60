import type { Resume } from '../protocol/wire.ts';
import type { Publication, Told } from './actor-port.ts';

/** Where a writer's events begin. */
export interface Boundary {
	readonly from: number;
	readonly writer: string;
}

const BOUNDARIES_MAX = 64;
const RING_EVENTS_MAX = 2_000;
const RING_BYTES_MAX = 512 * 1024;
/** What the objects of one event take beside its text: measured, in a heap full of them. */
const EVENT_BYTES = 1_000;

interface Held {
	readonly publication: Publication;
	readonly bytes: number;
}

/**
 * What an owner remembers of its actor's past: who wrote which positions (so that a resume from another
 * history is noticed) and the last publications.
 */
export class History {
	#boundaries: Boundary[];
	#ring: Held[] = [];
	#ringBytes = 0;
	#ringEvents = 0;
	/** The ring holds everything behind this position. */
	#ringFrom: number;

	constructor(boundaries: readonly Boundary[] = [], ringFrom = 0) {
		this.#boundaries = [...boundaries];
		this.#ringFrom = ringFrom;
	}

	get boundaries(): readonly Boundary[] {
		return this.#boundaries;
	}

	/** Takes in a commit with events; `bytes` is about their size. */
	push(publication: Publication, from: number, bytes: number): void {
		if (this.#boundaries.at(-1)?.writer !== publication.writer) {
			this.#boundaries.push({ from, writer: publication.writer });
			if (this.#boundaries.length > BOUNDARIES_MAX) this.#boundaries.shift();
		}
		const held = { publication, bytes: bytes + publication.told.length * EVENT_BYTES };
		this.#ring.push(held);
		this.#ringBytes += held.bytes;
		this.#ringEvents += publication.told.length;
		while (this.#ringBytes > RING_BYTES_MAX || this.#ringEvents > RING_EVENTS_MAX) this.#shift();
	}

	/** The writer of the commit that holds `position`; `''` for 0, `undefined` when not known. */
	writerOf(position: number): string | undefined {
		if (position === 0) return '';
		const boundary = this.#boundaries.findLast(({ from }) => from <= position);
		return boundary?.writer;
	}

	/** Whether a client that holds `resume` has seen a beginning of this very history. */
	matches([position, writer]: Resume, reached: number): boolean {
		if (position > reached) return false;
		return this.writerOf(position) === writer;
	}

	/** All that was told behind `position`, or `undefined` when the ring does not go back so far. */
	since(position: number): readonly Told[] | undefined {
		return this.publications(position)?.flatMap(({ told }) => told);
	}

	/** The same by commits. */
	publications(position: number): readonly Publication[] | undefined {
		if (position < this.#ringFrom) return undefined;
		const behind: Publication[] = [];
		for (const { publication } of this.#ring) {
			const part = behindOf(publication, position);
			if (part !== undefined) behind.push(part);
		}
		return behind;
	}

	#shift(): void {
		const held = this.#ring.shift();
		if (held === undefined) return;
		this.#ringBytes -= held.bytes;
		this.#ringEvents -= held.publication.told.length;
		this.#ringFrom = held.publication.position;
	}
}

/** What of a commit lies behind `position`. */
export function behindOf(publication: Publication, position: number): Publication | undefined {
	if (publication.position <= position) return undefined;
	const { told } = publication;
	if (told[0] === undefined || told[0].position > position) return publication;
	return { ...publication, told: told.filter((one) => one.position > position) };
}
