import { createServer } from 'node:net';

const listens = (port: number): Promise<number | undefined> =>
	new Promise((resolve) => {
		const server = createServer();
		server.once('error', () => resolve(undefined));
		server.listen(port, '127.0.0.1', () => {
			const address = server.address();
			const found = typeof address === 'object' ? address?.port : undefined;
			server.close(() => resolve(found));
		});
	});

/** The wanted port if nobody has it (so that addresses stay the same), else any free one. */
export async function freePort(wanted = 0): Promise<number> {
	const port = (await listens(wanted)) ?? (await listens(0));
	if (port === undefined) throw new Error('no port is free on 127.0.0.1');
	return port;
}
