import type { Room } from '@colyseus/core';
import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import { type ActorKey, splitKey } from '../../protocol/ids.ts';
import type { LiveRooms } from './live-rooms.ts';
import { type Figures, roomIdOf, type ShownRoom } from './seat-definition.ts';

/** Figures of a room are taken over at most this often. */
const SHOW_EVERY_MS = 1_000;

/**
 *     opened ──▶ making ──▶ shown ──▶ closed ──▶ (opened while ending: made again)
 */
interface Shown {
	/** What the actor wants; the room follows. */
	wanted: boolean;
	settling: boolean;
	room: (Room & ShownRoom) | undefined;
	/** Figures that the room has not got yet. */
	figures: Figures | undefined;
}

/**
 * Keeps one Colyseus room beside each live actor of the kinds that have one. Never throws and never
 * waits: a room that cannot be made is logged, the actor does not notice.
 */
export class ActorRooms {
	readonly #kinds: ReadonlySet<string>;
	readonly #rooms: LiveRooms;
	readonly #after: Runtime['after'];
	readonly #log: Log;
	readonly #shown = new Map<ActorKey, Shown>();
	readonly #fresh = new Set<ActorKey>();
	#isTimed = false;

	constructor(
		kinds: readonly string[],
		rooms: LiveRooms,
		tools: { readonly runtime: Pick<Runtime, 'after'>; readonly log: Log },
	) {
		this.#kinds = new Set(kinds);
		this.#rooms = rooms;
		this.#after = (ms, run) => tools.runtime.after(ms, run);
		this.#log = tools.log;
	}

	/** The actor is live on this node. */
	opened(key: ActorKey): void {
		if (!this.#kinds.has(splitKey(key).kind)) return;
		const shown = this.#shown.get(key);
		if (shown !== undefined) {
			shown.wanted = true;
			this.#follow(key, shown);
			return;
		}
		const made: Shown = { wanted: true, settling: false, room: undefined, figures: undefined };
		this.#shown.set(key, made);
		this.#follow(key, made);
	}

	/** The actor's present figures, after a commit; the last of each second are shown. */
	figures(key: ActorKey, figures: Figures): void {
		const shown = this.#shown.get(key);
		if (shown === undefined) return;
		shown.figures = figures;
		this.#fresh.add(key);
		this.#time();
	}

	/** The actor is not live on this node any more. */
	closed(key: ActorKey): void {
		const shown = this.#shown.get(key);
		if (shown === undefined) return;
		shown.wanted = false;
		this.#follow(key, shown);
	}

	#follow(key: ActorKey, shown: Shown): void {
		if (shown.settling) return;
		shown.settling = true;
		this.#settle(key, shown)
			.catch((error: unknown) => this.#log.warn({ key, error }, 'the room of an actor failed'))
			.finally(() => {
				shown.settling = false;
				if (!shown.wanted && this.#shown.get(key) === shown) this.#shown.delete(key);
			});
	}

	/** Makes or ends the room until it is as wanted, however often that changed meanwhile. */
	async #settle(key: ActorKey, shown: Shown): Promise<void> {
		const { kind, id } = splitKey(key);
		const roomId = roomIdOf(kind, id);
		while (shown.wanted !== (shown.room !== undefined)) {
			if (shown.wanted) {
				shown.room = (await this.#rooms.open(kind, roomId, { id })) as Room & ShownRoom;
				if (shown.figures !== undefined) shown.room.show(shown.figures);
			} else {
				shown.room = undefined;
				await this.#rooms.close(roomId);
			}
		}
	}

	#time(): void {
		if (this.#isTimed) return;
		this.#isTimed = true;
		this.#after(SHOW_EVERY_MS, () => {
			this.#isTimed = false;
			const keys = [...this.#fresh];
			this.#fresh.clear();
			for (const key of keys) this.#show(key);
		});
	}

	#show(key: ActorKey): void {
		const shown = this.#shown.get(key);
		if (shown?.room === undefined || shown.figures === undefined) return;
		try {
			shown.room.show(shown.figures);
		} catch (error) {
			this.#log.warn({ key, error }, 'the room of an actor failed');
		}
	}
}
