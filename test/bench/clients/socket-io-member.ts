import { type Hear, type Member, numberIn, type Seat, type System } from './member.ts';
import { openSocket } from './socket.ts';

/** Engine.IO and Socket.IO packet types, as text. */
const PING = '2';
const PONG = '3';
const OPEN = '0';
const CONNECT = '40';
const EVENT = '42';
const ACK = '43';

/** Socket.IO 4 with one socket and a room per channel. */
export const socketIo: System = {
	name: 'Socket.IO',
	file: 'socket-io.ts',
	async connect(seat: Seat, hear: Hear): Promise<Member> {
		const joined = Promise.withResolvers<void>();
		const heard = (packet: string) => {
			const [, channel, text] = JSON.parse(packet.slice(EVENT.length)) as [string, string, string];
			hear(seat.channels.indexOf(channel), numberIn(text));
		};
		const socket = await openSocket(
			`${seat.url}/socket.io/?EIO=4&transport=websocket`,
			(data, from) => {
				const packet = data.toString('latin1');
				if (packet.startsWith(EVENT)) heard(packet);
				else if (packet === PING) from.send(PONG);
				else if (packet.startsWith(OPEN)) from.send(CONNECT);
				else if (packet.startsWith(CONNECT))
					from.send(`${EVENT}0${JSON.stringify(['join', seat.channels])}`);
				else if (packet.startsWith(ACK)) joined.resolve();
				else joined.reject(new Error(`unexpected packet ${packet.slice(0, 100)}`));
			},
		);
		await joined.promise;
		return {
			say(lines) {
				for (const { channel, text } of lines)
					socket.send(`${EVENT}${JSON.stringify(['m', seat.channels[channel], text])}`);
			},
			close: () => socket.terminate(),
		};
	},
};
