import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PaymentCall } from '../../actors/ticket-event/payment-port.ts';
import { httpPaymentCaller } from '../../src/adapters/http/payment-caller.ts';
import type { Log } from '../../src/core/log.ts';
import {
	type PaymentSimulator,
	startPaymentSimulator,
} from '../../src/simulators/payment/server.ts';

const TOKEN = 'tok-very-secret';
const AUTHORISE: PaymentCall = {
	op: 'authorise',
	provider: 'pay-a',
	key: 'gig:o1.1',
	orderId: 'gig:o1',
	amount: 5_000,
	currency: 'KRW',
	methodToken: TOKEN,
};
const attempt = { provider: 'pay-a', key: 'gig:o1.1' };

/** Keeps all that was logged. */
function listeningLog() {
	const lines: string[] = [];
	const note = (fields: object, message: string) => {
		lines.push(JSON.stringify({ ...fields, message }));
	};
	const log: Log = { debug: note, info: note, warn: note, error: note };
	return { log, lines };
}

describe('against the simulator', () => {
	let simulator: PaymentSimulator;
	beforeEach(async () => {
		simulator = await startPaymentSimulator({ port: 0, host: '127.0.0.1', seed: 1 });
		await control({ latencyMs: 0 });
	});
	afterEach(() => simulator.close());

	const control = (changes: object) =>
		fetch(`${simulator.url}/control`, { method: 'POST', body: JSON.stringify(changes) });

	test('[T9] all operations say what became of them', async () => {
		const call = httpPaymentCaller({ baseUrl: `${simulator.url}/`, ...listeningLog() });
		expect(await call({ op: 'status', ...attempt })).toEqual({
			outcome: 'done',
			state: 'notFound',
		});
		expect(await call(AUTHORISE)).toEqual({ outcome: 'done', state: 'authorised' });
		expect(await call({ op: 'capture', ...attempt })).toEqual({
			outcome: 'done',
			state: 'captured',
		});
		expect(await call({ op: 'void', ...attempt })).toEqual({
			outcome: 'refused',
			state: 'captured',
		});
		const refund = { op: 'refund', ...attempt, refundKey: 'gig:o1.r1', amount: 100 } as const;
		expect(await call(refund)).toEqual({ outcome: 'done', state: 'captured', refunded: 100 });
		const declined = { ...AUTHORISE, key: 'gig:o1.2', methodToken: 'tok-declined' };
		expect(await call(declined)).toMatchObject({ outcome: 'declined' });
	});

	test.each([{ outage: true }, { outage: 'refuse' }, { errorRate: 1 }, { lostAnswerRate: 1 }])(
		'[T10] %o is unknown',
		async (behaviour) => {
			await control(behaviour);
			const { log, lines } = listeningLog();
			const call = httpPaymentCaller({ baseUrl: simulator.url, log });
			expect(await call(AUTHORISE)).toEqual({ outcome: 'unknown' });
			expect(lines).toHaveLength(1);
		},
	);

	test('[T10] no answer in time is unknown, and nothing of the token is logged', async () => {
		await control({ outage: 'hang' });
		const { log, lines } = listeningLog();
		const call = httpPaymentCaller({ baseUrl: simulator.url, timeoutMs: 30, log });
		expect(await call(AUTHORISE)).toEqual({ outcome: 'unknown' });
		expect(lines[0]).toContain('gig:o1.1');
		expect(lines.join()).not.toContain(TOKEN);
	});

	test('[T10] one provider that hangs takes nothing from another; who finds no place was not sent', async () => {
		await control({ provider: 'pay-a', outage: 'hang' });
		const { log } = listeningLog();
		const bounds = { timeoutMs: 200, inFlightMax: 1, waitingMax: 1 };
		const call = httpPaymentCaller({ baseUrl: simulator.url, log, ...bounds });
		const hanging = [1, 2, 3].map((n) => call({ ...AUTHORISE, key: `gig:o1.${n}` }));
		expect(await hanging[2]).toEqual({ outcome: 'unsent' });
		expect(await call({ ...AUTHORISE, provider: 'pay-b' })).toMatchObject({ outcome: 'done' });
		expect(await Promise.all(hanging)).toEqual([
			{ outcome: 'unknown' },
			expect.toBeOneOf([{ outcome: 'unsent' }, { outcome: 'unknown' }]),
			{ outcome: 'unsent' },
		]);
		await control({ outage: false });
		expect(await call({ ...AUTHORISE, key: 'gig:o1.9' })).toMatchObject({ outcome: 'done' });
	});
});

describe('against hostile providers', () => {
	let server: Server;
	let answer: (request: IncomingMessage, response: ServerResponse) => void;
	let baseUrl: string;
	beforeEach(async () => {
		server = createServer((request, response) => answer(request, response));
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	});
	afterEach(() => {
		server.closeAllConnections();
		server.close();
	});

	const says = (status: number, body: string) => (_: IncomingMessage, response: ServerResponse) => {
		response.writeHead(status);
		response.end(body);
	};

	test.each([
		['no JSON', 200, '<html>welcome</html>'],
		['another shape', 200, '{"ok":true}'],
		['an unknown state', 200, '{"outcome":"done","state":"maybe"}'],
		['an outcome of another status', 200, '{"outcome":"declined"}'],
		['a decline as an error', 500, '{"outcome":"declined"}'],
		['nothing there', 404, '{"outcome":"done"}'],
		['too much', 200, `{"outcome":"done","x":"${'x'.repeat(100_000)}"}`],
	])('[T10] %s is unknown', async (_what, status, body) => {
		answer = says(status, body);
		const call = httpPaymentCaller({ baseUrl, ...listeningLog() });
		expect(await call(AUTHORISE)).toEqual({ outcome: 'unknown' });
	});

	test('a redirect is not followed', async () => {
		const paths: (string | undefined)[] = [];
		answer = (request, response) => {
			paths.push(request.url);
			response.writeHead(307, { location: `${baseUrl}/elsewhere` });
			response.end();
		};
		const call = httpPaymentCaller({ baseUrl, ...listeningLog() });
		expect(await call(AUTHORISE)).toEqual({ outcome: 'unknown' });
		expect(paths).toEqual(['/pay-a/authorise']);
	});

	test('a connection that ends in the middle of the answer is unknown', async () => {
		answer = (_, response) => {
			response.writeHead(200, { 'content-length': '100' });
			response.write('{"outcome":', () => response.destroy());
		};
		const call = httpPaymentCaller({ baseUrl, ...listeningLog() });
		expect(await call(AUTHORISE)).toEqual({ outcome: 'unknown' });
	});

	test('an answer that drips for ever ends with the time', async () => {
		answer = (_, response) => {
			response.writeHead(200);
			response.write('{"outcome"');
		};
		const call = httpPaymentCaller({ baseUrl, timeoutMs: 30, ...listeningLog() });
		expect(await call(AUTHORISE)).toEqual({ outcome: 'unknown' });
	});

	test('a reason that repeats the token is left out', async () => {
		answer = says(402, JSON.stringify({ outcome: 'declined', reason: `${TOKEN} is bad` }));
		const call = httpPaymentCaller({ baseUrl, ...listeningLog() });
		expect(await call(AUTHORISE)).toEqual({ outcome: 'declined' });
		answer = says(402, JSON.stringify({ outcome: 'declined', reason: 'no funds' }));
		expect(await call(AUTHORISE)).toEqual({ outcome: 'declined', reason: 'no funds' });
	});
});

test('[T10] what nobody listens to was surely not sent', async () => {
	const closed = createSocketServer();
	await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
	const { port } = closed.address() as AddressInfo;
	await new Promise((resolve) => closed.close(resolve));
	for (const host of ['127.0.0.1', 'localhost']) {
		const call = httpPaymentCaller({ baseUrl: `http://${host}:${port}`, ...listeningLog() });
		expect(await call(AUTHORISE)).toEqual({ outcome: 'unsent' });
	}
});
