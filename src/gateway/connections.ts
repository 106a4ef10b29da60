import type { ClientConnection } from './client-connection.ts';
import type { Revoked } from './ports.ts';

/** The client sockets of this edge, by user and counted by address. */
export class Connections {
	readonly all = new Set<ClientConnection>();
	readonly #byUser = new Map<string, Set<ClientConnection>>();
	readonly #byAddress = new Map<string, number>();

	countAt(address: string): number {
		return this.#byAddress.get(address) ?? 0;
	}

	countOf(userId: string): number {
		return this.#byUser.get(userId)?.size ?? 0;
	}

	add(connection: ClientConnection): void {
		this.all.add(connection);
		this.#byAddress.set(connection.address, this.countAt(connection.address) + 1);
	}

	/** The connection's user is known now. */
	identified(connection: ClientConnection): void {
		const { userId } = connection.identity;
		const known = this.#byUser.get(userId);
		if (known === undefined) this.#byUser.set(userId, new Set([connection]));
		else known.add(connection);
	}

	left(connection: ClientConnection): void {
		this.all.delete(connection);
		const count = this.countAt(connection.address) - 1;
		if (count > 0) this.#byAddress.set(connection.address, count);
		else this.#byAddress.delete(connection.address);
		const { userId } = connection;
		const ofUser = userId === undefined ? undefined : this.#byUser.get(userId);
		if (ofUser?.delete(connection) === true && ofUser.size === 0) this.#byUser.delete(userId ?? '');
	}

	/** Closes the sockets whose tokens are no longer good. */
	revoke({ userId, tokenId, at }: Revoked): void {
		const candidates = userId === undefined ? this.all : (this.#byUser.get(userId) ?? []);
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
