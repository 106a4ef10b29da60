import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const FOLDER = new URL('../../../client-sdk/examples/', import.meta.url);
/** Where the examples look for their server. */
const AS_WRITTEN = 'http://127.0.0.1:2567';

/** The pages of the examples as their reader serves them: from another port of the same host. */
export class ExampleSite {
	/** As pages see it. */
	readonly origin: string;
	readonly #server: Server;

	private constructor(server: Server, origin: string) {
		this.#server = server;
		this.origin = origin;
	}

	/** `serverUrl`: where the server is in truth, once it is known. */
	static async open(serverUrl: () => string, hostName = '127.0.0.1'): Promise<ExampleSite> {
		const server = createServer(({ url = '' }, response) => {
			if (!/^\/[\w-]+\.html(\?|$)/.test(url)) {
				response.writeHead(404).end();
				return;
			}
			const page = readFileSync(new URL(`.${url.split('?')[0]}`, FOLDER), 'utf8');
			response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
			response.end(page.replaceAll(AS_WRITTEN, serverUrl().replace(/\/$/, '')));
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const { port } = server.address() as AddressInfo;
		return new ExampleSite(server, `http://${hostName}:${port}`);
	}

	close(): void {
		this.#server.closeAllConnections();
		this.#server.close();
	}
}
