/**
 * The books of one payment provider: what it was asked for by key, and what became of it. Every
 * request may come twice, late, or in the wrong order; it takes effect once.
 *
 *   authorise ──▶ authorised ──capture──▶ captured (refunds, never above it)
 *       │              └──void──▶ voided ◀──void── (never seen: the key is refused from now on)
 *       └──▶ declined
 */

/** Keys of one provider; beyond it nothing new is taken. */
const ATTEMPTS_MAX = 1_000_000;
const REFUNDS_MAX = 1_000;
/** The method that no bank pays. */
const DECLINED_METHOD = 'tok-declined';

export type LedgerState = 'authorised' | 'captured' | 'voided' | 'declined';

/** One attempt, amounts in minor units. */
export interface LedgerRow {
	readonly key: string;
	readonly provider: string;
	readonly orderId: string;
	readonly state: LedgerState;
	/** What was authorised, whatever became of it. */
	readonly authorised: number;
	readonly captured: number;
	readonly refunded: number;
}

/** What the provider says; the field names are those of its API. */
export type LedgerAnswer =
	| {
			readonly outcome: 'done';
			readonly state: LedgerState | 'notFound';
			readonly refunded?: number;
	  }
	| { readonly outcome: 'declined'; readonly reason: string }
	| { readonly outcome: 'refused'; readonly state: LedgerState | 'notFound' };

export interface Authorisation {
	readonly key: string;
	readonly orderId: string;
	readonly amount: number;
	readonly currency: string;
	readonly methodToken: string;
}

interface Entry {
	orderId: string;
	/** What the first request under this key asked for: another one is refused. */
	asked: string;
	state: LedgerState;
	authorised: number;
	captured: number;
	/** By the key of the refund. */
	readonly refunds: Map<string, number>;
}

const done = (state: LedgerState | 'notFound'): LedgerAnswer => ({ outcome: 'done', state });
const refused = (state: LedgerState | 'notFound'): LedgerAnswer => ({ outcome: 'refused', state });
const DECLINED: LedgerAnswer = { outcome: 'declined', reason: 'the bank said no' };
const refundedOf = ({ refunds }: Entry) => [...refunds.values()].reduce((sum, one) => sum + one, 0);

export class PaymentLedger {
	readonly #provider: string;
	readonly #entries = new Map<string, Entry>();

	constructor(provider: string) {
		this.#provider = provider;
	}

	/** `bank`: whether it would agree. A key that is known is answered as before. */
	authorise(request: Authorisation, bank: boolean): LedgerAnswer {
		const { key, orderId, amount, currency, methodToken } = request;
		const asked = JSON.stringify([orderId, amount, currency, methodToken]);
		const known = this.#entries.get(key);
		if (known !== undefined) return this.#again(known, { orderId, asked });
		if (this.#entries.size >= ATTEMPTS_MAX) return refused('notFound');
		const isAgreed = bank && methodToken !== DECLINED_METHOD;
		this.#entries.set(key, {
			orderId,
			asked,
			state: isAgreed ? 'authorised' : 'declined',
			authorised: isAgreed ? amount : 0,
			captured: 0,
			refunds: new Map(),
		});
		return isAgreed ? done('authorised') : DECLINED;
	}

	/** All that is authorised, once. */
	capture(key: string): LedgerAnswer {
		const entry = this.#entries.get(key);
		if (entry === undefined) return refused('notFound');
		if (entry.state !== 'authorised') {
			return entry.state === 'captured' ? done('captured') : refused(entry.state);
		}
		entry.state = 'captured';
		entry.captured = entry.authorised;
		return done('captured');
	}

	/** From now on the key is refused, also if it was never seen. */
	void(key: string): LedgerAnswer {
		const entry = this.#entries.get(key);
		if (entry === undefined) {
			if (this.#entries.size >= ATTEMPTS_MAX) return refused('notFound');
			const nothing = { orderId: '', asked: '', authorised: 0, captured: 0 };
			this.#entries.set(key, { ...nothing, state: 'voided', refunds: new Map() });
			return done('voided');
		}
		if (entry.state === 'captured' || entry.state === 'declined') return refused(entry.state);
		entry.state = 'voided';
		return done('voided');
	}

	status(key: string): LedgerAnswer {
		const entry = this.#entries.get(key);
		if (entry === undefined) return done('notFound');
		return { outcome: 'done', state: entry.state, refunded: refundedOf(entry) };
	}

	/** Once for each key of a refund; all together never above what was captured. */
	refund(request: {
		readonly key: string;
		readonly refundKey: string;
		readonly amount: number;
	}): LedgerAnswer {
		const entry = this.#entries.get(request.key);
		if (entry?.state !== 'captured') return refused(entry?.state ?? 'notFound');
		const known = entry.refunds.get(request.refundKey);
		const isTooMuch = refundedOf(entry) + request.amount > entry.captured;
		if (
			known === undefined
				? isTooMuch || entry.refunds.size >= REFUNDS_MAX
				: known !== request.amount
		) {
			return refused('captured');
		}
		entry.refunds.set(request.refundKey, request.amount);
		return { outcome: 'done', state: 'captured', refunded: refundedOf(entry) };
	}

	/** One row for each attempt that came here, in order of coming. */
	rows(): LedgerRow[] {
		return [...this.#entries]
			.filter(([, { orderId }]) => orderId !== '')
			.map(([key, entry]) => {
				const { orderId, state, authorised, captured } = entry;
				const provider = this.#provider;
				return { key, provider, orderId, state, authorised, captured, refunded: refundedOf(entry) };
			});
	}

	#again(entry: Entry, { orderId, asked }: { orderId: string; asked: string }): LedgerAnswer {
		// It was voided before it came.
		if (entry.orderId === '') Object.assign(entry, { orderId, asked });
		if (entry.asked !== asked) return refused(entry.state);
		if (entry.state === 'declined') return DECLINED;
		return entry.state === 'voided' ? refused('voided') : done(entry.state);
	}
}
