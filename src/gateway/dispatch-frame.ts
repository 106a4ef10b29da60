import { pack } from '../protocol/codec.ts';
import type { Refusal } from '../protocol/errors.ts';
import { type Frame, OP } from '../protocol/frames.ts';
import { commandSchema, ephemeralSchema } from '../protocol/wire.ts';
import type { ClientConnection } from './client-connection.ts';
import { openHandle } from './open-handle.ts';
import { ownMessage } from './socket-message.ts';
import { unpackAs } from './unpack-as.ts';
import { wireRefusal } from './wire-refusal.ts';

/** Hands a frame of a live connection to what it is for. Ops that it does not know are passed over. */
export function dispatchFrame(connection: ClientConnection, frame: Frame): void {
	const { handle: id, op, payload } = frame;
	if (id === 0) {
		if (op === OP.hello) connection.renew(frame);
		else if (op === OP.ping) connection.pong(frame);
		return;
	}
	if (op === OP.open) {
		openHandle(connection, frame);
		return;
	}
	const handle = connection.handles.get(id);
	if (op === OP.command) {
		const command = unpackAs(commandSchema, payload);
		if (handle !== undefined) handle.command(command, payload.length);
		else refuseCommand(connection, { id, n: command[0] }, { code: 'NOT_OPEN' });
	} else if (handle === undefined) {
		// It was closed while this was on its way.
	} else if (op === OP.data) handle.receive(payload);
	else if (op === OP.ephemeral) handle.ephemeral(unpackAs(ephemeralSchema, payload));
	else if (op === OP.close) handle.close(true);
}

/** Answers a frame that is not taken. What has no answer of its own is dropped. */
export function refuseFrame(connection: ClientConnection, frame: Frame, refusal: Refusal): void {
	const { handle: id, op, payload } = frame;
	if (op === OP.command) {
		const [n] = unpackAs(commandSchema, payload);
		refuseCommand(connection, { id, n }, refusal);
	} else if (op === OP.open && !connection.handles.has(id)) connection.refuseHandle(id, refusal);
}

function refuseCommand(
	connection: ClientConnection,
	{ id, n }: { id: number; n: number },
	refusal: Refusal,
): void {
	connection.countError(refusal.code);
	const payload = pack([n, null, wireRefusal(refusal)]);
	connection.writer.answer(ownMessage(id, OP.reply, payload));
}
