import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { serve } from '../harness/serve.ts';

/** Stock Socket.IO: a room per channel, joined on request. Nothing is stored. */
await serve(async () => {
	const http = createServer();
	const io = new Server(http, { transports: ['websocket'] });
	io.on('connection', (socket) => {
		socket.on('join', (channels: string[], joined: () => void) => {
			void socket.join(channels);
			joined();
		});
		socket.on('m', (channel: string, text: string) => io.to(channel).emit('m', channel, text));
	});
	await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
	const { port } = http.address() as AddressInfo;
	return { url: `http://127.0.0.1:${port}`, stop: async () => void (await io.close()) };
});
