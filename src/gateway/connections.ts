import { SortedMap } from '../core/sorted-map.ts';
import { TokenBuckets } from '../core/token-buckets.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { ClientConnection } from './client-connection.ts';
import type { FrameLimits } from './frame-budget.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { Revoked } from './ports.ts';
import { type SocketPage, type SocketQuery, socketFigures } from './socket-figures.ts';
import { UserSockets } from './user-sockets.ts';

/** The client sockets of this edge, by user and counted by address, and whether more may come. */
export class Connections {
	readonly all = new Set<ClientConnection>();
	readonly #byId = new SortedMap<ClientConnection>();
	readonly #limits: GatewayLimits;
	readonly #userFrames: FrameLimits;
	readonly #byUser = new Map<string, UserSockets>();
	readonly #byAddress = new Map<string, number>();
	readonly #userConnects: TokenBuckets;
	readonly #addressConnects: TokenBuckets;

	constructor(limits: GatewayLimits) {
		this.#limits = limits;
		this.#userFrames = {
			framesPerSecondMax: limits.userFramesPerSecondMax,
			framesBurstMax: limits.userFramesBurstMax,
			framesDebtMax: 0,
		};
		const { connectsPerUserPerSecondMax, connectsPerUserBurstMax } = limits;
		this.#userConnects = new TokenBuckets(
			{ perSecondMax: connectsPerUserPerSecondMax, burstMax: connectsPerUserBurstMax },
			limits.connectsCountedMax,
		);
		const { connectsPerAddressPerSecondMax, connectsPerAddressBurstMax } = limits;
		this.#addressConnects = new TokenBuckets(
			{ perSecondMax: connectsPerAddressPerSecondMax, burstMax: connectsPerAddressBurstMax },
			limits.connectsCountedMax,
		);
	}

	/** Whether one more socket of the address may come at `now`, by number and by rate. */
	admitsAddress(address: string, now: number): boolean {
		if ((this.#byAddress.get(address) ?? 0) >= this.#limits.socketsPerAddressMax) return false;
		return this.#addressConnects.take(address, now) === 0;
	}

	/** Why one more socket of the user may not come at `now`, by number or by rate. */
	refusalOf(userId: string, now: number): Refusal | undefined {
		const { socketsPerUserMax } = this.#limits;
		if ((this.#byUser.get(userId)?.sockets.size ?? 0) >= socketsPerUserMax) {
			return { code: 'LIMIT', message: `a user has at most ${socketsPerUserMax} sockets` };
		}
		const retryAfterMs = this.#userConnects.take(userId, now);
		if (retryAfterMs === 0) return undefined;
		return { code: 'RATE_LIMITED', message: 'too many new sockets of this user', retryAfterMs };
	}

	add(connection: ClientConnection): void {
		this.all.add(connection);
		this.#byId.set(connection.id, connection);
		const { address } = connection;
		this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
	}

	/** The connection's user is known now; answers what it shares with the user's other sockets. */
	identified(connection: ClientConnection, now: number): UserSockets {
		const { userId } = connection.identity;
		const ofUser = this.#byUser.get(userId) ?? new UserSockets(this.#userFrames, now);
		ofUser.sockets.add(connection);
		this.#byUser.set(userId, ofUser);
		return ofUser;
	}

	left(connection: ClientConnection): void {
		this.all.delete(connection);
		this.#byId.delete(connection.id);
		const count = (this.#byAddress.get(connection.address) ?? 0) - 1;
		if (count > 0) this.#byAddress.set(connection.address, count);
		else this.#byAddress.delete(connection.address);
		const { userId } = connection;
		const sockets = userId === undefined ? undefined : this.#byUser.get(userId)?.sockets;
		if (sockets?.delete(connection) === true && sockets.size === 0) {
			this.#byUser.delete(userId ?? '');
		}
	}

	get(id: string): ClientConnection | undefined {
		return this.#byId.get(id);
	}

	/** Figures of the sockets by their ids. */
	page({ userId, after = '', limit }: SocketQuery): SocketPage {
		if (userId === undefined) {
			const { entries, more } = this.#byId.page({ after, limit });
			return { sockets: entries.map(([, connection]) => socketFigures(connection)), more };
		}
		const own = [...(this.#byUser.get(userId)?.sockets ?? [])].filter(({ id }) => id > after);
		own.sort((one, other) => (one.id < other.id ? -1 : 1));
		return { sockets: own.slice(0, limit).map(socketFigures), more: own.length > limit };
	}

	/** Closes the sockets whose tokens are no longer good. */
	revoke({ userId, tokenId, at }: Revoked): void {
		const candidates = userId === undefined ? this.all : (this.#byUser.get(userId)?.sockets ?? []);
		for (const connection of [...candidates]) {
			if (connection.userId === undefined) continue;
			const { identity } = connection;
			const isToken = tokenId !== undefined && identity.tokenId === tokenId;
			const isUser =
				userId !== undefined && tokenId === undefined && (identity.issuedAt ?? 0) <= at;
			if (!isToken && !isUser) continue;
			connection.closeWith('revoked', { code: 'UNAUTHORIZED', message: 'it was revoked' });
		}
	}
}
