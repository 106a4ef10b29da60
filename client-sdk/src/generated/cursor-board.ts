// Written by `npm run sdk:generate` from src/protocol/cursor-board.ts; edit that.
import type { KindTable } from '../kind-table.ts';

export interface CursorBoardTypes {
	readonly openArgs: Readonly<Record<string, never>>;
	readonly view: unknown;
	readonly commands: {
		readonly move: {
			readonly args: {
				readonly x: number;
				readonly y: number;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly clear: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: {
				readonly cursors: number;
			};
		};
	};
	readonly events: {
		readonly cleared: {
			readonly by: string;
		};
	};
	readonly ephemerals: {};
}

export const cursorBoardTable: KindTable = {
	kind: 'cursor-board',
	style: 'seat',
	own: false,
	live: [],
	commands: {
		move: {},
		clear: {},
	},
};
