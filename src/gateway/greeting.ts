import { type Frame, MESSAGE_BYTES_MAX, OP } from '../protocol/frames.ts';
import { HEARTBEAT_MS, helloSchema, VERSIONS, type Welcome } from '../protocol/wire.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Identity } from './ports.ts';
import { unpackAs } from './unpack-as.ts';

/** Takes the first frame of a socket: version, token, and then the welcome. */
export function greet(connection: ClientConnection, frame: Frame): void {
	const hello = unpackAs(helloSchema, frame.payload);
	const version = VERSIONS.find((known) => hello.versions.includes(known));
	if (version === undefined) {
		const message = `this server speaks versions ${VERSIONS.join(', ')}`;
		connection.closeWith('version', { code: 'VERSION', message });
		return;
	}
	verify(connection, hello.token, (identity) => {
		if (connection.phase !== 'greeting' || !connection.admits(identity)) return;
		connection.deviceId = hello.deviceId ?? connection.id;
		connection.platform = hello.platform ?? '';
		connection.sendOwn(OP.welcome, welcome(connection, version, identity));
		connection.welcome(identity, hello.visible ?? true);
	});
}

/** Takes a later hello: a fresh token of the same user, without touching the handles. */
export function renew(connection: ClientConnection, frame: Frame): void {
	const hello = unpackAs(helloSchema, frame.payload);
	verify(connection, hello.token, (identity) => {
		if (connection.phase !== 'live') return;
		if (identity.userId !== connection.identity.userId) {
			const message = 'a fresh token must be of the same user';
			return connection.closeWith('unauthorized', { code: 'UNAUTHORIZED', message });
		}
		connection.sendOwn(OP.welcome, welcome(connection, VERSIONS[0], identity));
		connection.renewed(identity);
	});
}

function verify(
	connection: ClientConnection,
	token: string,
	good: (identity: Identity) => void,
): void {
	const { authenticator, log, runtime } = connection.context;
	const bad = (message?: string) =>
		connection.closeWith('unauthorized', {
			code: 'UNAUTHORIZED',
			message: message ?? 'the token is not valid',
		});
	authenticator
		.verify(token)
		.then((verdict) => {
			if (!verdict.ok) return bad(verdict.message);
			const { expiresAt } = verdict.identity;
			if (expiresAt !== undefined && expiresAt <= runtime.now())
				return bad('the token has expired');
			good(verdict.identity);
		})
		.catch((error) => {
			log.error({ err: error, connection: connection.id }, 'a hello was not taken');
			connection.closeWith('internal', { code: 'INTERNAL' });
		});
}

function welcome(connection: ClientConnection, version: number, identity: Identity): Welcome {
	const { node, runtime } = connection.context;
	return {
		version,
		userId: identity.userId,
		node,
		now: runtime.now(),
		heartbeatMs: HEARTBEAT_MS,
		messageBytesMax: MESSAGE_BYTES_MAX,
		...(identity.expiresAt === undefined ? {} : { expiresAt: identity.expiresAt }),
	};
}
