import { Room } from '@colyseus/core';
import type { Schema } from '@colyseus/schema';

/** Long, not `null`: without a patch rate Colyseus ticks a clock of the room at 60 Hz. */
const PATCH_RATE_MS = 24 * 60 * 60 * 1_000;

type Figures = Readonly<Record<string, unknown>>;

/** How the figures of one kind of actor are shown. */
export interface ActorRoomOptions<S extends Schema> {
	readonly state: new () => S;
	/** Takes the figures over into the state. */
	show(state: S, figures: Figures): void;
}

/**
 * The room class beside the actors of a kind: its place in Colyseus's listing and monitor, with a few
 * live figures. It has no clients of its own, holds no truth and ends only with its actor.
 */
export function defineActorRoom<S extends Schema>(options: ActorRoomOptions<S>) {
	return class ActorRoom extends Room<{ state: S }> {
		override autoDispose = false;
		override patchRate = PATCH_RATE_MS;
		#figures: Figures = {};

		override onCreate({ id }: { id: string }): void {
			this.metadata = { id } as never;
		}

		/** The state costs 35 KB per room, so it is there from the first onlooker on. */
		override onJoin(): void {
			if (this.state !== undefined) return;
			const state = new options.state();
			options.show(state, this.#figures);
			this.state = state as never;
		}

		/** Shows these figures from now on. */
		show(figures: Figures): void {
			this.#figures = figures;
			if (this.state === undefined) return;
			options.show(this.state as S, figures);
			this.broadcastPatch();
		}
	};
}
