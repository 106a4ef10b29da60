/**
 * Who is there, per user over all devices. A socket's life within a device:
 *
 *     connected ──sign of life──▶ alive ──30 s silent, or the device's logout──▶ over
 *         ▲                         │                                             │
 *         │                        cut: lives on silently until the 30 s are over │
 *         └───── a sign of life while still connected (not of the one logged out)─┘
 *
 * A user with no life is offline, with a life that has a visible page online, else away. Users of
 * other nodes will come in as further lives; nothing here asks where a life is heard.
 */
import type { Runtime } from '../core/runtime.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { PresenceState } from '../protocol/user.ts';
import { type ShownState, type Watcher, WatchIndex, type WatchLimits } from './presence-watches.ts';
import { SignsOfLife } from './signs-of-life.ts';

/** A user is offline this long after the last sign of life (C30). */
export const OFFLINE_AFTER_MS = 30_000;
/** The gateway reports signs at most once a second: the last one may be this much younger. */
const SIGN_LAG_MS = 1_000;
const WATCHES: WatchLimits = { perConnectionMax: 1_000, totalMax: 2_000_000 };
/** Sockets that a user is known by; the gateway bounds open ones, this also those that were cut. */
const LIVES_PER_USER_MAX = 200;
/** Offline users whose last activity is remembered; the ones gone longest are forgotten first. */
const REMEMBERED_MAX = 100_000;

/** A socket, as the gateway tells of it. */
export interface PresenceConnection {
	readonly id: string;
	readonly identity: { readonly userId: string };
	readonly deviceId: string;
}

export interface PresenceOptions {
	readonly runtime: Pick<Runtime, 'now' | 'monotonic' | 'after'>;
	/**
	 * How long after the start users who were not heard yet count as unknown, not as offline: they may
	 * be on their way back from a restart. 0 where nobody can have been here before.
	 */
	readonly settleMs?: number;
	readonly watches?: Partial<WatchLimits>;
	readonly rememberedMax?: number;
}

export interface PresenceCounts {
	/** Users that are online or away. */
	readonly users: number;
	/** Their devices. */
	readonly devices: number;
	/** Pairs of watcher and watched user. */
	readonly watches: number;
}

interface Life {
	readonly user: User;
	readonly deviceId: string;
	readonly connectionId: string;
	visible: boolean;
	connected: boolean;
	/** It logged out: no frame that is still on its way brings it back. */
	loggedOut: boolean;
}

interface User {
	readonly userId: string;
	/** Alive ones, and those over whose socket is still open; oldest first. */
	readonly lives: Set<Life>;
	/** What the user said; ends when the user is offline. */
	away: boolean;
	/** `undefined`: nobody was told anything yet, see {@link PresenceOptions.settleMs}. */
	shown: ShownState | undefined;
	/** Last sign of life of a visible page or app. */
	lastActiveAt: number | undefined;
	devices: number;
}

/** The presence of the users of one node; in memory only, so that a restart begins anew. */
export class Presence {
	readonly #runtime: PresenceOptions['runtime'];
	readonly #users = new Map<string, User>();
	readonly #lives = new Map<string, Life>();
	/** When users who are offline were active last, the one gone longest first. */
	readonly #remembered = new Map<string, number | undefined>();
	readonly #rememberedMax: number;
	readonly #signs: SignsOfLife<Life>;
	readonly #watches: WatchIndex;
	#settling: (() => void) | undefined;
	#usersAlive = 0;
	#devicesAlive = 0;

	constructor(options: PresenceOptions) {
		const { runtime, settleMs = OFFLINE_AFTER_MS } = options;
		this.#runtime = runtime;
		this.#rememberedMax = options.rememberedMax ?? REMEMBERED_MAX;
		this.#watches = new WatchIndex({ ...WATCHES, ...options.watches });
		this.#signs = new SignsOfLife(runtime, OFFLINE_AFTER_MS + SIGN_LAG_MS, (life) =>
			this.#over(life),
		);
		if (settleMs > 0) this.#settling = runtime.after(settleMs, () => this.#settled());
	}

	/** A socket said hello; `visible`: a page or app is in front. */
	connected(connection: PresenceConnection, visible: boolean): void {
		const { userId } = connection.identity;
		const user = this.#users.get(userId) ?? this.#newUser(userId);
		const life: Life = {
			user,
			deviceId: connection.deviceId,
			connectionId: connection.id,
			visible,
			connected: true,
			loggedOut: false,
		};
		this.#lives.set(connection.id, life);
		user.lives.add(life);
		this.#heard(life);
		if (user.lives.size > LIVES_PER_USER_MAX) this.#dropOldestCut(user);
		this.#show(user);
	}

	/** Any frame of the socket. */
	alive(connection: PresenceConnection): void {
		const life = this.#lives.get(connection.id);
		if (life === undefined || life.loggedOut) return;
		const isBack = !this.#signs.has(life);
		this.#heard(life);
		if (isBack) this.#show(life.user);
	}

	/** The socket is gone, however it ended: the device lives on until its silence is too long. */
	disconnected(connection: PresenceConnection): void {
		const life = this.#lives.get(connection.id);
		if (life === undefined) return;
		life.connected = false;
		this.#lives.delete(connection.id);
		if (!this.#signs.has(life)) this.#forget(life);
	}

	/** Whether a page or app of the socket is in front now. */
	setVisible(connection: PresenceConnection, visible: boolean): void {
		const life = this.#lives.get(connection.id);
		if (life === undefined || life.loggedOut) return;
		// What goes out of sight was in sight until now.
		if (life.visible) life.user.lastActiveAt = this.#runtime.now();
		life.visible = visible;
		this.#heard(life);
		this.#show(life.user);
	}

	/** What the user says of themselves, on all devices, until they say otherwise or are offline. */
	setState(userId: string, state: 'online' | 'away'): void {
		const user = this.#users.get(userId);
		if (user === undefined) return;
		user.away = state === 'away';
		this.#show(user);
	}

	/**
	 * Ends the socket's device at once, with what its earlier sockets left. Another open page of the
	 * same device is back with its next sign of life.
	 */
	logout(connection: PresenceConnection): void {
		const own = this.#lives.get(connection.id);
		if (own === undefined) return;
		own.loggedOut = true;
		for (const life of [...own.user.lives]) {
			if (life.deviceId === own.deviceId) this.#end(life);
		}
		this.#show(own.user);
	}

	/** The user's state; `undefined` while it is too early after the start to tell. */
	state(userId: string): PresenceState | undefined {
		if (this.#isUnknown(userId)) return undefined;
		const user = this.#users.get(userId);
		const lastActiveAt = user === undefined ? this.#remembered.get(userId) : user.lastActiveAt;
		return {
			userId,
			state: user?.shown ?? 'offline',
			...(lastActiveAt === undefined ? {} : { lastActiveAt }),
		};
	}

	/** Watches these users too, and answers with the states known now; `LIMIT` adds none. */
	watch(
		watcher: Watcher,
		users: readonly string[],
	): { ok: true; states: PresenceState[] } | ({ ok: false } & Refusal) {
		if (!this.#watches.add(watcher, users)) {
			return { ok: false, code: 'LIMIT', message: 'unwatch other users first' };
		}
		const states = [...new Set(users)].map((userId) => this.state(userId));
		return { ok: true, states: states.filter((state) => state !== undefined) };
	}

	unwatch(watcher: Watcher, users: readonly string[]): void {
		this.#watches.remove(watcher, users);
	}

	/** The watcher is told nothing any more. */
	leave(watcher: Watcher): void {
		this.#watches.removeAll(watcher);
	}

	counts(): PresenceCounts {
		return {
			users: this.#usersAlive,
			devices: this.#devicesAlive,
			watches: this.#watches.total,
		};
	}

	/** Ends the timers; nothing is told any more. */
	stop(): void {
		this.#settling?.();
		this.#settling = undefined;
		this.#signs.stop();
	}

	#isUnknown(userId: string): boolean {
		if (this.#settling === undefined) return false;
		return !this.#users.has(userId) && !this.#remembered.has(userId);
	}

	#newUser(userId: string): User {
		const shown = this.#isUnknown(userId) ? undefined : 'offline';
		const lastActiveAt = this.#remembered.get(userId);
		this.#remembered.delete(userId);
		const user: User = {
			userId,
			lives: new Set(),
			away: false,
			shown,
			lastActiveAt,
			devices: 0,
		};
		this.#users.set(userId, user);
		return user;
	}

	#heard(life: Life): void {
		this.#signs.heard(life);
		if (life.visible) life.user.lastActiveAt = this.#runtime.now();
	}

	#over(life: Life): void {
		this.#end(life);
		this.#show(life.user);
	}

	#end(life: Life): void {
		this.#signs.drop(life);
		if (!life.connected) this.#forget(life);
	}

	/** Takes out a life that nothing can bring back. */
	#forget(life: Life): void {
		const { user } = life;
		this.#signs.drop(life);
		user.lives.delete(life);
		if (user.lives.size > 0 || user.shown !== 'offline') return;
		this.#remember(user);
	}

	#dropOldestCut(user: User): void {
		for (const life of user.lives) {
			if (life.connected) continue;
			this.#forget(life);
			return;
		}
	}

	#remember({ userId, lastActiveAt }: User): void {
		this.#users.delete(userId);
		this.#remembered.set(userId, lastActiveAt);
		if (this.#remembered.size <= this.#rememberedMax) return;
		for (const oldest of this.#remembered.keys()) {
			this.#remembered.delete(oldest);
			return;
		}
	}

	/** Computes the user's state from their lives, counts, and tells the watchers what has changed. */
	#show(user: User): void {
		const alive = [...user.lives].filter((life) => this.#signs.has(life));
		const devices = new Set(alive.map((life) => life.deviceId)).size;
		this.#devicesAlive += devices - user.devices;
		this.#usersAlive += Math.sign(devices) - Math.sign(user.devices);
		user.devices = devices;
		if (devices === 0) user.away = false;
		const before = user.shown;
		user.shown = stateOf(alive, user.away);
		if (user.lives.size === 0) this.#remember(user);
		if (user.shown !== before) this.#tell(user.userId, before);
	}

	#tell(userId: string, before: ShownState | undefined): void {
		for (const watcher of this.#watches.watchersOf(userId)) watcher.changed(userId, before);
	}

	/** Whoever has not come back by now is offline, and those who asked are told so once. */
	#settled(): void {
		const unknown = [...this.#watches.users()].filter((userId) => this.#isUnknown(userId));
		this.#settling = undefined;
		for (const userId of unknown) this.#tell(userId, undefined);
	}
}

function stateOf(alive: readonly Life[], away: boolean): ShownState {
	if (alive.length === 0) return 'offline';
	return !away && alive.some((life) => life.visible) ? 'online' : 'away';
}
