import type { CommitRecord, RequestRecord, StoredEvent } from '../../core/journal.ts';
import { pack, unpack } from '../../protocol/codec.ts';
import type { ActorKey } from '../../protocol/ids.ts';

/** One commit. Its `_id` is the fence. */
export interface CommitDocument {
	readonly _id: { readonly actor: ActorKey; readonly commit: number };
	readonly position: number;
	readonly writer: string;
	readonly at: number;
	/** How many events the body has: those up to `position`. */
	readonly events: number;
	/** Packed, so that nothing in an event can be refused or read as an operator by the server. */
	readonly body: Uint8Array;
	/** How often its body was overwritten. */
	readonly redactions?: number;
}

type Body = readonly [
	events: readonly StoredEvent[],
	requests: readonly RequestRecord[],
	trace?: string,
];

export function toDocument(record: CommitRecord): CommitDocument {
	const { actor, commit, position, writer, at, events, requests, trace } = record;
	const body: Body = trace === undefined ? [events, requests] : [events, requests, trace];
	return {
		_id: { actor, commit },
		position,
		writer,
		at,
		events: events.length,
		body: pack(body),
	};
}

export function toRecord({ _id, position, writer, at, body }: CommitDocument): CommitRecord {
	const [events, requests, trace] = unpack(body) as Body;
	const record = { ...idOf(_id), position, events, requests, at, writer };
	return trace === undefined ? record : { ...record, trace };
}

const idOf = ({ actor, commit }: CommitDocument['_id']) => ({ actor, commit });

/** The body with the data of the event at `position` replaced. */
export function redactBody(found: CommitDocument, position: number, data: unknown): Uint8Array {
	const [events, ...rest] = unpack(found.body) as Body;
	const index = position - (found.position - found.events) - 1;
	const redacted = events.map((event, n) => (n === index ? { ...event, data } : event));
	return pack([redacted, ...rest]);
}
