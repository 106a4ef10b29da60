import type { CommitRecord } from '../../core/journal.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { NewestMap } from './newest-map.ts';

/** Where one commit of an actor stands: its events are those behind `from`, up to `position`. */
interface Place {
	readonly commit: number;
	readonly from: number;
	readonly position: number;
}

const ACTORS_MAX = 100;
const COMMITS_MAX = 1_000;

/**
 * Which commit of this node's has which events, of the newest ones with events: what is asked for by its
 * position soon behind its commit need not be searched for. A commit that has landed never changes.
 */
export class RecentCommits {
	readonly #places = new NewestMap<ActorKey, Place[]>(ACTORS_MAX);

	landed({ actor, commit, position, events }: CommitRecord): void {
		if (events.length === 0) return;
		const places = this.#places.get(actor) ?? [];
		places.push({ commit, from: position - events.length, position });
		if (places.length > 2 * COMMITS_MAX) places.splice(0, COMMITS_MAX);
		this.#places.set(actor, places);
	}

	/** The commit with the event behind `position`; `undefined`: it is not one of these. */
	behind(actor: ActorKey, position: number): number | undefined {
		const places = this.#places.get(actor) ?? [];
		const found = places.findLast(({ from }) => from <= position);
		return found !== undefined && position < found.position ? found.commit : undefined;
	}
}
