/** What nodes tell each other of rows: whole rows of channels, and what concerns one user. */
import { z } from 'zod';
import type { RowWrite } from '../core/store.ts';
import type { RowNews } from '../gateway/services/row-source.ts';
import { pack, unpack } from '../protocol/codec.ts';
import type { NodeId } from './directory.ts';

/** Raised when an older node could no longer read what a newer one tells. */
const VERSION = 1;

const op = z.enum(['put', 'patch', 'drop']);
const head = { version: z.literal(VERSION), node: z.string() };
/** `n`: a member's marker, or the seq of a message that mentions the user. */
const userRow = z.tuple([op, z.enum(['members', 'mentions']), z.string(), z.number().nullable()]);

const schema = z.discriminatedUnion('type', [
	z.object({
		type: z.literal('channel'),
		...head,
		changed: z.int(),
		doc: z.record(z.string(), z.unknown()),
	}),
	z.object({ type: z.literal('rows'), ...head, rows: z.array(userRow) }),
	/** Rows of the user could not be told: they have to be read again. */
	z.object({ type: z.literal('missed'), ...head }),
]);

export type UserRow = z.infer<typeof userRow>;
export type RowMessage =
	| { readonly type: 'channel'; readonly changed: number; readonly doc: RowNewsDoc }
	| { readonly type: 'rows'; readonly rows: readonly UserRow[] }
	| { readonly type: 'missed' };
type RowNewsDoc = Extract<RowNews, { doc: unknown }>['doc'];

export const packRows = (node: NodeId, message: RowMessage): Uint8Array =>
	pack({ version: VERSION, node, ...message });

/** `undefined` for anything else that travels there. */
export function unpackRows(
	bytes: Uint8Array,
): (RowMessage & { readonly node: NodeId }) | undefined {
	try {
		return schema.safeParse(unpack(bytes)).data;
	} catch {
		return undefined;
	}
}

/** A row that concerns one user, without anything that only its store needs; `undefined` for others. */
export function userRowOf(row: RowWrite): { userId: string; row: UserRow } | undefined {
	const key = row.key.map(String);
	if (row.collection === 'mentions') {
		const [userId = '', channelId = '', seq] = key;
		return { userId, row: [row.op, 'mentions', channelId, Number(seq)] };
	}
	if (row.collection !== 'members') return undefined;
	const [channelId = '', userId = ''] = key;
	if (row.op === 'drop') return { userId, row: ['drop', 'members', channelId, null] };
	const { marker } = row.doc;
	if (typeof marker !== 'number') return undefined;
	return { userId, row: [row.op, 'members', channelId, marker] };
}

/** The row as services look at it. */
export function newsOf(userId: string, [how, collection, channelId, n]: UserRow): RowNews {
	if (collection === 'mentions') {
		const key = [userId, channelId, n ?? 0];
		return how === 'drop' ? { op: how, collection, key } : { op: how, collection, key, doc: {} };
	}
	const key = [channelId, userId];
	return how === 'drop'
		? { op: how, collection, key }
		: { op: how, collection, key, doc: { marker: n ?? 0 } };
}
