import type { CommandAnswer } from '../../core/actor-port.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { Refusal } from '../../protocol/errors.ts';
import type { Args } from '../../protocol/kind.ts';
import { type PresenceState, presenceContract } from '../../protocol/user.ts';
import type { Connection, Service, ServiceSession, Tell } from '../ports.ts';

/** A watcher's changes are told together, at most this often. */
const TELL_EVERY_MS = 100;

type ShownState = PresenceState['state'];
type CommandArgs<C extends keyof (typeof presenceContract)['commands']> = Args<
	typeof presenceContract,
	C
>;

/** A handle's ear at the presence of others. */
export interface PresenceWatcher {
	readonly connectionId: string;
	changed(userId: string, before: ShownState | undefined): void;
}

/** What the service needs of presence; `src/cluster/presence.ts` is it. */
export interface PresenceSource {
	setVisible(connection: Connection, visible: boolean): void;
	setState(userId: string, state: 'online' | 'away'): void;
	logout(connection: Connection): void;
	/** `undefined`: not known yet. */
	state(userId: string): PresenceState | undefined;
	watch(
		watcher: PresenceWatcher,
		users: readonly string[],
	): { ok: true; states: PresenceState[] } | ({ ok: false } & Refusal);
	unwatch(watcher: PresenceWatcher, users: readonly string[]): void;
	leave(watcher: PresenceWatcher): void;
}

/**
 * Serves `presence/me`. Changes of one turn leave together, and then not again for 100 ms; a user who
 * is back in the old state by then is not told of.
 */
export function presenceService(
	presence: PresenceSource,
	runtime: Pick<Runtime, 'monotonic' | 'after' | 'defer'>,
): Service {
	const batches = new Batches(runtime);
	return {
		contract: presenceContract,
		open: (connection, tell) => new PresenceSession(connection, tell, { presence, batches }),
	};
}

class PresenceSession implements ServiceSession, PresenceWatcher {
	readonly connectionId: string;
	readonly #connection: Connection;
	readonly #tell: Tell;
	readonly #presence: PresenceSource;
	readonly #batches: Batches;
	/** Users to tell of, with the state that this watcher knows of; only such as it watches. */
	readonly #changed = new Map<string, ShownState | undefined>();
	/** The reader is slow: what has changed is told when it is there again. */
	#isBehind = false;

	constructor(
		connection: Connection,
		tell: Tell,
		{ presence, batches }: { presence: PresenceSource; batches: Batches },
	) {
		this.connectionId = connection.id;
		this.#connection = connection;
		this.#tell = tell;
		this.#presence = presence;
		this.#batches = batches;
	}

	async command(name: string, args: unknown): Promise<CommandAnswer> {
		switch (name) {
			case 'watch':
				return this.#watch(args as CommandArgs<'watch'>);
			case 'unwatch':
				this.#unwatch(args as CommandArgs<'unwatch'>);
				break;
			case 'set': {
				const { state } = args as CommandArgs<'set'>;
				this.#presence.setState(this.#connection.identity.userId, state);
				break;
			}
			case 'visible':
				this.#presence.setVisible(this.#connection, (args as CommandArgs<'visible'>).visible);
				break;
			case 'logout':
				this.#presence.logout(this.#connection);
				break;
			default:
				return { ok: false, code: 'NOT_FOUND', message: 'presence has no such command' };
		}
		return { ok: true, reply: {} };
	}

	close(): void {
		this.#presence.leave(this);
		this.#changed.clear();
		this.#batches.drop(this);
	}

	changed(userId: string, before: ShownState | undefined): void {
		if (!this.#changed.has(userId)) this.#changed.set(userId, before);
		if (!this.#isBehind) this.#batches.add(this);
	}

	caughtUp(): void {
		this.#isBehind = false;
		if (this.#changed.size > 0) this.#batches.add(this);
	}

	/** Tells what is another than what the watcher knows of. */
	flush(): void {
		const states: PresenceState[] = [];
		for (const [userId, before] of this.#changed) {
			const state = this.#presence.state(userId);
			if (state !== undefined && state.state !== before) states.push(state);
		}
		this.#isBehind = states.length > 0 && !this.#tell(['change', { states }]);
		if (!this.#isBehind) this.#changed.clear();
	}

	#watch({ users }: CommandArgs<'watch'>): CommandAnswer {
		const answer = this.#presence.watch(this, users);
		if (!answer.ok) return answer;
		// The answer says all that there is to say of them.
		for (const userId of users) this.#changed.delete(userId);
		return { ok: true, reply: { states: answer.states } };
	}

	#unwatch({ users }: CommandArgs<'unwatch'>): void {
		this.#presence.unwatch(this, users);
		for (const userId of users) this.#changed.delete(userId);
	}
}

/** One timer for all sessions that have something to tell. */
class Batches {
	readonly #runtime: Pick<Runtime, 'monotonic' | 'after' | 'defer'>;
	readonly #waiting = new Set<PresenceSession>();
	#isArmed = false;
	#toldAt = Number.NEGATIVE_INFINITY;

	constructor(runtime: Pick<Runtime, 'monotonic' | 'after' | 'defer'>) {
		this.#runtime = runtime;
	}

	add(session: PresenceSession): void {
		this.#waiting.add(session);
		if (this.#isArmed) return;
		this.#isArmed = true;
		const waitMs = this.#toldAt + TELL_EVERY_MS - this.#runtime.monotonic();
		if (waitMs > 0) this.#runtime.after(waitMs, () => this.#flush());
		else this.#runtime.defer(() => this.#flush());
	}

	drop(session: PresenceSession): void {
		this.#waiting.delete(session);
	}

	#flush(): void {
		this.#isArmed = false;
		this.#toldAt = this.#runtime.monotonic();
		const sessions = [...this.#waiting];
		this.#waiting.clear();
		for (const session of sessions) session.flush();
	}
}
