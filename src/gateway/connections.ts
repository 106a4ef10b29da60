import { SortedMap } from '../core/sorted-map.ts';
import type { ClientConnection } from './client-connection.ts';
import type { FrameLimits } from './frame-budget.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { Revoked } from './ports.ts';
import type { SocketAdmission } from './socket-admission.ts';
import { type SocketPage, type SocketQuery, socketFigures } from './socket-figures.ts';
import { UserSockets } from './user-sockets.ts';

/** The client sockets of this edge, by id and by user. */
export class Connections {
	readonly all = new Set<ClientConnection>();
	/** Counts them beside those of other paths. */
	readonly admission: SocketAdmission;
	readonly #byId = new SortedMap<ClientConnection>();
	readonly #userFrames: FrameLimits;
	readonly #byUser = new Map<string, UserSockets>();

	constructor(limits: GatewayLimits, admission: SocketAdmission) {
		this.admission = admission;
		this.#userFrames = {
			framesPerSecondMax: limits.userFramesPerSecondMax,
			framesBurstMax: limits.userFramesBurstMax,
			framesDebtMax: 0,
		};
	}

	add(connection: ClientConnection): void {
		this.all.add(connection);
		this.#byId.set(connection.id, connection);
		this.admission.came(connection.address);
	}

	/** The connection's user is known now; answers what it shares with the user's other sockets. */
	identified(connection: ClientConnection, now: number): UserSockets {
		const { userId } = connection.identity;
		const ofUser = this.#byUser.get(userId) ?? new UserSockets(this.#userFrames, now);
		ofUser.sockets.add(connection);
		this.#byUser.set(userId, ofUser);
		this.admission.identified(userId);
		return ofUser;
	}

	left(connection: ClientConnection): void {
		this.all.delete(connection);
		this.#byId.delete(connection.id);
		const { address, userId } = connection;
		const sockets = userId === undefined ? undefined : this.#byUser.get(userId)?.sockets;
		const wasIdentified = sockets?.delete(connection) === true;
		this.admission.left(address, wasIdentified ? userId : undefined);
		if (wasIdentified && sockets.size === 0) this.#byUser.delete(userId ?? '');
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
