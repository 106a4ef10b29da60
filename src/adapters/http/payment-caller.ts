/**
 * Payment providers over HTTP: `POST {base}/{provider}/{op}` with JSON. Answers 200 (done), 402 (the
 * bank says no) and 409 (refused in this state) say what they are; whatever else comes back, or does
 * not, is unknown. Nothing of a request or an answer is logged but the attempt's key.
 */
import { z } from 'zod';
import type {
	PaymentCall,
	PaymentCaller,
	PaymentResult,
} from '../../../actors/ticket-event/payment-port.ts';
import { Bulkhead } from '../../core/bulkhead.ts';
import type { Log } from '../../core/log.ts';

const TIMEOUT_MS = 10_000;
const IN_FLIGHT_MAX = 64;
const WAITING_MAX = 1_000;
/** Providers called through one caller. */
const PROVIDERS_MAX = 100;
const ANSWER_BYTES_MAX = 65_536;

export interface HttpPaymentOptions {
	/** Providers are at `<baseUrl>/<name>`. */
	readonly baseUrl: string;
	/** Of a call, waiting for a free place included. */
	readonly timeoutMs?: number | undefined;
	/** Calls under way to one provider. */
	readonly inFlightMax?: number | undefined;
	/** Calls that wait for a place; beyond it they are `unsent`. */
	readonly waitingMax?: number | undefined;
	readonly log: Log;
}

const stateSchema = z.enum(['authorised', 'captured', 'voided', 'declined', 'notFound']);
const amountSchema = z.int().min(0);

/** What an answer has to look like, by its HTTP status. */
const ANSWERS: Readonly<Record<number, z.ZodType<PaymentResult>>> = {
	200: z.object({
		outcome: z.literal('done'),
		state: stateSchema.exactOptional(),
		refunded: amountSchema.exactOptional(),
	}),
	402: z.object({ outcome: z.literal('declined'), reason: z.string().max(200).exactOptional() }),
	409: z.object({ outcome: z.literal('refused'), state: stateSchema.exactOptional() }),
};

const UNKNOWN: PaymentResult = { outcome: 'unknown' };
const UNSENT: PaymentResult = { outcome: 'unsent' };

/** Failures before a connection stood, so that nothing can have been sent. */
const UNSENT_CODES = new Set([
	'ECONNREFUSED',
	'ENOTFOUND',
	'EAI_AGAIN',
	'EHOSTUNREACH',
	'ENETUNREACH',
	'UND_ERR_CONNECT_TIMEOUT',
]);

/** The code of a failed `fetch`, whose reason is in its cause; of several addresses, when all agree. */
function codeOf(error: unknown): string {
	const { cause = error } = error as { cause?: unknown };
	const { code, errors, name } = cause as { code?: string; errors?: unknown[]; name?: string };
	const codes = new Set((errors ?? []).map((one) => (one as { code?: string }).code));
	const [only] = codes;
	return (codes.size === 1 ? only : code) ?? name ?? 'unknown';
}

/** The text of an answer, or `undefined` when it is longer than any answer is. */
async function readText(response: Response): Promise<string | undefined> {
	const decoder = new TextDecoder();
	let text = '';
	let bytes = 0;
	for await (const piece of response.body ?? []) {
		bytes += piece.length;
		// Leaving the loop cancels the rest.
		if (bytes > ANSWER_BYTES_MAX) return undefined;
		text += decoder.decode(piece, { stream: true });
	}
	return text + decoder.decode();
}

function parsed(status: number, text: string | undefined): PaymentResult | undefined {
	const schema = ANSWERS[status];
	if (schema === undefined || text === undefined) return undefined;
	try {
		return schema.safeParse(JSON.parse(text)).data;
	} catch {
		return undefined;
	}
}

/** A provider that repeats the token in its reason would bring it into the journal. */
function withoutToken(result: PaymentResult, call: PaymentCall): PaymentResult {
	if (result.outcome !== 'declined' || call.op !== 'authorise') return result;
	return result.reason?.includes(call.methodToken) ? { outcome: 'declined' } : result;
}

class HttpPayment {
	readonly #options: HttpPaymentOptions;
	readonly #bulkheads = new Map<string, Bulkhead>();

	constructor(options: HttpPaymentOptions) {
		this.#options = options;
	}

	/** Takes a place towards the provider, waits for it, and calls. */
	async call(call: PaymentCall): Promise<PaymentResult> {
		const signal = AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS);
		const place = this.#bulkhead(call.provider)?.take();
		if (place === undefined) return this.#note(call, UNSENT, 'too many calls wait');
		// Sends it away when it still waits; a place that it has is given back below.
		const giveUp = () => place.leave();
		signal.addEventListener('abort', giveUp, { once: true });
		try {
			if (!(await place.granted)) return this.#note(call, UNSENT, 'no free place in time');
			signal.removeEventListener('abort', giveUp);
			return await this.#send(call, signal);
		} finally {
			place.leave();
		}
	}

	async #send(call: PaymentCall, signal: AbortSignal): Promise<PaymentResult> {
		const { op, provider, ...body } = call;
		const { baseUrl } = this.#options;
		try {
			const response = await fetch(`${baseUrl}/${encodeURIComponent(provider)}/${op}`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify(body),
				redirect: 'error',
				signal,
			});
			const { status } = response;
			const result = parsed(status, await readText(response));
			if (result === undefined) return this.#note(call, UNKNOWN, `says nothing: HTTP ${status}`);
			return withoutToken(result, call);
		} catch (error) {
			const code = codeOf(error);
			return this.#note(call, UNSENT_CODES.has(code) ? UNSENT : UNKNOWN, code);
		}
	}

	#note({ op, provider, key }: PaymentCall, result: PaymentResult, why: string): PaymentResult {
		const { outcome } = result;
		this.#options.log.warn({ provider, op, key, outcome, why }, 'a payment call has no answer');
		return result;
	}

	#bulkhead(provider: string): Bulkhead | undefined {
		const known = this.#bulkheads.get(provider);
		if (known !== undefined) return known;
		if (this.#bulkheads.size >= PROVIDERS_MAX) return undefined;
		const { inFlightMax = IN_FLIGHT_MAX, waitingMax = WAITING_MAX } = this.#options;
		const bulkhead = new Bulkhead({ inFlightMax, waitingMax });
		this.#bulkheads.set(provider, bulkhead);
		return bulkhead;
	}
}

/** Calls payment providers over HTTP; never rejects, and answers within `timeoutMs` (10 s). */
export function httpPaymentCaller(options: HttpPaymentOptions): PaymentCaller {
	const payment = new HttpPayment({ ...options, baseUrl: options.baseUrl.replace(/\/+$/, '') });
	return (call) => payment.call(call);
}
