/** What the crowd asks of the server over REST: tokens, the event, its report. */

const RETRIES_MAX = 60;
const EVENTS = '/api/v1/ticket-events';

/** The server does not do what the demo needs; the message says what to do. */
export class ServerError extends Error {
	override readonly name = 'ServerError';
}

/** How the sale goes, as its operators see it. */
export interface SaleReport {
	readonly state: string;
	readonly capacity: number;
	readonly waiting: number;
	readonly inside: number;
	readonly sold: number;
	/** Minor units. */
	readonly captured: number;
	readonly refunded: number;
	readonly waitP50Ms: number;
	readonly waitP99Ms: number;
	readonly stuck: readonly unknown[];
}

export class ServerCalls {
	readonly #url: string;
	#operator: Promise<string> | undefined;
	/** Requests that were put off by a limit of the server. */
	limited = 0;

	constructor(url: string) {
		this.#url = url;
	}

	/** A token of the development server; waits where the server limits requests. */
	async token(userId: string, roles: readonly string[] = ['user']): Promise<string> {
		const answer = await this.#fetch('/api/v1/dev/token', { body: { userId, roles } });
		if (answer.status === 404) {
			throw new ServerError('the server makes no tokens: start it in development (npm start)');
		}
		return ((await this.#json(answer)) as { token: string }).token;
	}

	async createEvent(draft: object): Promise<void> {
		await this.#json(await this.#asOperator(EVENTS, draft));
	}

	async report(id: string): Promise<SaleReport> {
		return (await this.#json(await this.#asOperator(`${EVENTS}/${id}/report`))) as SaleReport;
	}

	async #asOperator(path: string, body?: object): Promise<Response> {
		this.#operator ??= this.token('demo-onsale', ['ops']);
		const authorization = `Bearer ${await this.#operator}`;
		return this.#fetch(path, { authorization, ...(body && { body }) });
	}

	async #fetch(
		path: string,
		{ body, authorization }: { readonly body?: object; readonly authorization?: string },
	): Promise<Response> {
		for (let tries = 0; ; tries++) {
			const answer = await this.#once(path, {
				headers: {
					...(body && { 'content-type': 'application/json' }),
					...(authorization !== undefined && { authorization }),
				},
				...(body && { method: 'POST', body: JSON.stringify(body) }),
			});
			if (answer.status !== 429 || tries === RETRIES_MAX) return answer;
			this.limited++;
			await answer.body?.cancel();
			const seconds = Number(answer.headers.get('retry-after') ?? 1);
			await new Promise((resolve) => setTimeout(resolve, (seconds + Math.random()) * 1_000));
		}
	}

	async #once(path: string, request: RequestInit): Promise<Response> {
		try {
			return await fetch(this.#url + path, request);
		} catch {
			throw new ServerError(
				`no server at ${this.#url}: start one with npm start, or name it: --url`,
			);
		}
	}

	async #json(answer: Response): Promise<unknown> {
		const text = await answer.text();
		if (!answer.ok) throw new ServerError(`the server answered ${answer.status}: ${text}`);
		return JSON.parse(text);
	}
}
