import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openNatsRelay } from '../../src/adapters/nats/nats-relay.ts';
import { readNatsServers } from '../../src/adapters/nats/nats-servers.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import { SILENT } from '../../src/core/log.ts';

test.each([
	['nats://host', { servers: ['host:4222'] }],
	['nats://10.0.0.1:4444', { servers: ['10.0.0.1:4444'] }],
	['nats://[::1]:4444', { servers: ['[::1]:4444'] }],
	['nats://ann:p%40ss@host:1', { servers: ['host:1'], user: 'ann', pass: 'p@ss' }],
	['nats://token@host:1', { servers: ['host:1'], token: 'token' }],
	['tls://host:1', { servers: ['host:1'], tls: {} }],
	['nats://a:1, nats://b:2', { servers: ['a:1', 'b:2'] }],
])('%s is read', (url, servers) => {
	expect(readNatsServers(url)).toEqual(servers);
});

/** Speaks just so much of the protocol that a client logs in; the answer is what the client said. */
async function fakeServer(info: object): Promise<{ port: number; said: () => string }> {
	let said = '';
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.write(`INFO ${JSON.stringify(info)}\r\n`);
		socket.on('error', () => {});
		socket.on('data', (bytes) => {
			said += bytes;
			if (String(bytes).includes('PING')) socket.write('PONG\r\n');
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	onTestFinished(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	const address = server.address();
	return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, said: () => said };
}

const open = (url: string) =>
	openNatsRelay({ url, name: 'node 7', runtime: nodeRuntime, log: SILENT, connectTimeoutMs: 300 });

describe('logging in', () => {
	const info = { version: '2.15.1', proto: 1, max_payload: 1_048_576, headers: true };

	test('user, password and name reach the server', async () => {
		const { port, said } = await fakeServer(info);
		const relay = await open(`nats://ann:p%40ss@127.0.0.1:${port}`);
		const [, json = ''] = /CONNECT (\{.*?\})\r\n/.exec(said()) ?? [];
		expect(JSON.parse(json)).toMatchObject({ user: 'ann', pass: 'p@ss', name: 'node 7' });
		await relay.close();
	});

	test('a server that takes only short messages is refused with what to do', async () => {
		const { port } = await fakeServer({ ...info, max_payload: 65_536 });
		const error: unknown = await open(`nats://127.0.0.1:${port}`).catch((cause) => cause);
		expect(error).toHaveProperty(
			'cause.message',
			expect.stringContaining('set max_payload to 1MB'),
		);
	});

	test('tls:// never falls back to a plain connection', async () => {
		const { port, said } = await fakeServer(info);
		const error: unknown = await open(`tls://ann:hush@127.0.0.1:${port}`).catch((cause) => cause);
		expect(String(error)).toMatch('NATS is not reached');
		expect(said()).toBe('');
	});
});
