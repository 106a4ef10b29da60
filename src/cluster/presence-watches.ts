import type { ShownState } from './presence-user.ts';

/** Whoever watches users: one per handle of a socket. */
export interface Watcher {
	/** The socket, whose watches have one limit together. */
	readonly connectionId: string;
	/**
	 * A watched user's state is another than `before` (`undefined`: was not known); ask for the present
	 * one when it is needed.
	 */
	changed(userId: string, before: ShownState | undefined): void;
}

export interface WatchLimits {
	readonly perConnectionMax: number;
	readonly totalMax: number;
}

/** Who watches whom, from both sides, so that a change and a farewell cost what they touch. */
export class WatchIndex {
	readonly #limits: WatchLimits;
	readonly #watchersOf = new Map<string, Set<Watcher>>();
	readonly #usersOf = new Map<Watcher, Set<string>>();
	readonly #countOf = new Map<string, number>();
	#total = 0;

	constructor(limits: WatchLimits) {
		this.#limits = limits;
	}

	/** Pairs of watcher and user. */
	get total(): number {
		return this.#total;
	}

	/** Adds all of the users or, when that would pass a limit, none. */
	add(watcher: Watcher, users: readonly string[]): boolean {
		const mine = this.#usersOf.get(watcher) ?? new Set();
		const fresh = new Set(users.filter((userId) => !mine.has(userId)));
		const count = (this.#countOf.get(watcher.connectionId) ?? 0) + fresh.size;
		if (count > this.#limits.perConnectionMax) return false;
		if (this.#total + fresh.size > this.#limits.totalMax) return false;
		if (fresh.size === 0) return true;
		for (const userId of fresh) {
			mine.add(userId);
			const watchers = this.#watchersOf.get(userId);
			if (watchers === undefined) this.#watchersOf.set(userId, new Set([watcher]));
			else watchers.add(watcher);
		}
		this.#usersOf.set(watcher, mine);
		this.#countOf.set(watcher.connectionId, count);
		this.#total += fresh.size;
		return true;
	}

	remove(watcher: Watcher, users: readonly string[]): void {
		const mine = this.#usersOf.get(watcher);
		if (mine === undefined) return;
		let removed = 0;
		for (const userId of users) {
			if (!mine.delete(userId)) continue;
			removed++;
			const watchers = this.#watchersOf.get(userId);
			watchers?.delete(watcher);
			if (watchers?.size === 0) this.#watchersOf.delete(userId);
		}
		if (mine.size === 0) this.#usersOf.delete(watcher);
		const count = (this.#countOf.get(watcher.connectionId) ?? 0) - removed;
		if (count > 0) this.#countOf.set(watcher.connectionId, count);
		else this.#countOf.delete(watcher.connectionId);
		this.#total -= removed;
	}

	removeAll(watcher: Watcher): void {
		this.remove(watcher, [...(this.#usersOf.get(watcher) ?? [])]);
	}

	watchersOf(userId: string): Iterable<Watcher> {
		return this.#watchersOf.get(userId) ?? [];
	}

	/** All users that anybody watches. */
	users(): Iterable<string> {
		return this.#watchersOf.keys();
	}
}
