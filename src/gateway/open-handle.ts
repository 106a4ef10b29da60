import type { Refusal } from '../protocol/errors.ts';
import type { Frame } from '../protocol/frames.ts';
import { type ActorKey, actorKey, keyIdSchema } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';
import { type Open, openSchema } from '../protocol/wire.ts';
import { checkCommand, invalid } from './check-command.ts';
import type { ClientConnection } from './client-connection.ts';
import { SeatHandle } from './seat-handle.ts';
import { ServiceHandle } from './service-handle.ts';
import { StreamHandle } from './stream-handle.ts';
import { BadFrameError, unpackAs } from './unpack-as.ts';

interface Opening {
	readonly id: number;
	readonly key: ActorKey;
	readonly open: Open;
	readonly args: unknown;
	readonly bytes: number;
}

/** Opens a feature on a socket; a refusal is told on the handle's own id. */
export function openHandle(connection: ClientConnection, frame: Frame): void {
	const { handle: id, payload } = frame;
	if (connection.handles.has(id)) throw new BadFrameError(`handle ${id} is open already`);
	const open = unpackAs(openSchema, payload);
	if (!keyIdSchema.safeParse(open.id).success) {
		connection.refuseHandle(id, NOT_AN_ID);
		return;
	}
	const key = actorKey(open.kind, open.id);
	const contract = contractOf(connection, open.kind);
	const refusal = refusalOf(connection, key, contract);
	if (refusal !== undefined) {
		connection.refuseHandle(id, refusal);
		return;
	}
	const parsed = contract?.openArgs.safeParse(open.args ?? {});
	if (contract === undefined || parsed === undefined) return;
	if (!parsed.success) {
		connection.refuseHandle(id, invalid(parsed.error));
		return;
	}
	const opening = { id, key, open, args: parsed.data, bytes: payload.length };
	if (contract.style === 'stream') openStream(connection, contract, opening);
	else if (contract.style === 'seat') openSeat(connection, opening);
	else openService(connection, opening);
}

const NOT_AN_ID: Refusal = {
	code: 'INVALID',
	message: 'id: 1 to 64 of A-Z a-z 0-9 _ -, or @ann@bob in order',
};

function contractOf({ context }: ClientConnection, kind: string): KindContract | undefined {
	return (
		context.contracts.get(kind) ??
		context.services.get(kind)?.contract ??
		context.seats?.kinds.get(kind)
	);
}

function refusalOf(
	connection: ClientConnection,
	key: ActorKey,
	contract: KindContract | undefined,
): Refusal | undefined {
	if (contract === undefined) return { code: 'NOT_FOUND', message: 'there is no such kind' };
	const { handles, context, identity } = connection;
	if (handles.size >= context.limits.handlesMax) {
		return { code: 'LIMIT', message: `at most ${context.limits.handlesMax} handles on a socket` };
	}
	const isMine = key === actorKey(contract.kind, identity.userId);
	if (contract.own === true && !isMine) {
		return { code: 'FORBIDDEN', message: 'only its own user may open it' };
	}
	const isNamed = context.services.get(contract.kind)?.anyId === true;
	if (contract.style === 'service' && !isNamed && key !== actorKey(contract.kind, 'me')) {
		return { code: 'NOT_FOUND', message: `open ${contract.kind}/me` };
	}
	if (connection.hasKey(key)) {
		return { code: 'INVALID', message: `${key} is open on this socket already` };
	}
	return undefined;
}

function openStream(
	connection: ClientConnection,
	contract: KindContract,
	{ id, key, open, args, bytes }: Opening,
): void {
	const { context } = connection;
	const first = open.with && checkCommand(contract, open.with.name, open.with.args);
	if (first?.ok === false) {
		connection.refuseHandle(id, first);
		return;
	}
	if (first !== undefined && first.contract.creates !== true) {
		const message = `${open.with?.name} may not open a handle`;
		connection.refuseHandle(id, { code: 'INVALID', message });
		return;
	}
	const stream = context.streams.attach(key, contract);
	const handle = new StreamHandle(connection, context, { id, stream, args, resume: open.resume });
	connection.handles.set(id, handle);
	connection.began(0, true);
	if (first === undefined || open.with === undefined) {
		stream.open(handle);
		return;
	}
	const { name, requestId, resend } = open.with;
	const request = { caller: connection.identity, name, args: first.args, requestId, resend, bytes };
	connection.began(bytes, false);
	context.actors.command(key, request, (answer) => {
		connection.ended(bytes, false);
		if (handle.isClosed) return;
		if (!answer.ok) return handle.refuse(answer);
		handle.withReply = answer.reply ?? null;
		stream.ask(handle);
	});
}

function openService(connection: ClientConnection, { id, key, open }: Opening): void {
	const service = connection.context.services.get(open.kind);
	if (service === undefined) return;
	const handle = new ServiceHandle(connection, { id, key, service });
	connection.handles.set(id, handle);
	handle.open(open.id);
}

function openSeat(connection: ClientConnection, { id, key, open, args }: Opening): void {
	const { seats } = connection.context;
	if (seats === undefined) return;
	const handle = new SeatHandle(connection, { id, key, args, token: open.resume?.[1] });
	connection.handles.set(id, handle);
	handle.open(seats);
}
