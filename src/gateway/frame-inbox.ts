import type { Frame } from '../protocol/frames.ts';

/** What a frame costs besides its payload, about. */
const FRAME_BYTES = 64;

const bytesOf = ({ payload }: Frame): number => payload.length + FRAME_BYTES;

/** Frames of one client that wait, in order. Its owner bounds it by the bytes. */
export class FrameInbox {
	#frames: Frame[] = [];
	#head = 0;
	/** About what the frames hold. */
	bytes = 0;

	get isEmpty(): boolean {
		return this.#head === this.#frames.length;
	}

	push(frame: Frame): void {
		this.#frames.push(frame);
		this.bytes += bytesOf(frame);
	}

	shift(): Frame | undefined {
		const frame = this.#frames[this.#head];
		if (frame === undefined) return undefined;
		this.#frames[this.#head++] = undefined as never;
		this.bytes -= bytesOf(frame);
		return frame;
	}
}
