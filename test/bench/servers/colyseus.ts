import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Client, Room, Server } from '@colyseus/core';
import { WebSocketTransport } from '@colyseus/ws-transport';
import { serve } from '../harness/serve.ts';

/** A stock room: what a client says, everybody hears. Nothing is stored. */
class ChatRoom extends Room {
	override onCreate(): void {
		this.onMessage('m', (_client: Client, text: string) => this.broadcast('m', text));
	}
}

await serve(async ({ channels = 1 }: { channels?: number }) => {
	const http = createServer();
	const transport = new WebSocketTransport({ server: http });
	const server = new Server({ transport, greet: false });
	for (let channel = 0; channel < channels; channel++) server.define(`c${channel}`, ChatRoom);
	await server.listen(0, '127.0.0.1');
	const { port } = http.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}`,
		stop: () => server.gracefullyShutdown(false),
	};
});
