import { Protocol, SchemaSerializer } from '@colyseus/core';
import type { Schema } from '@colyseus/schema';

/**
 * Colyseus's serializer with room for a large state. Its own writes each full state of more than 16 KB
 * twice, with a warning, for it forgets the larger buffer that the first attempt led to.
 */
export class SizedSerializer<T extends Schema> extends SchemaSerializer<T> {
	/** From now on states and patches of so many bytes are written in one go. */
	makeRoom(bytes: number): void {
		this.fullEncodeBuffer = new Uint8Array(bytes);
		this.fullEncodeBuffer[0] = Protocol.ROOM_STATE;
		this.needFullEncode = true;
		this.encoder.sharedBuffer = new Uint8Array(bytes);
	}
}
