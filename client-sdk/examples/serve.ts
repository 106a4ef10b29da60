/** Serves the pages of this folder: `node client-sdk/examples/serve.ts`, beside a started server. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [port = '8080'] = process.argv.slice(2);
const pages = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.html'));

const server = createServer(({ url = '/' }, response) => {
	const name = pages.find((page) => url.split('?')[0] === `/${page}`);
	if (name === undefined) {
		response.writeHead(404).end();
		return;
	}
	response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
	response.end(readFileSync(`${import.meta.dirname}/${name}`));
});

server.listen(Number(port), '127.0.0.1', () => {
	const { port: taken } = server.address() as AddressInfo;
	for (const page of pages) console.log(`http://127.0.0.1:${taken}/${page}?user=ann`);
});
