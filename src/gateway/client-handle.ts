import type { CommandAnswer } from '../core/actor-port.ts';
import { pack } from '../protocol/codec.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import { OP, type Op } from '../protocol/frames.ts';
import type { Close, CommandFrame, WireEvent } from '../protocol/wire.ts';
import type { ClientConnection } from './client-connection.ts';
import type { HandleFigures } from './socket-figures.ts';
import { ownMessage } from './socket-message.ts';
import { wireRefusal } from './wire-refusal.ts';

/** One opened feature on a socket, as the socket sees it. */
export abstract class ClientHandle {
	readonly connection: ClientConnection;
	/** Chosen by the client. */
	readonly id: number;
	/** `kind/id`. */
	readonly key: string;
	isClosed = false;

	constructor(connection: ClientConnection, id: number, key: string) {
		this.connection = connection;
		this.id = id;
		this.key = key;
	}

	get userId(): string {
		return this.connection.identity.userId;
	}

	/** A command of the client; `bytes` is its size on the wire. */
	abstract command(frame: CommandFrame, bytes: number): void;
	/** An ephemeral of the client. */
	ephemeral(_event: WireEvent): void {}
	/** Raw bytes of the client. */
	receive(_bytes: Uint8Array): void {}
	/** How it stands, for those who run the node. */
	abstract figures(): HandleFigures;
	/** The user's token names other roles now. */
	rolesChanged(): void {}
	/** Frees what the handle holds. Called once; `consented`: the client closed it. */
	protected abstract released(consented: boolean): void;

	/** Ends the handle without a word to the client. */
	close(consented: boolean): void {
		if (this.isClosed) return;
		this.isClosed = true;
		this.connection.handles.delete(this.id);
		this.released(consented);
	}

	/** Ends it with an `error` frame: it could not be opened. */
	refuse(refusal: Parameters<typeof wireRefusal>[0]): void {
		if (this.isClosed) return;
		this.connection.refuseHandle(this.id, refusal);
		this.close(false);
	}

	/** Ends an open handle with a `close` frame. */
	end(reason: Close & { readonly code?: ErrorCode }): void {
		if (this.isClosed) return;
		this.send(OP.close, reason);
		this.close(false);
	}

	/** Answers a command. */
	reply(n: number, answer: CommandAnswer): void {
		if (this.isClosed) return;
		if (answer.ok) {
			this.send(OP.reply, [n, answer.reply]);
			return;
		}
		this.connection.countError(answer.code);
		this.send(OP.reply, [n, null, wireRefusal(answer)]);
	}

	protected send(op: Op, payload: unknown): void {
		this.sendPacked(op, pack(payload));
	}

	protected sendPacked(op: Op, payload: Uint8Array): void {
		this.connection.writer.answer(ownMessage(this.id, op, payload));
	}
}
