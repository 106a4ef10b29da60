import { type Client, Room, validate } from '@colyseus/core';
import { cursorBoardContract } from '../src/protocol/cursor-board.ts';
import { Cursor, CursorBoardState } from './schema/cursor-board-state.ts';

const COLOURS = ['#d1495b', '#edae49', '#00798c', '#30638e', '#6a994e', '#9b5de5', '#f15bb5'];
const PLAYERS_MAX = 100;
const NAME_LENGTH_MAX = 40;
const RECONNECT_SECONDS = 20;

type Player = Client<{ auth: { userId: string; name?: string } }>;

/** Everybody on the board sees everybody's cursor. */
export class CursorBoardRoom extends Room<{ state: CursorBoardState; client: Player }> {
	override state = new CursorBoardState();
	override maxClients = PLAYERS_MAX;
	#joined = 0;

	override messages = {
		move: validate(cursorBoardContract.commands.move.args, (client, { x, y }) => {
			this.state.players.get(client.sessionId)?.assign({ x, y });
		}),
		clear: (client: Player) => {
			for (const cursor of this.state.players.values()) cursor.assign({ x: 0.5, y: 0.5 });
			this.broadcast('cleared', { by: client.auth?.userId });
			return { cursors: this.state.players.size };
		},
	};

	override onJoin(client: Player): void {
		const { userId = '', name = userId } = client.auth ?? {};
		const colour = COLOURS[this.#joined++ % COLOURS.length] ?? '#888888';
		this.state.players.set(
			client.sessionId,
			new Cursor({ userId, name: name.slice(0, NAME_LENGTH_MAX), x: 0.5, y: 0.5, colour }),
		);
	}

	/** A lost connection keeps its cursor for a while. */
	override onDrop(client: Player): void {
		this.allowReconnection(client, RECONNECT_SECONDS);
	}

	override onLeave(client: Player): void {
		this.state.players.delete(client.sessionId);
	}
}

export const seat = { contract: cursorBoardContract, room: CursorBoardRoom };
