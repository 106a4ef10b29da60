import type { Audience } from '../core/actor-kind.ts';
import { pack } from '../protocol/codec.ts';
import { OP } from '../protocol/frames.ts';
import type { Resume, WireEvent } from '../protocol/wire.ts';
import { type Framed, frameCommit } from './commit-frames.ts';
import type { DataMessage } from './data-message.ts';
import type { LiveHandles } from './live-handles.ts';
import { sharedMessage } from './socket-message.ts';
import type { StreamHandle } from './stream-handle.ts';
import type { RingEntry } from './stream-ring.ts';

interface Commit {
	/** What a live handle had before it. */
	readonly before: Resume;
	readonly writer: string;
}

/** What is shared by the frames of one stream. */
interface Shared {
	readonly down: number;
	readonly flushWindowMs: number;
}

/** Tells the live handles of a stream what happens: framed once for all who hear the same. */
export class Broadcast {
	readonly #stream: Shared;
	readonly #live: LiveHandles;

	constructor(stream: Shared, live: LiveHandles) {
		this.#stream = stream;
		this.#live = live;
	}

	/** Tells a commit; `before` is what live handles have. Who reads too slowly is live no more. */
	committed(entry: RingEntry, before: Resume): void {
		if (this.#live.list.length === 0) return;
		const commit = { before, writer: entry.writer };
		const { common, personal } = frameCommit(entry, {
			down: this.#stream.down,
			writerBefore: before[1],
			listens: (userId) => this.#live.hasUser(userId),
		});
		if (common.messages.length === 0 && !common.revoked) {
			for (const [userId, framed] of personal) {
				for (const handle of [...this.#live.ofUser(userId)]) this.#deliver(handle, framed, commit);
			}
			return;
		}
		// Backwards: who leaves meanwhile has its place taken by one who was served already.
		const { list } = this.#live;
		for (let index = list.length - 1; index >= 0; index--) {
			const handle = list[index];
			if (handle === undefined) continue;
			const framed = personal.size === 0 ? common : (personal.get(handle.userId) ?? common);
			this.#deliver(handle, framed, commit);
		}
	}

	ephemeral(event: WireEvent, audience: Audience): void {
		if (this.#live.list.length === 0) return;
		const message = sharedMessage(this.#stream.down, OP.ephemeral, pack(event));
		const handles =
			audience === 'all' ? this.#live.list : audience.flatMap((id) => this.#live.ofUser(id));
		for (const { connection } of handles) {
			if (connection.writer.allowsEphemeral) {
				connection.writer.send(message, this.#stream.flushWindowMs);
			}
		}
	}

	#deliver(handle: StreamHandle, { messages, revoked }: Framed, commit: Commit): void {
		[handle.position, handle.writer] = commit.before;
		if (!sendData(handle, { messages, writer: commit.writer })) {
			this.#live.remove(handle);
			handle.state = 'catching';
			handle.connection.park(handle);
			return;
		}
		if (revoked) revoke(handle);
	}
}

/** Sends as much as the reader takes, and notes how far the handle is. False when it is not all. */
export function sendData(
	handle: StreamHandle,
	{ messages, writer: by }: { readonly messages: readonly DataMessage[]; readonly writer: string },
): boolean {
	const { writer } = handle.connection;
	for (const { message, position } of messages) {
		if (!writer.allowsData(handle)) return false;
		writer.sendData(message, handle, handle.stream.flushWindowMs);
		handle.position = position;
		handle.writer = by;
	}
	return true;
}

/** Ends a handle whose user may not hear any more. */
export function revoke(handle: StreamHandle): void {
	handle.end({ code: 'FORBIDDEN', message: 'your right to hear this has ended' });
}
