import { OP } from '../protocol/frames.ts';
import type { ClientConnection } from './client-connection.ts';
import type { GatewayContext } from './gateway-context.ts';

/** One look at a connection for everything that depends on time; called about once a second. */
export function sweepConnection(connection: ClientConnection, context: GatewayContext): void {
	const { limits, runtime } = context;
	const now = runtime.monotonic();
	const silentMs = now - connection.lastFrameAt;
	if (connection.phase === 'new' || connection.phase === 'greeting') {
		if (silentMs >= limits.helloMs) connection.close('noHello');
		return;
	}
	if (isTooSlow(connection, context, now)) {
		connection.close('slow');
		return;
	}
	if (connection.isBehind && !connection.writer.isFull) connection.pump();
	if (silentMs >= limits.silenceMs && !connection.isPaused) {
		connection.close('idle');
		return;
	}
	if (silentMs >= limits.nudgeMs) connection.sendOwn(OP.pong, { now: runtime.now() });
	checkToken(connection, context);
}

function isTooSlow(connection: ClientConnection, { limits }: GatewayContext, now: number): boolean {
	const { writer, congestedSince } = connection;
	return (
		writer.queuedBytes > limits.queuedBytesMax ||
		writer.heldBytes > limits.heldBytesMax ||
		(congestedSince !== 0 && now - congestedSince >= limits.stalledMs)
	);
}

/** Asks for a fresh token in time, and closes when none came. */
function checkToken(connection: ClientConnection, { limits, runtime }: GatewayContext): void {
	const { expiresAt } = connection.identity;
	if (expiresAt === undefined) return;
	const leftMs = expiresAt - runtime.now();
	if (leftMs <= 0) {
		connection.closeWith('expired', { code: 'UNAUTHORIZED', message: 'the token has expired' });
	} else if (leftMs <= limits.renewMs && !connection.isRenewalAsked) {
		connection.isRenewalAsked = true;
		const message = 'the token ends soon: say hello with a fresh one';
		connection.sendOwn(OP.error, { code: 'UNAUTHORIZED', message, renew: true });
	}
}
