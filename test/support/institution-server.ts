import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach } from 'vitest';
import { httpInstitutionTransport } from '../../src/adapters/http/institution-transport.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import type { InstitutionTransport, OutsideCall } from '../../src/institutions/ports.ts';
import type { InstitutionSecrets, InstitutionSettings } from '../../src/institutions/settings.ts';
import { type SettingsOver, testInstitutions } from './institutions.ts';

/** What is ended with the test, newest first. */
export const closers: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
});

/** Listens, and ends with the test. */
export async function listening(server: Server, scheme = 'http'): Promise<string> {
	const sockets = new Set<Socket>();
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket)).on('error', () => {});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	closers.push(async () => {
		for (const socket of sockets) socket.destroy();
		await new Promise((resolve) => server.close(resolve));
	});
	return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An institution that does what is wanted. */
export const institution = (serve: (request: IncomingMessage, response: ServerResponse) => void) =>
	listening(createServer(serve));

/** The HTTP client, and the settings of a bank at this address. */
export function transportTo(
	url: string,
	over: SettingsOver = {},
	secrets: Partial<InstitutionSecrets> = {},
): { transport: InstitutionTransport; settings: InstitutionSettings } {
	const baseUrls = [`${url}/bank-a/first`, `${url}/bank-a/second`];
	const timeouts = { connectMs: 1_000, totalMs: 2_000, slowMs: 1_500 };
	const institutions = testInstitutions(url, { baseUrls, timeouts, ...over });
	const secretsOf = () => ({ clientSecret: 's3cret', ...secrets });
	const transport = httpInstitutionTransport({
		institutions: { ...institutions, secretsOf },
		runtime: nodeRuntime,
	});
	closers.push(() => transport.close());
	return { transport, settings: institutions.get('bank-a') as InstitutionSettings };
}

/** A call for the first page of assets. */
export const listCall = (settings: InstitutionSettings): OutsideCall => ({
	settings,
	api: 'assets',
	userId: 'ann',
	transactionId: 'tx-1',
	accessToken: 'the-token-in-clear',
});

/** Asks an institution for a list. */
export async function asked(
	url: string,
	over: SettingsOver = {},
	secrets: Partial<InstitutionSecrets> = {},
) {
	const { transport, settings } = transportTo(url, over, secrets);
	return await transport.call(listCall(settings));
}
