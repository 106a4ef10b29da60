import type { Meter } from '../core/meter.ts';
import type { Runtime } from '../core/runtime.ts';
import { SharedRun } from './shared-run.ts';
import type { SocketWriter } from './socket-writer.ts';

export interface FlusherOptions {
	readonly runtime: Runtime;
	readonly meter: Meter;
	readonly sliceLength: number;
}

/**
 * Writes sockets once per turn of the event loop, a slice of them at a time, so that a broadcast to
 * thousands does not hold the loop. Sockets with nothing but gathered frames wait for their window.
 */
export class Flusher {
	readonly #options: FlusherOptions;
	#due: SocketWriter[] = [];
	#head = 0;
	#scheduled = false;
	readonly #run = new SharedRun();
	readonly #windows = new Map<number, SocketWriter[]>();
	readonly #flush = () => this.#flushSlice();

	constructor(options: FlusherOptions) {
		this.#options = options;
	}

	/** Has the writer flushed in this turn, or when its window of `windowMs` ends. */
	add(writer: SocketWriter, windowMs: number): void {
		if (writer.isDue) return;
		if (windowMs > 0) {
			this.#gather(writer, windowMs);
			return;
		}
		writer.isDue = true;
		this.#due.push(writer);
		if (this.#scheduled) return;
		this.#scheduled = true;
		this.#options.runtime.defer(this.#flush);
	}

	#gather(writer: SocketWriter, windowMs: number): void {
		if (writer.isGathering) return;
		writer.isGathering = true;
		const waiting = this.#windows.get(windowMs);
		if (waiting !== undefined) {
			waiting.push(writer);
			return;
		}
		this.#windows.set(windowMs, [writer]);
		this.#options.runtime.after(windowMs, () => this.#endWindow(windowMs));
	}

	#endWindow(windowMs: number): void {
		const writers = this.#windows.get(windowMs) ?? [];
		this.#windows.delete(windowMs);
		for (const writer of writers) {
			writer.isGathering = false;
			if (writer.pendingBytes > 0) this.add(writer, 0);
		}
	}

	#flushSlice(): void {
		const { meter, runtime, sliceLength } = this.#options;
		const end = Math.min(this.#head + sliceLength, this.#due.length);
		let frames = 0;
		let bytes = 0;
		while (this.#head < end) {
			const writer = this.#due[this.#head++] as SocketWriter;
			bytes += writer.pendingBytes;
			frames += writer.flush(this.#run);
		}
		if (frames > 0) {
			meter.count('framesOut', frames);
			meter.count('bytesOut', bytes);
		}
		if (this.#head < this.#due.length) {
			runtime.defer(this.#flush);
			return;
		}
		this.#run.clear();
		this.#due = [];
		this.#head = 0;
		this.#scheduled = false;
	}
}
