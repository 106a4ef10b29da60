/**
 * What the sale asks of payment providers, and what it may be told. An answer is data, never a throw:
 * the actor decides what follows from it. Card data never comes here, only a token of the method.
 */

/** The intent port under which hosts find who does the sale's {@link PaymentErrand}s. */
export const PAYMENT_PORT = 'payment';

/** One request to a provider. `key` names the attempt for ever: the provider dedups by it. */
export type PaymentCall =
	| {
			readonly op: 'authorise';
			readonly provider: string;
			readonly key: string;
			readonly orderId: string;
			/** Minor units. */
			readonly amount: number;
			readonly currency: string;
			readonly methodToken: string;
	  }
	| { readonly op: 'capture'; readonly provider: string; readonly key: string }
	/** A key is refused after its void, also one that was never seen. */
	| { readonly op: 'void'; readonly provider: string; readonly key: string }
	| { readonly op: 'status'; readonly provider: string; readonly key: string }
	/** `refundKey` names the refund; `key` the captured attempt. */
	| {
			readonly op: 'refund';
			readonly provider: string;
			readonly key: string;
			readonly refundKey: string;
			readonly amount: number;
	  };

/**
 * What the sale asks of its node: a call to a provider, or to forget methods of payment. The token of a
 * method is a bearer's right to charge. It stands in the journal alone, in the event at `methodAt`, is
 * read from there for the call, and is taken out when it is not needed any more.
 */
export type PaymentErrand =
	| Exclude<PaymentCall, { readonly op: 'authorise' }>
	| (Omit<Extract<PaymentCall, { readonly op: 'authorise' }>, 'methodToken'> & {
			readonly methodAt: number;
	  })
	| { readonly op: 'forget'; readonly positions: readonly number[] };

/** These are out of the journal. */
export interface Forgotten {
	readonly outcome: 'done';
	readonly positions: readonly number[];
}

/** Where an attempt stands at its provider. */
export type AttemptState = 'authorised' | 'captured' | 'voided' | 'declined' | 'notFound';

/**
 * `done`: it stands; for `status`, `state` says where. `declined`: the bank says no. `refused`: the
 * provider will not do this in the attempt's present state (`state`, if it says so). `unsent`: it
 * surely never reached the provider. `unknown`: no answer in time, or one that says nothing.
 */
export type PaymentResult =
	| { readonly outcome: 'done'; readonly state?: AttemptState; readonly refunded?: number }
	| { readonly outcome: 'declined'; readonly reason?: string }
	| { readonly outcome: 'refused'; readonly state?: AttemptState }
	| { readonly outcome: 'unsent' | 'unknown' };

/** Never rejects, never waits longer than its own limit. */
export type PaymentCaller = (call: PaymentCall) => Promise<PaymentResult>;
