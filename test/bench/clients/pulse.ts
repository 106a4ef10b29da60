import { HEARTBEAT_MS } from '../../../src/protocol/wire.ts';

const TICK_MS = 50;
const TICKS = HEARTBEAT_MS / TICK_MS;

/** Signs of life of many clients, spread evenly over the heartbeat's interval, from one timer. */
export class Pulse {
	#slots: Set<() => void>[] = Array.from({ length: TICKS }, () => new Set());
	#added = 0;
	#tick = 0;
	#timer: NodeJS.Timeout | undefined;

	/** Calls `beat` once per interval until the answer is called. */
	add(beat: () => void): () => void {
		const slot = this.#slots[this.#added++ % TICKS];
		slot?.add(beat);
		this.#timer ??= setInterval(() => this.#beat(), TICK_MS).unref();
		return () => void slot?.delete(beat);
	}

	#beat(): void {
		for (const beat of this.#slots[this.#tick++ % TICKS] ?? []) beat();
	}
}
