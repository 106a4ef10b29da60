import { z } from 'zod';
import { type LedgerAnswer, PaymentLedger } from './payment-ledger.ts';
import { GOOD_BEHAVIOUR, latencyOf, type ProviderBehaviour } from './provider-behaviour.ts';

/** How much later a duplicate comes. */
const DUPLICATE_MS = 50;

const keySchema = z.string().min(1).max(300);
const amountSchema = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What each operation takes. */
const REQUESTS = {
	authorise: z.object({
		key: keySchema,
		orderId: z.string().min(1).max(200),
		amount: amountSchema,
		currency: z.string().regex(/^[A-Z]{3}$/),
		methodToken: z.string().min(1).max(200),
	}),
	capture: z.object({ key: keySchema }),
	void: z.object({ key: keySchema }),
	status: z.object({ key: keySchema }),
	refund: z.object({ key: keySchema, refundKey: keySchema, amount: amountSchema }),
};
type Operation = keyof typeof REQUESTS;

/** What the sender of a request sees of it. */
export type ProviderReply =
	| { readonly kind: 'answer'; readonly status: number; readonly body: unknown }
	/** The connection ends without an answer. */
	| { readonly kind: 'cut' }
	/** Nothing, ever. */
	| { readonly kind: 'silence' };

export interface ProviderOptions {
	readonly name: string;
	/** Uniform in [0, 1). */
	readonly random: () => number;
	/** Calls once after so many milliseconds. */
	readonly after: (ms: number, run: () => void) => void;
}

const STATUS: Readonly<Record<LedgerAnswer['outcome'], number>> = {
	done: 200,
	declined: 402,
	refused: 409,
};

export const answer = (status: number, body: unknown): ProviderReply => ({
	kind: 'answer',
	status,
	body,
});
export const problem = (status: number, says: string) => answer(status, { error: says });

/** One payment provider: its books, and how it behaves towards those who call. */
export class PaymentProvider {
	readonly ledger: PaymentLedger;
	#behaviour = GOOD_BEHAVIOUR;
	readonly #options: ProviderOptions;

	constructor(options: ProviderOptions) {
		this.#options = options;
		this.ledger = new PaymentLedger(options.name);
	}

	get behaviour(): ProviderBehaviour {
		return this.#behaviour;
	}

	behave(changes: Partial<ProviderBehaviour>): void {
		this.#behaviour = { ...this.#behaviour, ...changes };
	}

	/** Resolves when the provider has got round to it; never rejects. */
	async take(operation: string, body: unknown): Promise<ProviderReply> {
		if (!Object.hasOwn(REQUESTS, operation)) return problem(404, 'no such operation');
		const name = operation as Operation;
		const request = REQUESTS[name].safeParse(body);
		if (!request.success) return problem(400, 'the request is malformed');
		const { outage, lateArrivalMs } = this.#behaviour;
		if (outage !== false) return outageReply(outage);
		const apply = () => this.#apply(name, request.data);
		if (name !== 'authorise' || lateArrivalMs === 0) return this.#serve(apply);
		this.#options.after(lateArrivalMs, apply);
		return { kind: 'cut' };
	}

	async #serve(apply: () => LedgerAnswer): Promise<ProviderReply> {
		const { after, random } = this.#options;
		const { errorRate, lostAnswerRate, duplicateRate } = this.#behaviour;
		const isError = random() < errorRate;
		const isLost = random() < lostAnswerRate;
		const isDoubled = random() < duplicateRate;
		const latencyMs = latencyOf(this.#behaviour, random);
		await new Promise<void>((resolve) => after(latencyMs, resolve));
		if (isError) return problem(500, 'an error, as ordered');
		const said = apply();
		if (isDoubled) after(DUPLICATE_MS, apply);
		return isLost ? { kind: 'cut' } : answer(STATUS[said.outcome], said);
	}

	#apply(operation: Operation, request: unknown): LedgerAnswer {
		const { ledger } = this;
		switch (operation) {
			case 'authorise': {
				const isAgreed = this.#options.random() >= this.#behaviour.declineRate;
				return ledger.authorise(request as z.infer<typeof REQUESTS.authorise>, isAgreed);
			}
			case 'refund':
				return ledger.refund(request as z.infer<typeof REQUESTS.refund>);
			default:
				return ledger[operation]((request as { key: string }).key);
		}
	}
}

function outageReply(outage: true | 'refuse' | 'hang'): ProviderReply {
	if (outage === true) return problem(503, 'out of service');
	return { kind: outage === 'hang' ? 'silence' : 'cut' };
}
