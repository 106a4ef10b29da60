/**
 * What the sale asks of payment providers, and what it may be told. An answer is data, never a throw:
 * the actor decides what follows from it. Card data never comes here, only a token of the method.
 */

/** The intent port under which hosts find the caller. */
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
