/**
 * The payment simulator: providers `pay-a` and `pay-b` as a server over HTTP, whose behaviour changes
 * while it runs. For development and tests; no card, no bank and no money is behind it.
 *
 *   POST /{provider}/{authorise|capture|void|status|refund}   → 200 done, 402 declined, 409 refused
 *   POST /control {provider?, latencyMs, declineRate, …}       → how the providers behave now
 *   GET  /ledger[?orderId=]                                    → one row per attempt
 *   GET  /                                                     → a page for people
 *
 * The last three are for those at this machine alone.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isFromHere } from '../is-from-here.ts';
import { answer, PaymentProvider, type ProviderReply, problem } from './payment-provider.ts';
import { controlSchema, type ProviderBehaviour, seededChance } from './provider-behaviour.ts';

const PROVIDERS = ['pay-a', 'pay-b'];
const BODY_BYTES_MAX = 16_384;
const PAGE = readFileSync(new URL('./page.html', import.meta.url));

/** Structured logging; pino fits it. */
interface SimulatorLog {
	info(fields: object, message: string): void;
}

export interface PaymentSimulatorOptions {
	/** 0: any free one. */
	readonly port: number;
	readonly host: string;
	/** The same seed, the same chances in order of the requests; absent: others each time. */
	readonly seed?: number;
	/** Told of each change of behaviour. */
	readonly log?: SimulatorLog | undefined;
}

export interface PaymentSimulator {
	/** Without a slash at the end. */
	readonly url: string;
	/** Cuts what is under way. */
	close(): Promise<void>;
}

interface Simulation {
	readonly providers: ReadonlyMap<string, PaymentProvider>;
	readonly log: SimulatorLog | undefined;
}

/** `undefined` when it is too long or no JSON. */
async function readJson(request: IncomingMessage): Promise<unknown> {
	const pieces: Buffer[] = [];
	let bytes = 0;
	for await (const piece of request as AsyncIterable<Buffer>) {
		bytes += piece.length;
		if (bytes > BODY_BYTES_MAX) return undefined;
		pieces.push(piece);
	}
	try {
		return JSON.parse(Buffer.concat(pieces).toString());
	} catch {
		return undefined;
	}
}

const behaviours = ({ providers }: Simulation) =>
	Object.fromEntries([...providers].map(([name, { behaviour }]) => [name, behaviour]));

function control(simulation: Simulation, body: unknown): ProviderReply {
	const parsed = controlSchema.safeParse(body);
	if (!parsed.success) {
		const [issue] = parsed.error.issues;
		return problem(400, `${issue?.path.join('.')}: ${issue?.message}`);
	}
	const { provider, ...changes } = parsed.data;
	const names = provider === undefined ? PROVIDERS : [provider];
	if (!names.every((name) => simulation.providers.has(name))) {
		return problem(404, 'no such provider');
	}
	// JSON has no `undefined`: what is absent is no key.
	const given = changes as Partial<ProviderBehaviour>;
	for (const name of names) simulation.providers.get(name)?.behave(given);
	simulation.log?.info({ providers: names, ...changes }, 'the providers behave otherwise now');
	return answer(200, behaviours(simulation));
}

function ledger({ providers }: Simulation, orderId: string | null): ProviderReply {
	const rows = [...providers.values()].flatMap((provider) => provider.ledger.rows());
	return answer(200, orderId === null ? rows : rows.filter((row) => row.orderId === orderId));
}

/** What is not for programs that pay. */
const FOR_PEOPLE = ['/', '/control', '/ledger'];

async function replyTo(simulation: Simulation, request: IncomingMessage): Promise<ProviderReply> {
	const { pathname, searchParams } = new URL(request.url ?? '/', 'http://simulator');
	const route = `${request.method} ${pathname}`;
	if (FOR_PEOPLE.includes(pathname) && !isFromHere(request)) {
		return problem(403, 'only for those at this machine');
	}
	if (route === 'GET /ledger') return ledger(simulation, searchParams.get('orderId'));
	if (route === 'GET /control') return answer(200, behaviours(simulation));
	if (request.method !== 'POST') return problem(404, 'there is nothing under this path');
	const body = await readJson(request);
	if (route === 'POST /control') return control(simulation, body);
	const [, name = '', operation = ''] = pathname.split('/');
	const provider = simulation.providers.get(name);
	return provider?.take(operation, body) ?? problem(404, 'no such provider');
}

async function serve(
	simulation: Simulation,
	request: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	if (request.url === '/' && request.method === 'GET' && isFromHere(request)) {
		response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
		return;
	}
	const reply = await replyTo(simulation, request);
	if (reply.kind === 'cut') response.destroy();
	if (reply.kind !== 'answer') return;
	response.writeHead(reply.status, { 'content-type': 'application/json' });
	response.end(JSON.stringify(reply.body));
}

/** Timers that end with the simulator. */
function timers(): { after(ms: number, run: () => void): void; clear(): void } {
	const waiting = new Set<NodeJS.Timeout>();
	return {
		after: (ms, run) => {
			const timer = setTimeout(() => {
				waiting.delete(timer);
				run();
			}, ms);
			waiting.add(timer);
		},
		clear: () => {
			for (const timer of waiting) clearTimeout(timer);
			waiting.clear();
		},
	};
}

/** Starts the providers, all in good behaviour; rejects when the port is taken. */
export async function startPaymentSimulator({
	port,
	host,
	seed,
	log,
}: PaymentSimulatorOptions): Promise<PaymentSimulator> {
	const { after, clear } = timers();
	const start = seed ?? Math.floor(Math.random() * 2 ** 32);
	const providers = new Map(
		PROVIDERS.map((name, index) => {
			const random = seededChance(start + index);
			return [name, new PaymentProvider({ name, random, after })] as const;
		}),
	);
	const simulation = { providers, log };
	const server = createServer((request, response) => {
		serve(simulation, request, response).catch(() => response.destroy());
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, host, resolve);
	});
	const { port: bound } = server.address() as AddressInfo;
	return {
		url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
		close: () => {
			clear();
			server.closeAllConnections();
			return new Promise((resolve) => server.close(() => resolve()));
		},
	};
}
