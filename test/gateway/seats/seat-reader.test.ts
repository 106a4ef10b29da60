/** What a client of a seat needs at least: `@colyseus/schema` and our own codec, no Colyseus SDK. */
import { Callbacks, type Decoder, decode, encode, Reflection, type Schema } from '@colyseus/schema';
import { describe, expect, test } from 'vitest';
import { seat as cursorBoard } from '../../../rooms/cursor-board-room.ts';
import type { Seat } from '../../../src/gateway/ports.ts';
import type { SeatView } from '../../../src/gateway/seats/colyseus-seats.ts';
import { pack, unpack } from '../../../src/protocol/codec.ts';
import { identityOf, startSeats, until } from './seat-fixture.ts';

const CODE = { join: 10, data: 13, state: 14, patch: 15, request: 21, response: 22 };
const CODE_MASK = 0x1f;
/** The frame has eight bytes of time before its body: rooms with `defineInput`. */
const IS_TIMED = 0x80;

class SeatReader {
	decoder: Decoder<Schema> | undefined;
	readonly messages: [type: string | number, message: unknown][] = [];
	readonly #send: (bytes: Uint8Array) => void;
	readonly #requests = new Map<number, (answer: [status: number, value: unknown]) => void>();
	#lastRequest = 0;

	constructor(send: (bytes: Uint8Array) => void) {
		this.#send = send;
	}

	send(type: string, message: unknown): void {
		this.#send(frame([CODE.data], type, message));
	}

	request(type: string, message: unknown): Promise<[status: number, value: unknown]> {
		const id = ++this.#lastRequest;
		const head = [CODE.request];
		encode.number(head, id, { offset: 1 });
		return new Promise((resolve) => {
			this.#requests.set(id, resolve);
			this.#send(frame(head, type, message));
		});
	}

	read(bytes: Uint8Array): void {
		const code = (bytes[0] ?? 0) & CODE_MASK;
		const it = { offset: (bytes[0] ?? 0) & IS_TIMED ? 9 : 1 };
		if (code === CODE.join) this.#join(bytes, it);
		else if (code === CODE.state) this.#state(bytes, it);
		else if (code === CODE.patch) this.decoder?.decode(bytes, it);
		else if (code === CODE.data) {
			const type = decode.stringCheck(bytes, it)
				? decode.string(bytes, it)
				: decode.number(bytes, it);
			this.messages.push([type, rest(bytes, it)]);
		} else if (code === CODE.response) {
			const id = decode.number(bytes, it);
			const status = bytes[it.offset++] ?? 0;
			this.#requests.get(id)?.([status, rest(bytes, it)]);
			this.#requests.delete(id);
		}
	}

	/** [10][length][token][length][serializer][length varint][description of the state] */
	#join(bytes: Uint8Array, it: { offset: number }): void {
		it.offset += 1 + (bytes[it.offset] ?? 0);
		it.offset += 1 + (bytes[it.offset] ?? 0);
		const length = decode.number(bytes, it);
		// A seat that is taken up again keeps its decoder, and with it the listeners on the state.
		if (length > 0) this.decoder ??= Reflection.decode(bytes.subarray(0, it.offset + length), it);
		this.#send(Uint8Array.of(CODE.join));
	}

	#state(bytes: Uint8Array, it: { offset: number }): void {
		if ((this.decoder?.root.refs.size ?? 0) > 1) this.decoder?.decodeResync(bytes, it);
		else this.decoder?.decode(bytes, it);
	}
}

function frame(head: number[], type: string, message: unknown): Uint8Array {
	const parts = [Uint8Array.from(head), pack(type), pack(message)];
	return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const rest = (bytes: Uint8Array, it: { offset: number }) =>
	bytes.length > it.offset ? unpack(bytes.subarray(it.offset)) : undefined;

const { seats } = await startSeats([cursorBoard]);

async function open(token: string, reader?: SeatReader, reconnectionToken?: string) {
	let seat: Seat | undefined;
	const mine = reader ?? new SeatReader((bytes) => seat?.receive(bytes));
	const answer = await seats.open({
		kind: 'cursor-board',
		id: 'main',
		args: {},
		identity: identityOf(token),
		reconnectionToken,
		send: (bytes) => mine.read(bytes),
		closed: () => {},
		moved: () => {},
		bytesQueued: () => 0,
	});
	if (!answer.ok) throw new Error(answer.code);
	seat = answer.seat;
	const view = answer.view as SeatView;
	mine.read(view.join);
	return { reader: mine, seat, view };
}

describe('a reader of seats without the Colyseus SDK', () => {
	test('[P6] reads state, patches and messages, asks and calls back', async () => {
		const ann = await open('ann');
		const bob = await open('bob');
		const decoder = ann.reader.decoder as Decoder<Schema>;
		const state = () => decoder.state.toJSON() as { players: Record<string, object> };
		await until(() => Object.keys(state().players).length === 2);
		const moves: unknown[] = [];
		const callbacks = Callbacks.get(decoder) as never as {
			onChange(instance: object, call: () => void): void;
		};
		const { players } = decoder.state as unknown as { players: Map<string, object> };
		callbacks.onChange(players.get(bob.view.sessionId) ?? {}, () => moves.push('moved'));
		bob.reader.send('move', { x: 0.25, y: 1 });
		await until(() => moves.length > 0);
		expect(state().players[bob.view.sessionId]).toMatchObject({ userId: 'bob', x: 0.25, y: 1 });
		expect(await ann.reader.request('clear', {})).toEqual([0, { cursors: 2 }]);
		expect(bob.reader.messages).toEqual([['cleared', { by: 'ann' }]]);
		expect(await ann.reader.request('nothing', {})).toMatchObject([2, { name: 'no_handler' }]);
	});
});
