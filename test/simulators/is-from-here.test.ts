import { once } from 'node:events';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { startInstitutionSimulator } from '../../src/simulators/institution/server.ts';
import { startPaymentSimulator } from '../../src/simulators/payment/server.ts';

let close = async () => {};
afterEach(() => close());

/** The status of an answer; `fetch` would set the host itself. */
async function statusOf(url: string, method: string, headers: Record<string, string>) {
	const sent = request(url, { method, headers });
	sent.end(method === 'POST' ? '{}' : undefined);
	const [response] = await once(sent, 'response');
	response.resume();
	return response.statusCode as number;
}

/** This machine by an address that others use. */
const OUTSIDE = Object.values(networkInterfaces())
	.flatMap((all) => all ?? [])
	.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

const SIMULATORS = [
	{
		what: 'payment',
		start: startPaymentSimulator,
		forPeople: ['GET /', 'GET /ledger', 'GET /control', 'POST /control'],
		forPrograms: 'POST /pay-a/status',
	},
	{
		what: 'institutions',
		start: startInstitutionSimulator,
		forPeople: ['GET /', 'GET /institutions', 'GET /calls', 'POST /control'],
		forPrograms: 'GET /bank-a/first/assets',
	},
];

describe.each(SIMULATORS)('what is for people at the simulator of $what', (simulator) => {
	const { start, forPeople, forPrograms } = simulator;

	const open = async (host = '127.0.0.1', named = host) => {
		const { url, close: end } = await start({ port: 0, host });
		close = end;
		return (line: string, headers: Record<string, string> = {}) => {
			const [method = '', path = ''] = line.split(' ');
			return statusOf(`${url.replace(host, named)}${path}`, method, headers);
		};
	};

	test('[P42] a page of elsewhere neither sees nor disturbs it, by whatever name', async () => {
		const ask = await open();
		for (const line of forPeople) {
			expect(await ask(line, { origin: 'https://evil.example' })).toBe(403);
			expect(await ask(line, { host: 'evil.example' })).toBe(403);
			expect(await ask(line, { origin: 'null' })).toBe(403);
			expect(await ask(line, { origin: 'http://localhost:5173' })).not.toBe(403);
		}
	});

	test.runIf(OUTSIDE !== undefined)(
		'[P42] nor another machine, where it listens to others; programs are served',
		async () => {
			const ask = await open('0.0.0.0', OUTSIDE);
			for (const line of forPeople) expect(await ask(line)).toBe(403);
			expect(await ask(forPrograms)).not.toBe(403);
		},
	);
});
