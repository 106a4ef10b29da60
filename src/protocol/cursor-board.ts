import { z } from 'zod';
import { idSchema } from './ids.ts';
import { defineKind } from './kind.ts';

const nothing = z.object({});
/** A part of the board's width or height. */
const share = z.number().min(0).max(1);

/** An example of a room with seats: everybody on the board sees everybody's cursor. */
export const cursorBoardContract = defineKind({
	kind: 'cursor-board',
	style: 'seat',
	openArgs: nothing,
	view: z.unknown(),
	commands: {
		move: { args: z.object({ x: share, y: share }), reply: nothing },
		/** Puts all cursors back to the middle; answers how many there are. */
		clear: { args: nothing, reply: z.object({ cursors: z.int() }) },
	},
	events: {
		cleared: z.object({ by: idSchema }),
	},
	ephemerals: {},
});
