import { Agent, request } from 'node:http';
import { pack } from '../../../src/protocol/codec.ts';
import { type Hear, type Member, numberAt, type Seat, type System } from './member.ts';
import { openSocket } from './socket.ts';

/** Codes of Colyseus's protocol that a listener needs. */
const JOIN_ROOM = 10;
const ERROR = 11;
const ROOM_DATA = 13;
/** [code][type 'm' as msgpack string], then the packed text: its header takes two bytes. */
const HEAD = Buffer.from([ROOM_DATA, 0xa1, 'm'.charCodeAt(0)]);
const TEXT_AT = HEAD.length + 2;

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

interface Reservation {
	readonly roomId: string;
	readonly processId: string;
	readonly sessionId: string;
}

function reserve(url: string, room: string): Promise<Reservation> {
	return new Promise((resolve, reject) => {
		const headers = { 'content-type': 'application/json' };
		const asked = request(
			`${url}/matchmake/joinOrCreate/${room}`,
			{ method: 'POST', agent, headers },
			(response) => {
				response.setEncoding('utf8');
				let body = '';
				response.on('data', (part: string) => {
					body += part;
				});
				response.on('end', () => {
					if (response.statusCode === 200) resolve(JSON.parse(body) as Reservation);
					else reject(new Error(`matchmaking answered ${response.statusCode} ${body}`));
				});
			},
		);
		asked.on('error', (error: NodeJS.ErrnoException) => {
			// The server has closed a kept connection just when it was used again.
			if (asked.reusedSocket && error.code === 'ECONNRESET') resolve(reserve(url, room));
			else reject(error);
		});
		asked.end('{}');
	});
}

async function join(seat: Seat, room: string, hear: (n: number) => void) {
	const { roomId, processId, sessionId } = await reserve(seat.url, room);
	const joined = Promise.withResolvers<void>();
	const socket = await openSocket(
		`${seat.url}/${processId}/${roomId}?sessionId=${sessionId}`,
		(data, from) => {
			if (data[0] === ROOM_DATA) hear(numberAt(data, TEXT_AT));
			else if (data[0] === JOIN_ROOM) {
				from.send(Buffer.from([JOIN_ROOM]));
				joined.resolve();
			} else if (data[0] === ERROR) joined.reject(new Error('the room refused'));
		},
	);
	await joined.promise;
	return socket;
}

/** Stock Colyseus as its clients have to use it: one socket per room, found by matchmaking. */
export const colyseus: System = {
	name: 'Colyseus',
	file: 'colyseus.ts',
	async connect(seat: Seat, hear: Hear): Promise<Member> {
		const sockets = await Promise.all(
			seat.channels.map((room, channel) => join(seat, room, (n) => hear(channel, n))),
		);
		return {
			say(lines) {
				for (const { channel, text } of lines)
					sockets[channel]?.send(Buffer.concat([HEAD, pack(text)]));
			},
			close() {
				for (const socket of sockets) socket.terminate();
			},
		};
	},
};
