/** The frames of a Colyseus room (0.18), as far as a client of it needs them. */
import type { Decoder, decode, encode, Reflection, Schema } from '@colyseus/schema';
import { pack, unpack } from '../../src/protocol/codec.ts';

const CODE = {
	join: 10,
	error: 11,
	leave: 12,
	data: 13,
	state: 14,
	patch: 15,
	bytes: 17,
	request: 21,
	response: 22,
} as const;
const CODE_MASK = 0x1f;
/** Eight bytes of time stand before the body: rooms with inputs. */
const IS_TIMED = 0x80;

/** What is used of `@colyseus/schema`, which is loaded with the first room. */
export interface SchemaModule {
	readonly decode: typeof decode;
	readonly encode: typeof encode;
	readonly Reflection: typeof Reflection;
}

/** How a request was answered: by its handler, by the handler's refusal, or by a failure. */
export type RoomAnswer = 'ok' | 'refused' | 'failed';

export interface RoomListener {
	send(bytes: Uint8Array): void;
	/** The state, whole again or changed. */
	state(): void;
	message(type: string | number, data: unknown): void;
	answered(request: number, answer: RoomAnswer, data: unknown): void;
	/** The room asks this client to leave. */
	leave(): void;
}

interface Cursor {
	offset: number;
}

/** Reads what a room sends, and keeps its state. */
export class RoomReader {
	readonly #schema: SchemaModule;
	readonly #listener: RoomListener;
	#decoder: Decoder<Schema> | undefined;

	constructor(schema: SchemaModule, listener: RoomListener) {
		this.#schema = schema;
		this.#listener = listener;
	}

	get decoder(): Decoder<Schema> | undefined {
		return this.#decoder;
	}

	/** Another seat, perhaps of another room: nothing of the state is worth keeping. */
	forget(): void {
		this.#decoder = undefined;
	}

	read(bytes: Uint8Array): void {
		const first = bytes[0] ?? 0;
		const cursor = { offset: (first & IS_TIMED) === 0 ? 1 : 9 };
		switch (first & CODE_MASK) {
			case CODE.join:
				this.#join(bytes, cursor);
				return;
			case CODE.state:
				this.#state(bytes, cursor);
				return;
			case CODE.patch:
				this.#decoder?.decode(bytes, cursor);
				this.#listener.state();
				return;
			case CODE.data:
				this.#listener.message(this.#type(bytes, cursor), rest(bytes, cursor));
				return;
			case CODE.bytes:
				this.#listener.message(this.#type(bytes, cursor), bytes.slice(cursor.offset));
				return;
			case CODE.response:
				this.#answer(bytes, cursor);
				return;
			case CODE.leave:
				this.#listener.leave();
				return;
			// What only rooms with inputs or newer rooms send.
			default:
		}
	}

	/** A message for the room's handler of this type. */
	messageFrame(type: string, data: unknown): Uint8Array {
		return frame([CODE.data], type, data);
	}

	/** The same, with a number to answer to. */
	requestFrame(request: number, type: string, data: unknown): Uint8Array {
		const head: number[] = [CODE.request];
		this.#schema.encode.number(head, request, { offset: 1 });
		return frame(head, type, data);
	}

	/** [10][length][token][length][serializer][length varint][description of the state]… */
	#join(bytes: Uint8Array, cursor: Cursor): void {
		cursor.offset += 1 + (bytes[cursor.offset] ?? 0);
		cursor.offset += 1 + (bytes[cursor.offset] ?? 0);
		const length = this.#schema.decode.number(bytes, cursor);
		if (length > 0 && !this.#decoder) {
			const whole = bytes.slice(0, cursor.offset + length);
			this.#decoder = this.#schema.Reflection.decode(whole, cursor);
		}
		this.#listener.send(Uint8Array.of(CODE.join));
	}

	/** Over a state that is there, what is missing in the new one is taken out too. */
	#state(bytes: Uint8Array, cursor: Cursor): void {
		const decoder = this.#decoder;
		if (!decoder) return;
		if (decoder.root.refs.size > 1) decoder.decodeResync(bytes, cursor);
		else decoder.decode(bytes, cursor);
		this.#listener.state();
	}

	#type(bytes: Uint8Array, cursor: Cursor): string | number {
		const { decode } = this.#schema;
		return decode.stringCheck(bytes, cursor)
			? decode.string(bytes, cursor)
			: decode.number(bytes, cursor);
	}

	#answer(bytes: Uint8Array, cursor: Cursor): void {
		const request = this.#schema.decode.number(bytes, cursor);
		const status = bytes[cursor.offset++];
		const answer = status === 0 ? 'ok' : status === 1 ? 'refused' : 'failed';
		this.#listener.answered(request, answer, rest(bytes, cursor));
	}
}

const rest = (bytes: Uint8Array, { offset }: Cursor): unknown =>
	bytes.length > offset ? unpack(bytes.subarray(offset)) : undefined;

function frame(head: readonly number[], type: string, data: unknown): Uint8Array {
	const name = pack(type);
	const body = data === undefined ? new Uint8Array() : pack(data);
	const bytes = new Uint8Array(head.length + name.length + body.length);
	bytes.set(head);
	bytes.set(name, head.length);
	bytes.set(body, head.length + name.length);
	return bytes;
}
