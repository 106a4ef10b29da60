/**
 * Many institutions in one process, over real HTTP. `/<institution>/<route>/…` is what institutions
 * offer; `GET /institutions`, `GET /calls?institution=`, `POST /control` and the page at `/` are for
 * those who watch and disturb them, at this machine alone.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isFromHere } from '../is-from-here.ts';
import { CATALOGUE, type CatalogueEntry } from './catalogue.ts';
import { controlSchema, type Faults, garbageOf, latencyOf, NO_FAULTS } from './faults.ts';
import { type Answer, type ArrivedCall, Institution } from './institution.ts';
import { sendAnswer } from './send-answer.ts';

const BODY_BYTES_MAX = 64 * 1_024;
const PAGE = readFileSync(new URL('./page.html', import.meta.url));

/** A running simulator. */
export interface InstitutionSimulator {
	readonly url: string;
	/** Ends all connections at once. */
	close(): Promise<void>;
}

export interface InstitutionSimulatorOptions {
	/** 0: any free one. */
	readonly port: number;
	readonly host: string;
	/** Whether institutions answer at speeds of their own that one can watch; else all alike and soon. */
	readonly isWatched?: boolean | undefined;
	readonly log?: { info(fields: object, message: string): void } | undefined;
}

type Institutions = ReadonlyMap<string, Institution>;

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of request) {
		bytes += (chunk as Buffer).length;
		if (bytes > BODY_BYTES_MAX) return undefined;
		chunks.push(chunk as Buffer);
	}
	return Buffer.concat(chunks).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
	response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
	response.end(JSON.stringify(body));
}

/** Answers after `ms`, unless the caller has gone. */
function later(response: ServerResponse, ms: number, run: () => void): void {
	const timer = setTimeout(run, ms);
	response.once('close', () => clearTimeout(timer));
}

const FOR_PEOPLE = ['/', '/institutions', '/calls', '/control'];
const OUTAGE: Answer = { status: 503, body: { error: 'maintenance' } };
const FAILURE: Answer = { status: 500, body: { error: 'server_error' } };

class Simulator {
	readonly institutions: Institutions;
	#calls = 0;

	constructor(isWatched: boolean) {
		const usualOf = ({ watchableMs: [min, max] }: CatalogueEntry): Faults =>
			isWatched ? { ...NO_FAULTS, latencyMs: [min, max] } : NO_FAULTS;
		this.institutions = new Map(
			CATALOGUE.map((entry) => [entry.id, new Institution(entry, usualOf(entry))]),
		);
	}

	async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = URL.parse(request.url ?? '/', 'http://simulator');
		const body = await bodyOf(request);
		if (url === null || body === undefined) {
			sendJson(response, 400, { error: 'invalid_request' });
			return;
		}
		const line = `${request.method} ${url.pathname}`;
		if (FOR_PEOPLE.includes(url.pathname) && !isFromHere(request)) {
			sendJson(response, 403, { error: 'only_for_this_machine' });
		} else if (line === 'GET /') {
			response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
		} else if (line === 'GET /institutions') sendJson(response, 200, this.#list());
		else if (line === 'GET /calls') this.#sendCalls(url, response);
		else if (line === 'POST /control') this.#control(body, response);
		else this.#call({ request, url, body }, response);
	}

	#list() {
		const now = Date.now();
		return [...this.institutions.values()].map(({ entry, faults, usual, log }) => {
			const { id, name, industry, routes } = entry;
			return { id, name, industry, routes, faults, usual, recent: log.recent(now) };
		});
	}

	#sendCalls({ searchParams }: URL, response: ServerResponse): void {
		const found = this.institutions.get(searchParams.get('institution') ?? '');
		if (found === undefined) sendJson(response, 404, { error: 'name an institution' });
		else sendJson(response, 200, found.log.list());
	}

	#control(body: string, response: ServerResponse): void {
		const control = readControl(body);
		if ('error' in control) {
			sendJson(response, 400, control);
			return;
		}
		const { institution, route, ...changes } = control.control;
		const all = institution === '*' ? [...this.institutions.keys()] : [institution];
		const chosen = all.flatMap((id) => this.institutions.get(id) ?? []);
		for (const one of chosen) one.control(changes as Partial<Faults>, route);
		if (chosen.length === 0) sendJson(response, 404, { error: 'there is no such institution' });
		else sendJson(response, 200, { changed: chosen.map(({ entry }) => entry.id) });
	}

	#call({ request, url, body }: Arrived, response: ServerResponse): void {
		const [id = '', route = '', ...path] = url.pathname.slice(1).split('/').map(decoded);
		const institution = this.institutions.get(id);
		const faults = institution?.faults[institution.entry.routes.indexOf(route)];
		if (institution === undefined || faults === undefined) {
			sendJson(response, 404, { error: 'not_found' });
			return;
		}
		const now = Date.now();
		const call: ArrivedCall = {
			method: request.method ?? '',
			path,
			query: url.searchParams,
			authorization: request.headers.authorization ?? '',
			form: new URLSearchParams(request.method === 'POST' ? body : ''),
			now,
		};
		const logged = institution.log.add({
			at: now,
			api: institution.apiOf(call),
			userId: institution.callerOf(call),
			transactionId: String(request.headers['x-transaction-id'] ?? ''),
			status: 0,
		});
		const note = (status: number) => {
			logged.status = status;
		};
		this.#answer({ institution, faults, call, note }, response);
	}

	/** As the institution's present faults let it. */
	#answer({ institution, faults, call, note }: Answering, response: ServerResponse): void {
		const send = (answer: Answer, garbage?: ReturnType<typeof garbageOf>) => {
			note(garbage === undefined ? answer.status : 200);
			sendAnswer(response, answer, { dripMs: faults.dripMs, garbage });
		};
		const { ratePerSecond, outage } = faults;
		const waitMs = ratePerSecond === null ? 0 : institution.rate.take(call.now, ratePerSecond);
		if (waitMs > 0) {
			response.setHeader('retry-after', String(Math.ceil(waitMs / 1_000)));
			send({ status: 429, body: { error: 'too_many_requests' } });
		} else if (outage === 'refuse') response.destroy();
		else if (outage === true) send(OUTAGE);
		else if (outage === false) {
			later(response, latencyOf(faults), () => {
				if (Math.random() < faults.errorRate) send(FAILURE);
				else send(institution.answer(call), garbageOf(faults, this.#calls++));
			});
		}
	}
}

interface Arrived {
	readonly request: IncomingMessage;
	readonly url: URL;
	readonly body: string;
}

interface Answering {
	readonly institution: Institution;
	readonly faults: Faults;
	readonly call: ArrivedCall;
	readonly note: (status: number) => void;
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

function readControl(body: string) {
	try {
		const read = controlSchema.safeParse(JSON.parse(body));
		if (read.success) return { control: read.data };
		const [issue] = read.error.issues;
		return { error: `${issue?.path.join('.')}: ${issue?.message}` };
	} catch {
		return { error: 'send JSON' };
	}
}

/** Starts the institutions; rejects when the port is taken. */
export async function startInstitutionSimulator({
	port,
	host,
	isWatched = false,
	log,
}: InstitutionSimulatorOptions): Promise<InstitutionSimulator> {
	const simulator = new Simulator(isWatched);
	const server = createServer((request, response) => {
		// A caller that goes away in the middle concerns nobody here.
		void simulator.serve(request, response).catch(() => response.destroy());
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, host, resolve);
	});
	const { port: bound } = server.address() as AddressInfo;
	const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
	log?.info({ url, institutions: simulator.institutions.size }, 'institutions are simulated');
	return {
		url,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}
