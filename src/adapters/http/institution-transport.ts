import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Runtime } from '../../core/runtime.ts';
import type { InstitutionTransport, OutsideAnswer, OutsideCall } from '../../institutions/ports.ts';
import type { InstitutionSettings, Institutions } from '../../institutions/settings.ts';
import { type Exchanged, exchange } from './institution-exchange.ts';
import { type InstitutionRequest, requestOf } from './institution-request.ts';
import { readAnswer } from './institution-wire.ts';
import { lookupWithin } from './public-addresses.ts';

/** Connections without a call that are kept, of one institution. */
const FREE_SOCKETS_MAX = 32;
const FREE_SOCKET_MS = 30_000;
const RETRY_AFTER_MS_MAX = 24 * 3_600_000;

export interface InstitutionTransportOptions {
	readonly institutions: Pick<Institutions, 'secretsOf' | 'classOf'>;
	readonly runtime: Runtime;
}

/** For URLs of either scheme. */
interface SchemeAgents {
	readonly 'http:': HttpAgent;
	readonly 'https:': HttpsAgent;
}

/** Those of one institution. */
interface Agents {
	readonly kept: SchemeAgents;
	/** For what must not be sent twice: a connection that was kept may end under it. */
	readonly fresh: SchemeAgents;
}

/**
 * Speaks to institutions over HTTP, each with connections of its own. An answer is checked against the
 * schema of its api, and how the call ended gets the class that the settings give it (I11).
 */
class HttpInstitutionTransport implements InstitutionTransport {
	readonly #options: InstitutionTransportOptions;
	readonly #agents = new Map<string, Agents>();
	#closed = false;

	constructor(options: InstitutionTransportOptions) {
		this.#options = options;
	}

	async call(call: OutsideCall): Promise<OutsideAnswer> {
		const { runtime, institutions } = this.#options;
		const since = runtime.monotonic();
		const request = requestOf(call, institutions.secretsOf(call.settings.id));
		const exchanged = await this.#exchange(call.settings, request);
		return this.#answer(call, exchanged, runtime.monotonic() - since);
	}

	async close(): Promise<void> {
		this.#closed = true;
		for (const agents of this.#agents.values())
			for (const { 'http:': http, 'https:': https } of Object.values(agents))
				for (const agent of [http, https]) agent.destroy();
	}

	async #exchange(settings: InstitutionSettings, request: InstitutionRequest): Promise<Exchanged> {
		const { runtime } = this.#options;
		const { url, isRepeatable } = request;
		const agents = this.#agentsOf(settings)[isRepeatable ? 'kept' : 'fresh'];
		const agent = agents[url.protocol as keyof SchemeAgents];
		const { connectMs, totalMs } = settings.timeouts;
		const bounds = { connectMs, totalMs, bodyBytesMax: settings.bodyBytesMax };
		const since = runtime.monotonic();
		const exchanged = await exchange(request, { agent, runtime, bounds });
		if (exchanged.end !== 'stale' || !isRepeatable || this.#closed) return exchanged;
		// The institution has closed a connection that nobody used: no fault of it.
		const leftMs = Math.max(1, totalMs - (runtime.monotonic() - since));
		return exchange(request, { agent, runtime, bounds: { ...bounds, totalMs: leftMs } });
	}

	#answer(call: OutsideCall, exchanged: Exchanged, ms: number): OutsideAnswer {
		const { settings, api } = call;
		if (exchanged.end !== 'answer') return this.#unanswered(settings, exchanged, ms);
		const { classOf } = this.#options.institutions;
		const { status, headers, text } = exchanged;
		const outcome = classOf(settings, String(status));
		if (outcome !== 'ok') {
			const retryAfterMs = this.#retryAfterMs(headers['retry-after']);
			return { class: outcome, status, ms, retryAfterMs, problem: `answered ${status}` };
		}
		const read = leadingOn(call, readAnswer(api, text));
		if ('problem' in read)
			return { class: classOf(settings, 'unreadable'), status, ms, problem: read.problem };
		const isSlow = ms > settings.timeouts.slowMs;
		return { class: isSlow ? 'slow' : 'ok', status, ms, body: read.body };
	}

	#unanswered(
		settings: InstitutionSettings,
		{ end, problem, status }: Exclude<Exchanged, { end: 'answer' }>,
		ms: number,
	): OutsideAnswer {
		// We have cut the connection ourselves: no fault of the institution.
		if (this.#closed) return { class: 'business', ms, problem: 'this node stops' };
		const { classOf } = this.#options.institutions;
		const outcome = classOf(settings, end === 'stale' ? 'connect' : end);
		return { class: outcome, status, ms, problem };
	}

	/** Of seconds or of a date. */
	#retryAfterMs(value: string | undefined): number | undefined {
		if (value === undefined) return undefined;
		const ms = /^\d{1,9}$/.test(value)
			? Number(value) * 1_000
			: Date.parse(value) - this.#options.runtime.now();
		return Number.isNaN(ms) ? undefined : Math.min(RETRY_AFTER_MS_MAX, Math.max(0, ms));
	}

	#agentsOf({ id, lanes, addresses }: InstitutionSettings): Agents {
		const found = this.#agents.get(id);
		if (found !== undefined) return found;
		const shared = (scheme: 'http' | 'https') => ({
			lookup: lookupWithin(addresses ?? (scheme === 'https' ? 'public' : 'any')),
			// The lanes bound the calls; here none should wait unseen.
			maxSockets: lanes.online.inFlightMax + lanes.batch.inFlightMax,
			maxFreeSockets: FREE_SOCKETS_MAX,
			timeout: FREE_SOCKET_MS,
		});
		const { certificates } = this.#options.institutions.secretsOf(id);
		const trust = certificates === undefined ? {} : { ca: certificates };
		const both = (keepAlive: boolean): SchemeAgents => ({
			'http:': new HttpAgent({ ...shared('http'), keepAlive }),
			'https:': new HttpsAgent({ ...shared('https'), ...trust, keepAlive }),
		});
		const agents = { kept: both(true), fresh: both(false) };
		this.#agents.set(id, agents);
		return agents;
	}
}

/** A page behind which the same page comes again has no end. */
function leadingOn({ cursor }: OutsideCall, read: ReturnType<typeof readAnswer>): typeof read {
	if (cursor === undefined || 'problem' in read) return read;
	const { cursor: next } = read.body as { readonly cursor?: string };
	return next === cursor ? { problem: 'the page leads to itself' } : read;
}

/** The HTTP client of institutions; its calls never reject for what an institution does. */
export function httpInstitutionTransport(
	options: InstitutionTransportOptions,
): InstitutionTransport {
	return new HttpInstitutionTransport(options);
}
