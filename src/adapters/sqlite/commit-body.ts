import type { CommitRecord, RequestRecord, StoredEvent } from '../../core/journal.ts';
import { pack, unpack } from '../../protocol/codec.ts';

/** What a commit's columns do not say, in the shape in which the log keeps it. */
type Body = readonly [
	events: readonly (readonly [type: string, version: number, data: unknown, by?: string])[],
	requests: readonly (readonly [userId: string, requestId: string, reply: unknown])[],
	trace?: string,
];

export interface CommitBody {
	readonly events: readonly StoredEvent[];
	readonly requests: readonly RequestRecord[];
	readonly trace?: string;
}

export function packBody({ events, requests, trace }: CommitRecord): Uint8Array {
	const body: Body = [
		events.map(({ type, version, data, by }) =>
			by === undefined ? [type, version, data] : [type, version, data, by],
		),
		requests.map(({ userId, requestId, reply }) => [userId, requestId, reply]),
	];
	return pack(trace === undefined ? body : [...body, trace]);
}

export function unpackBody(bytes: Uint8Array): CommitBody {
	const [events, requests, trace] = unpack(bytes) as Body;
	return {
		events: events.map(([type, version, data, by]) =>
			by === undefined ? { type, version, data } : { type, version, data, by },
		),
		requests: requests.map(([userId, requestId, reply]) => ({ userId, requestId, reply })),
		...(trace === undefined ? {} : { trace }),
	};
}

/** The body with the data of its event number `index` replaced. */
export function redactBody(bytes: Uint8Array, index: number, data: unknown): Uint8Array {
	const [events, ...rest] = unpack(bytes) as Body;
	const redacted = events.map(([type, version, old, ...by], n) => [
		type,
		version,
		n === index ? data : old,
		...by,
	]);
	return pack([redacted, ...rest]);
}
