import type { Log } from '../../core/log.ts';
import type { Authenticator } from '../ports.ts';

/** Names and pictures that a backend has set for users. */
export interface ProfileSource {
	get(
		userId: string,
	): Promise<
		{ readonly name?: string | undefined; readonly picture?: string | undefined } | undefined
	>;
}

/**
 * Completes an identity with the user's stored profile where the token names none (C1). A profile that
 * cannot be read costs the name, not the connection.
 */
export function profiledAuthenticator<A extends Authenticator>(
	authenticator: A,
	profiles: ProfileSource,
	log: Log,
): Pick<A, 'verify' | 'onRevoked'> {
	return {
		async verify(token) {
			const verified = await authenticator.verify(token);
			if (!verified.ok) return verified;
			const { identity } = verified;
			if (identity.name !== undefined && identity.picture !== undefined) return verified;
			const profile = await profiles.get(identity.userId).catch((error: unknown) => {
				log.warn({ err: error }, 'a profile could not be read');
				return undefined;
			});
			const name = identity.name ?? profile?.name;
			const picture = identity.picture ?? profile?.picture;
			return { ...verified, identity: { ...identity, name, picture } };
		},
		onRevoked: (listener) => authenticator.onRevoked(listener),
	};
}
