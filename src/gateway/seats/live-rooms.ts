import type { Room } from '@colyseus/core';
import { isDisposing, makeRoom, whenGone } from './colyseus-internals.ts';

/** An opening waits this long for the last room of its key to end. */
const GONE_WAIT_MAX_MS = 10_000;

/**
 *     making ──▶ live ──▶ ending (`onDispose` runs) ──▶ gone
 */
interface Entry {
	readonly room: Promise<Room>;
	/** Resolves when nothing of the room is left, also when it was never made. */
	readonly gone: Promise<void>;
}

/** A room of the key is still ending; the caller may try again. */
export class StillEnding extends Error {}

/**
 * The rooms of this node by id: at most one at a time, whoever asks and however slow it is to begin
 * or end. Colyseus's own matchmaking guarantees neither.
 */
export class LiveRooms {
	readonly #entries = new Map<string, Entry>();
	readonly #listeners = new Set<(roomId: string) => void>();

	get size(): number {
		return this.#entries.size;
	}

	has(roomId: string): boolean {
		return this.#entries.has(roomId);
	}

	ids(): readonly string[] {
		return [...this.#entries.keys()];
	}

	/** Calls back when nothing of a room is left; the answer ends it. */
	onGone(listener: (roomId: string) => void): () => void {
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	}

	/** The live room of this id, if there is one. */
	async find(roomId: string): Promise<Room | undefined> {
		const room = await this.#entries.get(roomId)?.room.catch(() => undefined);
		return room === undefined || isDisposing(room) ? undefined : room;
	}

	/** The live room of this id, made from `name` when there is none; throws what `onCreate` throws. */
	async open(name: string, roomId: string, options: object): Promise<Room> {
		for (;;) {
			const entry = this.#entries.get(roomId) ?? this.#make(name, roomId, options);
			const room = await entry.room;
			if (!isDisposing(room)) return room;
			await bounded(entry.gone);
		}
	}

	/** Ends the room of this id, its clients with this code, and waits until it is gone. */
	async close(roomId: string, code?: number): Promise<void> {
		const entry = this.#entries.get(roomId);
		if (entry === undefined) return;
		await entry.room.then((room) => room.disconnect(code)).catch(() => undefined);
		await entry.gone;
	}

	#make(name: string, roomId: string, options: object): Entry {
		const room = makeRoom(name, roomId, options);
		const gone = room
			.then(whenGone, () => undefined)
			.then(() => {
				this.#entries.delete(roomId);
				for (const listener of this.#listeners) listener(roomId);
			});
		const entry = { room, gone };
		this.#entries.set(roomId, entry);
		return entry;
	}
}

async function bounded(gone: Promise<void>): Promise<void> {
	const timeout = Promise.withResolvers<never>();
	const timer = setTimeout(() => timeout.reject(new StillEnding()), GONE_WAIT_MAX_MS);
	try {
		await Promise.race([gone, timeout.promise]);
	} finally {
		clearTimeout(timer);
	}
}
