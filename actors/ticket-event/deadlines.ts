import { Heap } from './heap.ts';

interface Deadline {
	readonly key: string;
	readonly at: number;
}

/** Entries that are not valid any more may be as many as the others and these. */
const STALE_SPARE = 64;

/** By time, and by key where it is the same, so that the order does not depend on how it came about. */
const isBefore = (one: Deadline, other: Deadline) =>
	one.at < other.at || (one.at === other.at && one.key < other.key);

/** A time for each key, earliest first. Changed entries stay in the heap until they are too many. */
export class Deadlines {
	readonly #current = new Map<string, Deadline>();
	#heap = new Heap(isBefore);

	/** Keys with a time. */
	get size(): number {
		return this.#current.size;
	}

	/** When the key is due. */
	get(key: string): number | undefined {
		return this.#current.get(key)?.at;
	}

	/** Gives the key a time, instead of the one that it had. */
	set(key: string, at: number): void {
		if (this.#current.get(key)?.at === at) return;
		const deadline = { key, at };
		this.#current.set(key, deadline);
		this.#heap.push(deadline);
		this.#clean();
	}

	delete(key: string): void {
		if (this.#current.delete(key)) this.#clean();
	}

	clear(): void {
		this.#current.clear();
		this.#heap = new Heap(isBefore);
	}

	/** The earliest time. */
	next(): number | undefined {
		for (;;) {
			const [top] = this.#heap.items;
			if (top === undefined || this.#isCurrent(top)) return top?.at;
			this.#heap.pop();
		}
	}

	/** Keys due at or before `now`, earliest first, at most `max`; they stay until they are deleted. */
	due(now: number, max: number): string[] {
		const keys: string[] = [];
		const { items } = this.#heap;
		/** Places in the heap, of which the next one due is the first. */
		const places = new Heap<number>((one, other) =>
			isBefore(items[one] as Deadline, items[other] as Deadline),
		);
		const look = (place: number) => {
			const deadline = items[place];
			if (deadline !== undefined && deadline.at <= now) places.push(place);
		};
		look(0);
		while (keys.length < max) {
			const place = places.pop();
			if (place === undefined) break;
			const deadline = items[place] as Deadline;
			if (this.#isCurrent(deadline)) keys.push(deadline.key);
			look(2 * place + 1);
			look(2 * place + 2);
		}
		return keys;
	}

	#isCurrent(deadline: Deadline): boolean {
		return this.#current.get(deadline.key) === deadline;
	}

	/** Keeps what is not valid any more in bounds. */
	#clean(): void {
		if (this.#heap.items.length <= 2 * this.#current.size + STALE_SPARE) return;
		const sorted = [...this.#current.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1));
		this.#heap = new Heap(isBefore, sorted);
	}
}
