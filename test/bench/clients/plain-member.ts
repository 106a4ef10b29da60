import { type Hear, type Member, numberAt, type Seat, type System } from './member.ts';
import { openSocket } from './socket.ts';

/** Bare `ws`: one socket, one channel. */
export const plainWs: System = {
	name: 'ws',
	file: 'plain-ws.ts',
	async connect(seat: Seat, hear: Hear): Promise<Member> {
		const socket = await openSocket(`${seat.url}/${seat.channels[0]}`, (data) =>
			hear(0, numberAt(data, 0)),
		);
		return {
			say(lines) {
				for (const { text } of lines) socket.send(Buffer.from(text));
			},
			close: () => socket.terminate(),
		};
	},
};
