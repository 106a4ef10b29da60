import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { serve } from '../harness/serve.ts';

/** The floor: bare `ws`, a set of sockets per path, no protocol. */
await serve(async () => {
	const http = createServer();
	const channels = new Map<string, Set<WebSocket>>();
	const server = new WebSocketServer({ server: http });
	server.on('connection', (socket, { url = '/' }) => {
		const members = channels.get(url) ?? new Set();
		channels.set(url, members.add(socket));
		socket.on('close', () => members.delete(socket));
		socket.on('message', (data: Buffer) => {
			for (const member of members) member.send(data, { binary: true });
		});
	});
	await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
	const { port } = http.address() as AddressInfo;
	const stop = async () => {
		for (const socket of server.clients) socket.terminate();
		http.close();
	};
	return { url: `http://127.0.0.1:${port}`, stop };
});
