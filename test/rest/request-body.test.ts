import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { readJson } from '../../src/rest/request-body.ts';

test('a client that has gone away before its body is read is answered at once', async () => {
	const server = createServer().listen(0, '127.0.0.1');
	onTestFinished(() => void server.close());
	await once(server, 'listening');
	const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
	socket.write(
		'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{',
	);
	const [request] = (await once(server, 'request')) as [IncomingMessage];
	request.on('error', () => {});
	const gone = new Promise((resolve) => request.once('close', resolve));
	socket.destroy();
	await gone;
	expect(await readJson(request)).toMatchObject({ ok: false, code: 'INVALID' });
});
