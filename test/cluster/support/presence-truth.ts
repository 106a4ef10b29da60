import type { PresenceConnection } from '../../../src/cluster/presence.ts';
import type { ShownState } from '../../../src/cluster/presence-user.ts';
import type { PresenceNode } from './presence-world.ts';

const SILENCE_MS = 31_000;
/** What is newer may not have come to all nodes over a bad relay: then it is not said who is right. */
const SPREAD_MS = 15_000;
/** A message takes this long at most. */
const TRANSIT_MS = 500;

/** A socket as it really is. */
export interface TrueSocket {
	readonly connection: PresenceConnection;
	readonly node: PresenceNode;
	visible: boolean;
	isOpen: boolean;
	/** Nothing comes from it any more, although nobody knows. */
	isFrozen: boolean;
	isLoggedOut: boolean;
	/** Time of the last sign; absent when a logout has ended it since. */
	heardAt: number | undefined;
}

interface TrueUser {
	away: boolean;
	saidAt: number;
	saidBy: PresenceNode | undefined;
	/** Two nodes may have taken what was said in another order, or for something that has ended. */
	isSaidUnsure: boolean;
	/** A logout and a new life at another node came too close for anybody to tell which was first. */
	unsureUntil: number;
	absentAt: number;
	goneSince: number | undefined;
	readonly logouts: {
		readonly node: PresenceNode;
		readonly deviceId: string;
		readonly at: number;
	}[];
}

/** Whether a logout at another node may be taken for one that came behind the last sign. */
const mayBeEnded = ({ logouts }: TrueUser, { node, connection, heardAt = 0 }: TrueSocket) =>
	logouts.some(
		(logout) =>
			logout.node !== node &&
			logout.deviceId === connection.deviceId &&
			heardAt - logout.at <= TRANSIT_MS,
	);

/** The rules as written, for all nodes as if there were one that hears everything at once. */
export class PresenceTruth {
	readonly sockets: TrueSocket[] = [];
	readonly #now: () => number;
	readonly #users = new Map<string, TrueUser>();

	constructor(now: () => number, users: readonly string[]) {
		this.#now = now;
		for (const userId of users) {
			this.#users.set(userId, {
				away: false,
				saidAt: Number.NEGATIVE_INFINITY,
				saidBy: undefined,
				isSaidUnsure: false,
				unsureUntil: 0,
				absentAt: now(),
				goneSince: now(),
				logouts: [],
			});
		}
	}

	lives(userId: string, silenceMs = SILENCE_MS): TrueSocket[] {
		return this.sockets.filter(
			({ connection, heardAt }) =>
				connection.identity.userId === userId &&
				heardAt !== undefined &&
				this.#now() - heardAt < silenceMs,
		);
	}

	/** What may be shown of a user, once everybody knows everything; `undefined`: anything. */
	states(userId: string): readonly ShownState[] | undefined {
		const user = this.#user(userId);
		const lives = this.lives(userId);
		if (this.#now() < user.unsureUntil) return undefined;
		if (lives.length === 0) return ['offline'];
		if (!lives.some(({ visible }) => visible)) return ['away'];
		if (user.isSaidUnsure) return ['online', 'away'];
		return user.away ? ['away'] : ['online'];
	}

	/** Whether any node that begins to show this user offline now is wrong. */
	isSurelyThere(userId: string): boolean {
		const user = this.#user(userId);
		const now = this.#now();
		if (this.#isNearLogout(user) || now < user.unsureUntil) return false;
		return now - user.absentAt > SPREAD_MS;
	}

	hear(socket: TrueSocket): void {
		if (!socket.isLoggedOut) socket.heardAt = this.#now();
	}

	/** Nothing more is heard of the socket. */
	fallSilent(socket: TrueSocket): void {
		const user = this.#user(socket.connection.identity.userId);
		if (!mayBeEnded(user, socket)) return;
		user.unsureUntil = this.#now() + SILENCE_MS + SPREAD_MS;
	}

	logout(own: TrueSocket): void {
		const { identity, deviceId } = own.connection;
		const user = this.#user(identity.userId);
		own.isLoggedOut = true;
		user.logouts.push({ node: own.node, deviceId, at: this.#now() });
		for (const socket of this.sockets) {
			const { connection } = socket;
			const isDevice = connection.deviceId === deviceId;
			if (isDevice && connection.identity.userId === identity.userId) socket.heardAt = undefined;
		}
	}

	say(socket: TrueSocket, away: boolean): void {
		const user = this.#user(socket.connection.identity.userId);
		const isFresh = this.#now() - user.saidAt < SPREAD_MS;
		const isElsewhere = user.saidBy !== socket.node;
		// A logout at another node that is not known here yet may end it.
		user.isSaidUnsure = this.#isNearLogout(user) || (isFresh && (user.isSaidUnsure || isElsewhere));
		user.away = away;
		user.saidAt = this.#now();
		user.saidBy = socket.node;
	}

	/** To be called at least twice a second. */
	look(): void {
		const now = this.#now();
		for (const [userId, user] of this.#users) {
			const lives = this.lives(userId);
			if (lives.length > 0) user.goneSince = undefined;
			else this.#gone(user, now);
			if (this.lives(userId, SILENCE_MS - 1_000).length === 0) user.absentAt = now;
			const hasLeft = !lives.some(({ node }) => node === user.saidBy);
			if (now - user.saidAt < SPREAD_MS && hasLeft) user.isSaidUnsure = true;
			// Whose only lives may be ended may be absent, and what was said forgotten.
			const isUnsure = lives.length > 0 && lives.every((life) => mayBeEnded(user, life));
			if (isUnsure && user.away) user.isSaidUnsure = true;
		}
	}

	/** What was said is forgotten, once all nodes know of the absence. */
	#gone(user: TrueUser, now: number): void {
		user.goneSince ??= now;
		const isKnown = now - user.goneSince > SPREAD_MS;
		user.isSaidUnsure = !isKnown && (user.isSaidUnsure || user.away);
		if (isKnown) user.away = false;
	}

	#isNearLogout({ logouts }: TrueUser): boolean {
		return this.#now() - (logouts.at(-1)?.at ?? Number.NEGATIVE_INFINITY) <= SPREAD_MS;
	}

	#user(userId: string): TrueUser {
		const user = this.#users.get(userId);
		if (user === undefined) throw new Error(`nobody is called ${userId}`);
		return user;
	}
}
