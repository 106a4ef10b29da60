/** Longest slab, unless an event is longer. */
const SLAB_BYTES_MAX = 16 * 1024;

/** Bytes of one event inside a slab. */
export interface SlabSlice {
	readonly body: Buffer;
	readonly start: number;
	readonly end: number;
}

/**
 * Keeps packed events one behind the other in buffers that neighbours share: a buffer for each is dear,
 * for the allocator and for every collection. Slabs grow with what their owner holds, so that a quiet
 * stream does not keep a long one for a single event.
 */
export class EventSlabs {
	#slab: Buffer = Buffer.alloc(0);
	#used = 0;

	/** Copies the bytes in; `heldBytes` is what the owner holds already. */
	place(bytes: Uint8Array, heldBytes: number): SlabSlice {
		const { length } = bytes;
		if (length > this.#slab.length - this.#used) {
			const room = Math.max(length, Math.min(SLAB_BYTES_MAX, heldBytes));
			this.#slab = Buffer.allocUnsafeSlow(room);
			this.#used = 0;
		}
		const start = this.#used;
		const end = start + length;
		this.#slab.set(bytes, start);
		this.#used = end;
		return { body: this.#slab, start, end };
	}
}
