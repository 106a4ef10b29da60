import type { Audience, Caller } from '../core/actor-kind.ts';
import type { Publication, Subscriber } from '../core/actor-port.ts';
import type { Resume, WireEvent } from '../protocol/wire.ts';
import type { RingEntry, StreamRing } from './stream-ring.ts';

/** Whom a subscription speaks to. */
export interface SubscriptionListener {
	committed(subscription: Subscription, entry: RingEntry, before: Resume): void;
	ephemeral(subscription: Subscription, event: WireEvent, audience: Audience): void;
	closed(subscription: Subscription): void;
}

export interface SubscriptionOptions {
	readonly listener: SubscriptionListener;
	/** An earlier owner's, when this one goes on with it. */
	readonly ring: StreamRing;
	readonly grantsMax: number;
}

/**
 * This edge's ear at one owner of an actor: what it was told lately and whom that owner let in. Both
 * end with it, since only this owner tells of revocations.
 */
export class Subscription implements Subscriber {
	readonly #options: SubscriptionOptions;
	readonly ring: StreamRing;
	/** The owner has gone, or was never reached. What still comes is for nobody: the ring may have an heir. */
	isClosed = false;
	/** User id → roles with which the owner let the user in, oldest first. */
	readonly #grants = new Map<string, string>();

	constructor(options: SubscriptionOptions) {
		this.#options = options;
		this.ring = options.ring;
	}

	/** Takes in that the owner let the caller in, seeing the state at `position`. */
	granted(caller: Caller, position: number, writer: string): void {
		this.ring.anchor(position, writer);
		if (this.ring.revokedSince(position, caller.userId)) return;
		this.#grants.delete(caller.userId);
		this.#grants.set(caller.userId, rolesOf(caller));
		if (this.#grants.size <= this.#options.grantsMax) return;
		for (const oldest of this.#grants.keys()) {
			this.#grants.delete(oldest);
			break;
		}
	}

	/** Whether a user with this history may be brought up from the ring, without asking the owner. */
	mayResume(caller: Caller, resume: Resume): boolean {
		return this.#grants.get(caller.userId) === rolesOf(caller) && this.ring.holds(resume);
	}

	committed(publication: Publication): void {
		// A question under way may have subscribed it once more: the next owner has its own ear.
		if (this.isClosed) return;
		const before = [this.ring.end, this.ring.writer] as const;
		const entry = this.ring.push(publication);
		if (entry === undefined) return;
		for (const { revoked } of entry.told) {
			if (revoked === undefined) continue;
			if (revoked === 'all') this.#grants.clear();
			else for (const userId of revoked) this.#grants.delete(userId);
		}
		this.#options.listener.committed(this, entry, [...before]);
	}

	ephemeral(event: WireEvent, audience: Audience): void {
		this.#options.listener.ephemeral(this, event, audience);
	}

	closed(): void {
		this.isClosed = true;
		this.#options.listener.closed(this);
	}
}

/** Roles as one comparable name. A user has one or two of them. */
export const rolesOf = ({ roles }: Caller): string =>
	roles.length === 1 ? (roles[0] as string) : [...roles].sort().join();
