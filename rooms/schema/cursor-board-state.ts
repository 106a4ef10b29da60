import { type SchemaType, schema, t } from '@colyseus/schema';

export const Cursor = schema(
	{ userId: t.string(), name: t.string(), x: t.float32(), y: t.float32(), colour: t.string() },
	'Cursor',
);
export type Cursor = SchemaType<typeof Cursor>;

/** `players` by session id: a user with two pages has two cursors. */
export const CursorBoardState = schema({ players: t.map(Cursor) }, 'CursorBoardState');
export type CursorBoardState = SchemaType<typeof CursorBoardState>;
