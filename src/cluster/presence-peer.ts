import type { NodeId } from './directory.ts';
import type {
	PresenceChange,
	PresenceDelta,
	PresenceMessage,
	PresencePart,
} from './presence-message.ts';
import type { Logout } from './presence-told.ts';
import type { PresenceEntry, PresenceGone } from './presence-user.ts';

/** Changes that wait for a delta before them; beyond, they are forgotten and asked for. */
const AHEAD_CHANGES_MAX = 50_000;
const AHEAD_DELTAS_MAX = 2_000;
/** Between two questions for what is missing, and how long the next part of a set may take. */
const ASK_EVERY_MS = 1_000;
const PART_WITHIN_MS = 3_000;

/** Where what a node tells of its users goes. */
export interface PresenceSink {
	tellsOf(node: NodeId, userId: string, entry: PresenceEntry): void;
	goneFrom(node: NodeId, gone: PresenceGone): void;
	loggedOutElsewhere(logout: Logout): void;
}

/** A message with the moments of its logouts: it may have to wait for those before it. */
type Heard<T> = Omit<T, 'logouts'> & { readonly logouts: readonly Logout[] };

interface Snapshot {
	readonly id: number;
	readonly parts: Map<number, Heard<PresencePart>>;
	/** Known once the last one was heard. */
	count: number | undefined;
	heardAt: number;
}

/** Another node's users as this one has heard of them: its deltas are taken in order, none left out. */
export class PresencePeer {
	readonly node: NodeId;
	/** When it was heard last, and when it was last heard with nothing missing (monotonic). */
	heardAt: number;
	completeAt = Number.NEGATIVE_INFINITY;
	readonly #sink: PresenceSink;
	#generation = Number.NEGATIVE_INFINITY;
	/** The last delta taken; what came before it is known. */
	#seq = 0;
	/** The last delta that is known to have been told. */
	#toldSeq = 0;
	readonly #users = new Set<string>();
	readonly #ahead = new Map<number, Heard<PresenceDelta>>();
	#aheadChanges = 0;
	#snapshot: Snapshot | undefined;
	#askedAt = Number.NEGATIVE_INFINITY;

	constructor(node: NodeId, sink: PresenceSink, now: number) {
		this.node = node;
		this.#sink = sink;
		this.heardAt = now;
	}

	get users(): number {
		return this.#users.size;
	}

	/** Takes in what the node tells of itself. */
	take(message: Exclude<PresenceMessage, { type: 'ask' }>, now: number): void {
		const { generation, seq } = message;
		if (generation < this.#generation) return;
		if (generation > this.#generation) this.#begin(generation);
		this.heardAt = now;
		this.#toldSeq = Math.max(seq, this.#toldSeq);
		if (message.type === 'delta') this.#takeDelta(heard(message, now));
		else if (message.type === 'part') this.#takePart(heard(message, now), now);
		// An old message that comes late says nothing of now.
		if (seq >= this.#toldSeq && this.#seq === this.#toldSeq) this.completeAt = now;
	}

	/** The question for what is missing, when there is something and it may be asked now. */
	ask(now: number): { readonly generation: number; readonly seq: number } | undefined {
		if (this.#seq === this.#toldSeq || now < this.#askedAt + ASK_EVERY_MS) return undefined;
		if (this.#snapshot !== undefined) {
			if (now < this.#snapshot.heardAt + PART_WITHIN_MS) return undefined;
			this.#snapshot = undefined;
		}
		this.#askedAt = now;
		return { generation: this.#generation, seq: this.#seq };
	}

	/** The node is gone, and all its users with it. */
	drop(): void {
		for (const userId of this.#users) this.#sink.goneFrom(this.node, silent(userId));
		this.#users.clear();
	}

	#begin(generation: number): void {
		this.drop();
		this.#generation = generation;
		this.#seq = 0;
		this.#toldSeq = 0;
		this.#forgetAhead();
		this.#snapshot = undefined;
	}

	#takeDelta(delta: Heard<PresenceDelta>): void {
		if (delta.seq <= this.#seq || this.#ahead.has(delta.seq)) return;
		this.#ahead.set(delta.seq, delta);
		this.#aheadChanges += delta.changes.length;
		this.#takeAhead();
		const isTooMuch = this.#aheadChanges > AHEAD_CHANGES_MAX || this.#ahead.size > AHEAD_DELTAS_MAX;
		if (isTooMuch) this.#forgetAhead();
	}

	/** Takes what is next of that which came early. */
	#takeAhead(): void {
		for (;;) {
			const next = this.#ahead.get(this.#seq + 1);
			if (next === undefined) return;
			this.#ahead.delete(next.seq);
			this.#aheadChanges -= next.changes.length;
			this.#seq = next.seq;
			this.#apply(next);
		}
	}

	#forgetAhead(): void {
		this.#ahead.clear();
		this.#aheadChanges = 0;
	}

	#takePart(part: Heard<PresencePart>, now: number): void {
		if (part.seq <= this.#seq) return;
		if (this.#snapshot === undefined || part.snapshot > this.#snapshot.id) {
			this.#snapshot = { id: part.snapshot, parts: new Map(), count: undefined, heardAt: now };
		}
		const snapshot = this.#snapshot;
		if (part.snapshot < snapshot.id) return;
		snapshot.parts.set(part.index, part);
		snapshot.heardAt = now;
		if (part.isLast) snapshot.count = part.index + 1;
		if (snapshot.parts.size === snapshot.count) this.#takeSnapshot(part.seq, snapshot);
	}

	#takeSnapshot(seq: number, { parts }: Snapshot): void {
		this.#snapshot = undefined;
		this.#seq = seq;
		const gone = new Set(this.#users);
		for (const part of parts.values()) for (const { userId } of part.changes) gone.delete(userId);
		for (const part of parts.values()) this.#apply(part);
		for (const userId of gone) this.#change(silent(userId));
		for (const early of [...this.#ahead.values()]) {
			if (early.seq > seq) continue;
			this.#ahead.delete(early.seq);
			this.#aheadChanges -= early.changes.length;
		}
		this.#takeAhead();
	}

	#apply({ changes, logouts }: Heard<PresenceDelta | PresencePart>): void {
		for (const change of changes) this.#change(change);
		for (const logout of logouts) this.#sink.loggedOutElsewhere(logout);
	}

	#change(change: PresenceChange): void {
		const { userId } = change;
		if ('entry' in change) {
			this.#users.add(userId);
			this.#sink.tellsOf(this.node, userId, change.entry);
		} else if (this.#users.delete(userId)) {
			this.#sink.goneFrom(this.node, change);
		}
	}
}

const heard = <T extends PresenceDelta | PresencePart>(message: T, now: number): Heard<T> => ({
	...message,
	logouts: message.logouts.map(({ agoMs, ...logout }) => ({ ...logout, at: now - agoMs })),
});

const silent = (userId: string): PresenceGone => ({
	userId,
	ending: 'silence',
	lastActiveAt: undefined,
});
