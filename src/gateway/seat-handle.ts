import { CLOSE, ERRORS } from '../protocol/errors.ts';
import { OP } from '../protocol/frames.ts';
import { splitKey } from '../protocol/ids.ts';
import type { CommandFrame } from '../protocol/wire.ts';
import type { ClientConnection } from './client-connection.ts';
import { ClientHandle } from './client-handle.ts';
import type { Seat, SeatHost } from './ports.ts';
import type { SeatGroup } from './seat-groups.ts';
import type { HandleFigures } from './socket-figures.ts';

export interface SeatOpening {
	readonly id: number;
	readonly key: string;
	readonly args: unknown;
	/** Of an earlier seat, to come back to it. */
	readonly token: string | undefined;
}

/** A handle on a Colyseus room: raw bytes both ways. */
export class SeatHandle extends ClientHandle {
	readonly #opening: SeatOpening;
	readonly #group: SeatGroup;
	#seat: Seat | undefined;
	/** What the room sent before the seat was opened to the client. */
	#early: Uint8Array[] | undefined = [];
	#earlyBytes = 0;

	constructor(connection: ClientConnection, opening: SeatOpening) {
		super(connection, opening.id, opening.key);
		this.#opening = opening;
		this.#group = connection.context.seatGroups.enter(opening.key);
		connection.began(0, true);
	}

	open(seats: SeatHost): void {
		const { kind, id } = splitKey(this.key);
		const { connection } = this;
		const request = {
			kind,
			id,
			args: this.#opening.args,
			identity: connection.identity,
			reconnectionToken: this.#opening.token,
			send: (bytes: Uint8Array) => this.#send(bytes),
			closed: (closeCode: number, message: string) => this.#closed(closeCode, message),
			moved: () => this.end({ code: 'MOVED', message: ERRORS.MOVED.says }),
			bytesQueued: () => connection.writer.queuedBytes + connection.writer.heldBytes,
		};
		seats.open(request).then(
			(answer) => this.#answered(answer),
			(error) => {
				connection.context.log.error({ err: error, room: this.key }, 'a seat was not opened');
				this.#answered({ ok: false, code: 'INTERNAL' });
			},
		);
	}

	command([n, name]: CommandFrame): void {
		this.reply(n, { ok: false, code: 'INVALID', message: `a room has no command ${name}` });
	}

	override receive(bytes: Uint8Array): void {
		this.#seat?.receive(bytes);
	}

	figures(): HandleFigures {
		return { id: this.id, key: this.key, style: 'seat' };
	}

	protected released(consented: boolean): void {
		this.connection.context.seatGroups.leave(this.#group);
		this.#seat?.leave(consented);
	}

	/** A reader that was too slow for its room may come again; what else a room ends stays ended. */
	#closed(closeCode: number, message: string): void {
		const isSlow = closeCode === CLOSE.slow.code;
		this.end({ ...(isSlow ? { code: 'RETRY_LATER' } : {}), closeCode, message });
	}

	#answered(answer: Awaited<ReturnType<SeatHost['open']>>): void {
		this.connection.ended(0, true);
		if (!answer.ok) {
			this.refuse(answer);
			return;
		}
		this.#seat = answer.seat;
		if (this.isClosed) {
			answer.seat.leave(false);
			return;
		}
		const { down } = this.#group;
		this.send(OP.opened, { down, position: 0, writer: '', view: answer.view });
		const early = this.#early ?? [];
		this.#early = undefined;
		this.#earlyBytes = 0;
		for (const bytes of early) this.#send(bytes);
	}

	/** State patches build on each other: none may be left out, so a slow reader loses its socket. */
	#send(bytes: Uint8Array): void {
		if (this.isClosed) return;
		const { connection } = this;
		const { limits, seatGroups } = connection.context;
		const { queuedBytes, heldBytes } = connection.writer;
		if (queuedBytes + heldBytes + this.#earlyBytes > limits.queuedBytesMax) {
			connection.close('slow');
		} else if (this.#early !== undefined) {
			this.#early.push(bytes.slice());
			this.#earlyBytes += bytes.length;
		} else {
			connection.writer.answer(seatGroups.frame(this.#group, bytes));
		}
	}
}
