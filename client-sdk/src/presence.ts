import { PresenceHandle, presenceTable } from './generated/presence.ts';
import type { PresenceState } from './generated/schemas.ts';
import { tell, type Undo } from './listeners.ts';
import type { NaruError } from './naru-error.ts';
import type { Session } from './session.ts';

/** Most users in one `watch` command. */
const WATCH_MAX = 1_000;

interface Watch {
	readonly users: ReadonlySet<string>;
	readonly listener: (changes: readonly PresenceState[]) => void;
}

/** Who is there. Watches outlive sockets: after each they are set again, and only news is told. */
export class Presence {
	readonly #session: Session;
	readonly #handle: PresenceHandle;
	readonly #report: (error: NaruError) => void;
	readonly #watches = new Set<Watch>();
	readonly #known = new Map<string, PresenceState>();
	/** Asked about, and not answered yet. */
	readonly #asked = new Set<string>();
	#isAway = false;

	/** @internal `report`: told what no call can be told, such as a watch that was refused. */
	constructor(session: Session, report: (error: NaruError) => void) {
		this.#session = session;
		this.#report = report;
		this.#handle = new PresenceHandle(session, {
			table: presenceTable,
			id: () => 'me',
			sink: {
				opened: (_, isReset) => this.#opened(isReset),
				event: () => {},
				ephemeral: (type, data) => {
					if (type === 'change') this.#changed((data as { states: PresenceState[] }).states);
				},
				closed: (error) => {
					if (!session.ended) report(error);
				},
			},
		});
	}

	/** What is known of a watched user. */
	of(userId: string): PresenceState | undefined {
		return this.#known.get(userId);
	}

	/** Tells the present state of the users and then each change; returns the undo. */
	watch(users: readonly string[], listener: Watch['listener']): Undo {
		const watch: Watch = { users: new Set(users), listener };
		const fresh = users.filter((userId) => !this.#isWatched(userId));
		const known = users.flatMap((userId) => this.#known.get(userId) ?? []);
		this.#watches.add(watch);
		if (known.length > 0) {
			void Promise.resolve().then(() => {
				if (this.#watches.has(watch)) tell(listener, known);
			});
		}
		this.#ask(fresh);
		return () => this.#unwatch(watch);
	}

	/** What the user says of themselves, on all devices. */
	async set(state: 'online' | 'away'): Promise<void> {
		this.#isAway = state === 'away';
		await this.#handle.set({ state });
	}

	/** @internal Whether a page or app of this device is in front. */
	visible(visible: boolean): void {
		// The next hello says it, if there is no socket now.
		if (this.#session.isReady) this.#handle.visible({ visible }).catch(() => {});
	}

	/** @internal This device is gone at once. */
	async logout(timeoutMs: number): Promise<void> {
		await this.#handle.run('logout', {}, { timeoutMs });
	}

	#isWatched(userId: string): boolean {
		for (const { users } of this.#watches) if (users.has(userId)) return true;
		return false;
	}

	#opened(isReset: boolean): void {
		if (!isReset) return;
		const users = new Set<string>();
		for (const watch of this.#watches) for (const userId of watch.users) users.add(userId);
		// What was not answered is asked again by itself.
		this.#ask([...users].filter((userId) => !this.#asked.has(userId)));
		if (this.#isAway) this.#handle.set({ state: 'away' }).catch(() => {});
	}

	#ask(users: readonly string[]): void {
		for (const some of slices(users)) {
			for (const userId of some) this.#asked.add(userId);
			// Without a time limit: a watch waits for the next socket.
			this.#handle.run('watch', { users: some }, {}).then(
				({ states }) => {
					this.#answered(some);
					this.#changed(states);
				},
				(error: NaruError) => {
					this.#answered(some);
					if (error.code !== 'CLOSED') this.#report(error);
				},
			);
		}
	}

	#answered(users: readonly string[]): void {
		for (const userId of users) this.#asked.delete(userId);
	}

	#unwatch(watch: Watch): void {
		if (!this.#watches.delete(watch)) return;
		const users = [...watch.users].filter((userId) => !this.#isWatched(userId));
		for (const userId of users) this.#known.delete(userId);
		if (!this.#session.isReady) return;
		for (const some of slices(users)) this.#handle.unwatch({ users: some }).catch(() => {});
	}

	#changed(states: readonly PresenceState[]): void {
		const news = states.filter((state) => {
			const before = this.#known.get(state.userId);
			return (
				this.#isWatched(state.userId) &&
				(before?.state !== state.state || before.lastActiveAt !== state.lastActiveAt)
			);
		});
		for (const state of news) this.#known.set(state.userId, state);
		for (const { users, listener } of [...this.#watches]) {
			const own = news.filter(({ userId }) => users.has(userId));
			if (own.length > 0) tell(listener, own);
		}
	}
}

/** In parts that fit a command. */
function* slices(users: readonly string[]): Generator<readonly string[]> {
	for (let at = 0; at < users.length; at += WATCH_MAX) yield users.slice(at, at + WATCH_MAX);
}
