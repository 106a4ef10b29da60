import { changeBytes, type PresenceChange, type PresenceLogout } from './presence-message.ts';
import type { Ending, PresenceEntry } from './presence-user.ts';

/** About what a message holds; the relay takes twice as much. */
const MESSAGE_BYTES_MAX = 256 * 1024;
const LOGOUTS_PER_MESSAGE_MAX = 500;
/** What is kept to be told again: changes of the last deltas, and how many of these. */
const KEPT_CHANGES_MAX = 50_000;
const KEPT_DELTAS_MAX = 2_000;
/** Logouts that wait to be told, and those that somebody who has to start anew is told of. */
const LOGOUTS_MAX = 10_000;

/** One delta as it was told, with the times of its logouts so that it may be told again later. */
export interface ToldDelta {
	readonly seq: number;
	readonly changes: readonly PresenceChange[];
	readonly logouts: readonly Logout[];
}

/** A device that has logged out. */
export interface Logout {
	readonly userId: string;
	readonly deviceId: string;
	/** Monotonic milliseconds. */
	readonly at: number;
}

/** A part of a set, as it stood at one moment. */
export interface ToldPart {
	readonly changes: readonly PresenceChange[];
	readonly logouts: readonly Logout[];
}

/** How long ago devices logged out, for a message that leaves now. */
export const agoOf = (logouts: readonly Logout[], now: number): PresenceLogout[] =>
	logouts.map(({ userId, deviceId, at }) => ({ userId, deviceId, agoMs: now - at }));

/**
 * What a node has told the others of its users, in numbered deltas: a change costs an entry, whoever
 * missed some is told these again, or everything when they are too many.
 */
export class PresenceTold {
	readonly #entryOf: (userId: string) => PresenceEntry | undefined;
	readonly #lastActiveAt: (userId: string) => number | undefined;
	readonly #told = new Map<string, PresenceEntry>();
	/** Users to tell of, with how they ended if they have. */
	readonly #changed = new Map<string, Ending>();
	#loggedOut: Logout[] = [];
	/** The oldest first. */
	#logouts: Logout[] = [];
	#kept: ToldDelta[] = [];
	#keptChanges = 0;
	#seq = 0;

	/** What there is of a user here now, and the last activity of those who are gone. */
	constructor(now: {
		entryOf(userId: string): PresenceEntry | undefined;
		lastActiveAt(userId: string): number | undefined;
	}) {
		this.#entryOf = (userId) => now.entryOf(userId);
		this.#lastActiveAt = (userId) => now.lastActiveAt(userId);
	}

	/** Number of the last delta; 0: there was none. */
	get seq(): number {
		return this.#seq;
	}

	changed(userId: string, ending: Ending): void {
		this.#changed.set(userId, ending);
	}

	/** While nothing can be told, logouts beyond a bound are forgotten: they show as silence. */
	loggedOut(logout: Logout): void {
		if (this.#loggedOut.length < LOGOUTS_MAX) this.#loggedOut.push(logout);
	}

	/** Makes the deltas of what has changed since the last call. */
	take(): ToldDelta[] {
		if (this.#changed.size === 0 && this.#loggedOut.length === 0) return [];
		const changes: PresenceChange[] = [];
		for (const [userId, ending] of this.#changed) {
			const change = this.#changeOf(userId, ending);
			if (change !== undefined) changes.push(change);
		}
		this.#changed.clear();
		const logouts = this.#loggedOut;
		this.#loggedOut = [];
		this.#logouts = [...this.#logouts, ...logouts].slice(-LOGOUTS_MAX);
		const deltas = partsOf(changes, logouts).map((part) => ({ seq: ++this.#seq, ...part }));
		for (const delta of deltas) this.#keep(delta);
		return deltas;
	}

	/** All deltas behind `seq`; `undefined` when they are not kept any more, or it is none of ours. */
	since(seq: number): readonly ToldDelta[] | undefined {
		if (seq > this.#seq) return undefined;
		if (seq === this.#seq) return [];
		const first = this.#kept[0]?.seq ?? Number.POSITIVE_INFINITY;
		return first > seq + 1 ? undefined : this.#kept.slice(seq + 1 - first);
	}

	/** Everything as told up to now, with the logouts behind `since` (monotonic); at least one part. */
	parts(since: number): ToldPart[] {
		const changes = Array.from(this.#told, ([userId, entry]) => ({ userId, entry }));
		this.#logouts = this.#logouts.filter(({ at }) => at > since);
		const parts = partsOf(changes, this.#logouts);
		return parts.length > 0 ? parts : [{ changes: [], logouts: [] }];
	}

	/** What has to be told of a user; `undefined` when it was told. */
	#changeOf(userId: string, ending: Ending): PresenceChange | undefined {
		const entry = this.#entryOf(userId);
		const told = this.#told.get(userId);
		if (entry === undefined) {
			if (!this.#told.delete(userId)) return undefined;
			return { userId, ending, lastActiveAt: this.#lastActiveAt(userId) };
		}
		if (told !== undefined && isSame(told, entry)) return undefined;
		this.#told.set(userId, entry);
		return { userId, entry };
	}

	#keep(delta: ToldDelta): void {
		this.#kept.push(delta);
		this.#keptChanges += delta.changes.length;
		while (this.#keptChanges > KEPT_CHANGES_MAX || this.#kept.length > KEPT_DELTAS_MAX) {
			this.#keptChanges -= this.#kept.shift()?.changes.length ?? 0;
		}
	}
}

/** Whether the others have nothing to learn of it; activity alone is not told. */
function isSame(one: PresenceEntry, other: PresenceEntry): boolean {
	if (one.devices.length !== other.devices.length) return false;
	if (one.said?.n !== other.said?.n || one.said?.by !== other.said?.by) return false;
	const visible = new Map(one.devices);
	return other.devices.every(([deviceId, isVisible]) => visible.get(deviceId) === isVisible);
}

/** Cuts what is to be told into messages. */
function partsOf(changes: readonly PresenceChange[], logouts: readonly Logout[]): ToldPart[] {
	const parts: ToldPart[] = [];
	let from = 0;
	let logoutsFrom = 0;
	while (from < changes.length || logoutsFrom < logouts.length) {
		const logoutsTo = logoutsFrom + LOGOUTS_PER_MESSAGE_MAX;
		let bytes = 0;
		let to = from;
		while (to < changes.length && bytes < MESSAGE_BYTES_MAX) {
			bytes += changeBytes(changes[to] as PresenceChange);
			to++;
		}
		parts.push({
			changes: changes.slice(from, to),
			logouts: logouts.slice(logoutsFrom, logoutsTo),
		});
		from = to;
		logoutsFrom = logoutsTo;
	}
	return parts;
}
