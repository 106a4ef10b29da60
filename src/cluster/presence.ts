/**
 * Who is there, per user over all devices. A socket's life within a device:
 *
 *     connected ──sign of life──▶ alive ──30 s silent, or the device's logout──▶ over
 *         ▲                         │                                             │
 *         │                        cut: lives on silently until the 30 s are over │
 *         └───── a sign of life while still connected (not of the one logged out)─┘
 *
 * A user with no life is offline, with a life that has a visible page online, else away. What other
 * nodes tell of their lives counts like those here (`presence-exchange.ts` brings it). With other nodes,
 * whoever fell silent is offline once all of these were heard since: the user may have gone to one.
 */
import type { Runtime } from '../core/runtime.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { PresenceState } from '../protocol/user.ts';
import type { NodeId } from './directory.ts';
import { PresenceMemory } from './presence-memory.ts';
import { PresencePartings } from './presence-partings.ts';
import type { Logout } from './presence-told.ts';
import {
	type Ending,
	type Life,
	laterSaid,
	type PresenceEntry,
	type PresenceGone,
	type ShownState,
	User,
} from './presence-user.ts';
import { type Watcher, WatchIndex, type WatchLimits } from './presence-watches.ts';
import { SignsOfLife } from './signs-of-life.ts';

/** A user is offline this long after the last sign of life (C30). */
export const OFFLINE_AFTER_MS = 30_000;
/** The gateway reports signs at most once a second: the last one may be this much younger. */
const SIGN_LAG_MS = 1_000;
/** Of what is alive, the last sign is at most this old. */
export const SILENCE_MAX_MS = OFFLINE_AFTER_MS + SIGN_LAG_MS;
const WATCHES: WatchLimits = { perConnectionMax: 1_000, totalMax: 2_000_000 };
/** Sockets that a user is known by; the gateway bounds open ones, this also those that were cut. */
const LIVES_PER_USER_MAX = 200;
/** Offline users whose last activity is remembered. */
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
	/** Users that are online or away here. */
	readonly users: number;
	/** Their devices. */
	readonly devices: number;
	/** Pairs of watcher and watched user. */
	readonly watches: number;
}

/** The other nodes, as far as the presence of this one has to do with them. */
export interface PresenceOthers {
	/** A user's devices here may be others than before; `ending` says how, if they are gone. */
	changed(userId: string, ending: Ending): void;
	/** A device has logged out here, wherever else it left anything. */
	loggedOut(userId: string, deviceId: string): void;
}

/** The presence of all users that this node knows of; in memory only, so that a restart begins anew. */
export class Presence {
	readonly #runtime: PresenceOptions['runtime'];
	readonly #users = new Map<string, User>();
	readonly #lives = new Map<string, Life>();
	readonly #memory: PresenceMemory;
	readonly #partings = new PresencePartings<User>();
	readonly #signs: SignsOfLife<Life>;
	readonly #watches: WatchIndex;
	#self: NodeId = '';
	#others: PresenceOthers | undefined;
	#settling: (() => void) | undefined;
	/** Set while users are unknown only because not all nodes were heard since then. */
	#settlingSince: number | undefined;
	#here = { users: 0, devices: 0 };
	#everywhere = { users: 0, devices: 0 };

	constructor(options: PresenceOptions) {
		const { runtime, settleMs = OFFLINE_AFTER_MS } = options;
		this.#runtime = runtime;
		this.#memory = new PresenceMemory(options.rememberedMax ?? REMEMBERED_MAX);
		this.#watches = new WatchIndex({ ...WATCHES, ...options.watches });
		this.#signs = new SignsOfLife(runtime, SILENCE_MAX_MS, (life) => this.#over(life));
		if (settleMs > 0) this.#settling = runtime.after(settleMs, () => this.#settle());
	}

	/** Makes this node one of several, before any socket comes. */
	join(self: NodeId, others: PresenceOthers): void {
		this.#self = self;
		this.#others = others;
	}

	/** A socket said hello; `visible`: a page or app is in front. */
	connected(connection: PresenceConnection, visible: boolean): void {
		const user = this.#user(connection.identity.userId);
		const life: Life = {
			user,
			deviceId: connection.deviceId,
			connectionId: connection.id,
			visible,
			connected: true,
			loggedOut: false,
		};
		this.#lives.set(connection.id, life);
		user.lives = [...user.lives, life];
		user.said = user.saidLast;
		this.#heard(life);
		if (user.lives.length > LIVES_PER_USER_MAX) this.#dropOldestCut(user);
		this.#show(user);
	}

	/** Any frame of the socket. */
	alive(connection: PresenceConnection): void {
		const life = this.#lives.get(connection.id);
		if (life === undefined || life.loggedOut) return;
		const isBack = !this.#signs.has(life);
		this.#heard(life);
		if (!isBack) return;
		life.user.said = life.user.saidLast;
		this.#show(life.user);
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
		life.user.said = life.user.saidLast;
		this.#show(life.user);
	}

	/** What the user says of themselves, on all devices, until they say otherwise or are offline. */
	setState(userId: string, state: 'online' | 'away'): void {
		const user = this.#users.get(userId);
		if (user === undefined) return;
		const n = Math.max(this.#runtime.now(), (user.saidLast?.n ?? 0) + 1);
		user.said = { n, by: this.#self, away: state === 'away' };
		this.#show(user);
	}

	/**
	 * Ends the socket's device at once, with what its earlier sockets left; once per socket. Another
	 * open page of the same device is back with its next sign of life.
	 */
	logout(connection: PresenceConnection): void {
		const own = this.#lives.get(connection.id);
		if (own === undefined || own.loggedOut) return;
		const { user, deviceId } = own;
		own.loggedOut = true;
		this.#others?.loggedOut(user.userId, deviceId);
		for (const life of user.livesOf(deviceId)) this.#end(life);
		this.#show(user, 'logout');
	}

	/** A node tells of a user's devices there. */
	tellsOf(node: NodeId, userId: string, entry: PresenceEntry): void {
		const user = this.#user(userId);
		user.tell(node, entry);
		user.wasActiveAt(entry.lastActiveAt);
		if (user.devices > 0) user.said = laterSaid(user.said, entry.said);
		this.#show(user);
	}

	/** A user has no devices at that node any more. */
	goneFrom(node: NodeId, { userId, ending, lastActiveAt }: PresenceGone): void {
		const user = this.#users.get(userId);
		if (user === undefined) return;
		// Whoever was in sight has shown a sign of life lately, as far as that node was heard.
		const latelyAt = this.#runtime.now() - 2 * SILENCE_MAX_MS;
		const atLeast = user.isVisibleElsewhere ? latelyAt : undefined;
		user.tell(node, undefined);
		user.wasActiveAt(lastActiveAt ?? atLeast);
		this.#show(user, ending);
	}

	/** A device has logged out at another node: what it left here before that ends. */
	loggedOutElsewhere({ userId, deviceId, at }: Logout): void {
		const user = this.#users.get(userId);
		const agoMs = this.#runtime.monotonic() - at;
		const isSilent = (life: Life) => (this.#signs.silentMs(life) ?? -1) >= agoMs;
		const left = user?.livesOf(deviceId).filter(isSilent) ?? [];
		if (user === undefined || left.length === 0) return;
		for (const life of left) this.#end(life);
		this.#show(user, 'logout');
	}

	/** All nodes were heard since `moment` (monotonic): who fell silent before, or is not known, is nowhere. */
	allHeardSince(moment: number): void {
		for (const user of this.#partings.takeUntil(moment)) {
			this.#showAs(user, 'offline');
			this.#tidy(user);
		}
		if (this.#settlingSince !== undefined && this.#settlingSince <= moment) this.#settled();
	}

	/** What there is of a user here, for the other nodes. */
	entryOf(userId: string): PresenceEntry | undefined {
		const user = this.#users.get(userId);
		return user?.entryWith(this.#aliveOf(user));
	}

	/** When the user was active last, as far as is known. */
	lastActiveAt(userId: string): number | undefined {
		const user = this.#users.get(userId);
		if (user === undefined) return this.#memory.get(userId);
		// Other nodes tell of changes only: who is in sight there has been active lately.
		const atLeast = this.#runtime.now() - SILENCE_MAX_MS;
		if (user.isVisibleElsewhere) return Math.max(atLeast, user.lastActiveAt ?? atLeast);
		return user.lastActiveAt;
	}

	/** The user's state; `undefined` while it is too early after the start to tell. */
	state(userId: string): PresenceState | undefined {
		if (this.#isUnknown(userId)) return undefined;
		const lastActiveAt = this.lastActiveAt(userId);
		return {
			userId,
			state: this.#users.get(userId)?.shown ?? 'offline',
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

	/** What is here. */
	counts(): PresenceCounts {
		return { ...this.#here, watches: this.#watches.total };
	}

	/** Users that are online or away at any node, and their devices, each counted once (C33). */
	countsEverywhere(): { readonly users: number; readonly devices: number } {
		return { ...this.#everywhere };
	}

	/** Ends the timers and forgets who was here; the talk with other nodes has to be over. */
	stop(): void {
		this.#settling?.();
		this.#settling = undefined;
		this.#partings.clear();
		this.#signs.stop();
	}

	#isUnknown(userId: string): boolean {
		if (this.#settling === undefined && this.#settlingSince === undefined) return false;
		return !this.#users.has(userId) && !this.#memory.has(userId);
	}

	#user(userId: string): User {
		const known = this.#users.get(userId);
		if (known !== undefined) return known;
		const shown = this.#isUnknown(userId) ? undefined : 'offline';
		const user = new User(userId, shown, this.#memory.take(userId));
		this.#users.set(userId, user);
		return user;
	}

	#aliveOf(user: User): readonly Life[] {
		return user.lives.filter((life) => this.#signs.has(life));
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
		user.lives = user.lives.filter((other) => other !== life);
		this.#tidy(user);
	}

	#dropOldestCut(user: User): void {
		const oldest = user.lives.find(({ connected }) => !connected);
		if (oldest !== undefined) this.#forget(oldest);
	}

	/** Of a user who is nowhere, only the last activity is kept. */
	#tidy(user: User): void {
		const isThere = this.#users.get(user.userId) === user;
		if (!isThere || !user.isNowhere || user.shown !== 'offline') return;
		this.#users.delete(user.userId);
		this.#memory.keep(user.userId, user.lastActiveAt);
	}

	/** Computes the user's state from their lives, counts, and tells all who have to know. */
	#show(user: User, ending: Ending = 'silence'): void {
		const alive = this.#aliveOf(user);
		const wasHere = user.devices > 0;
		this.#count(user, alive);
		if (alive.length === 0) user.said = undefined;
		if (wasHere || alive.length > 0) this.#others?.changed(user.userId, ending);
		const state = user.stateWith(alive);
		const isThere = user.shown === 'online' || user.shown === 'away';
		if (state === 'offline' && isThere && ending === 'silence' && this.#others !== undefined) {
			this.#partings.begin(user, this.#runtime.monotonic());
			return;
		}
		this.#partings.end(user);
		this.#showAs(user, state);
	}

	#showAs(user: User, state: ShownState): void {
		const before = user.shown;
		user.shown = state;
		this.#tidy(user);
		if (state !== before) this.#tell(user.userId, before);
	}

	#count(user: User, alive: readonly Life[]): void {
		const { devices, devicesEverywhere } = user;
		user.count(alive);
		add(this.#here, user.devices, devices);
		add(this.#everywhere, user.devicesEverywhere, devicesEverywhere);
	}

	#tell(userId: string, before: ShownState | undefined): void {
		for (const watcher of this.#watches.watchersOf(userId)) watcher.changed(userId, before);
	}

	/** Whoever has not come back by now is offline, once all other nodes were heard. */
	#settle(): void {
		this.#settling = undefined;
		this.#settlingSince = this.#runtime.monotonic();
		if (this.#others === undefined) this.#settled();
	}

	/** Those who asked for the ones unknown are told so once. */
	#settled(): void {
		const unknown = [...this.#watches.users()].filter((userId) => this.#isUnknown(userId));
		this.#settlingSince = undefined;
		for (const userId of unknown) this.#tell(userId, undefined);
	}
}

/** Counts one user with so many devices now, and so many before. */
function add(total: { users: number; devices: number }, now: number, before: number): void {
	total.devices += now - before;
	total.users += Math.sign(now) - Math.sign(before);
}
