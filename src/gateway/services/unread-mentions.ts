import type { Row } from '../../core/store.ts';
import { UNREAD_MAX } from '../../protocol/channel.ts';

/**
 * Seqs of one member's unread mentions in one channel: read from the store once, then kept by the rows
 * that are projected, also by those that come while it is read.
 */
export class UnreadMentions {
	readonly #seqs = new Set<number>();
	/** Dropped before it was read: a row of the page may be older. */
	readonly #dropped = new Set<number>();
	#marker: number;
	#cut = false;

	constructor(marker: number) {
		this.#marker = marker;
	}

	/** How many there are; 1,000 stands for more than 999. */
	get count(): number {
		return Math.min(this.#seqs.size, UNREAD_MAX + 1);
	}

	/** Not all mentions were kept: they have to be read again once the marker has risen. */
	get isCut(): boolean {
		return this.#cut;
	}

	read(rows: readonly Row[], isCut: boolean): void {
		for (const { key } of rows) {
			const seq = Number(key[2]);
			if (!this.#dropped.has(seq)) this.put(seq);
		}
		this.#dropped.clear();
		this.#cut ||= isCut;
	}

	put(seq: number): void {
		if (seq <= this.#marker) return;
		if (this.#seqs.size > UNREAD_MAX) this.#cut = true;
		else this.#seqs.add(seq);
	}

	drop(seq: number): void {
		if (!this.#seqs.delete(seq) && this.#dropped.size <= UNREAD_MAX) this.#dropped.add(seq);
	}

	raise(marker: number): void {
		this.#marker = marker;
		for (const seq of this.#seqs) if (seq <= marker) this.#seqs.delete(seq);
	}
}
