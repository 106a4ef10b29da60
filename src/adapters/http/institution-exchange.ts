import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type ClientRequest, type Agent as HttpAgent, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import type { Runtime } from '../../core/runtime.ts';

/** Most pieces of one answer: each costs more than its bytes, and one could come for each byte. */
const PIECES_MAX = 20_000;

/** What goes out. */
export interface ExchangeRequest {
	readonly method: 'GET' | 'POST';
	readonly url: URL;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

export interface ExchangeBounds {
	/** Until there is a connection, its TLS included. */
	readonly connectMs: number;
	/** Until the whole answer is there. */
	readonly totalMs: number;
	readonly bodyBytesMax: number;
}

/**
 * How an exchange ended. `connect`: there was no connection, or it ended without an answer; `stale`:
 * so did one that had been kept from before, so that the other side may just have become tired of it.
 * Problems name the error's code and nothing of what was sent.
 */
export type Exchanged =
	| {
			readonly end: 'answer';
			readonly status: number;
			readonly headers: IncomingHttpHeaders;
			readonly text: string;
	  }
	| {
			readonly end: 'connect' | 'stale' | 'timeout' | 'unreadable';
			/** When it had begun to answer. */
			readonly status?: number | undefined;
			readonly problem: string;
	  };

export interface ExchangeTools {
	readonly agent: HttpAgent;
	readonly runtime: Pick<Runtime, 'after'>;
	readonly bounds: ExchangeBounds;
}

const codeOf = (error: unknown): string =>
	error instanceof Error && 'code' in error ? String(error.code) : 'no code';

/** One request and its answer over a connection of the agent; follows no redirect; never rejects. */
export function exchange(request: ExchangeRequest, tools: ExchangeTools): Promise<Exchanged> {
	return new Promise((resolve) => new Exchange(request, tools, resolve));
}

class Exchange {
	readonly #bounds: ExchangeBounds;
	readonly #runtime: ExchangeTools['runtime'];
	readonly #resolve: (exchanged: Exchanged) => void;
	readonly #request: ClientRequest;
	readonly #cancels: (() => void)[] = [];
	#status: number | undefined;
	#isOver = false;

	constructor(
		{ url, method, headers, body }: ExchangeRequest,
		{ agent, runtime, bounds }: ExchangeTools,
		resolve: (exchanged: Exchanged) => void,
	) {
		this.#bounds = bounds;
		this.#runtime = runtime;
		this.#resolve = resolve;
		const open = url.protocol === 'https:' ? requestHttps : requestHttp;
		this.#request = open(url, { method, headers, agent });
		this.#limit(bounds.totalMs, `no whole answer within ${bounds.totalMs} ms`);
		this.#request.on('socket', (socket) => this.#connecting(socket));
		this.#request.on('response', (response) => this.#read(response));
		this.#request.on('error', (error) => this.#failed(error));
		// Also when it ends without any of these.
		this.#request.on('close', () => this.#failed(undefined));
		this.#request.end(body);
	}

	#limit(ms: number, problem: string): () => void {
		const cancel = this.#runtime.after(ms, () =>
			this.#end({ end: 'timeout', status: this.#status, problem }),
		);
		this.#cancels.push(cancel);
		return cancel;
	}

	/** One that was kept is connected already. */
	#connecting(socket: Socket): void {
		if (!socket.connecting) return;
		const { connectMs } = this.#bounds;
		const cancel = this.#limit(connectMs, `no connection within ${connectMs} ms`);
		socket.once('encrypted' in socket ? 'secureConnect' : 'connect', cancel);
	}

	#read(response: IncomingMessage): void {
		const { statusCode: status = 0, headers } = response;
		this.#status = status;
		const { bodyBytesMax } = this.#bounds;
		const tooMuch = (problem: string) => this.#end({ end: 'unreadable', status, problem });
		const tooLarge = () => tooMuch(`more than ${bodyBytesMax} bytes`);
		if (Number(headers['content-length']) > bodyBytesMax) {
			tooLarge();
			return;
		}
		const chunks: Buffer[] = [];
		let bytes = 0;
		response.on('data', (chunk: Buffer) => {
			bytes += chunk.length;
			if (bytes > bodyBytesMax) tooLarge();
			else if (chunks.length === PIECES_MAX) tooMuch(`more than ${PIECES_MAX} pieces`);
			else chunks.push(chunk);
		});
		response.on('end', () => {
			const text = Buffer.concat(chunks).toString('utf8');
			this.#end({ end: 'answer', status, headers, text });
		});
		response.on('error', (error) => this.#failed(error));
	}

	#failed(error: Error | undefined): void {
		const code = codeOf(error);
		const problem = `the connection failed (${code})`;
		// `HPE_…`: what came is no HTTP.
		if (this.#status !== undefined || code.startsWith('HPE_'))
			this.#end({ end: 'unreadable', status: this.#status, problem });
		else this.#end({ end: this.#request.reusedSocket ? 'stale' : 'connect', problem });
	}

	#end(exchanged: Exchanged): void {
		if (this.#isOver) return;
		this.#isOver = true;
		for (const cancel of this.#cancels) cancel();
		this.#resolve(exchanged);
		// What was read to its end goes back to the agent instead.
		if (exchanged.end !== 'answer') this.#request.destroy();
	}
}
