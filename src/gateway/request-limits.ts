import type { IncomingMessage } from 'node:http';
import type { Runtime } from '../core/runtime.ts';
import { type Rate, TokenBuckets } from '../core/token-buckets.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { Identity } from './ports.ts';

/** HTTP requests a second, in the long run; for a moment it may be ten times as many. */
export interface RequestRates {
	/** Of one user. */
	readonly perUserMax: number;
	/** Of one network address, by all its users together, and by those who show no good token. */
	readonly perAddressMax: number;
	/** Of one bearer of the role `service` or `ops`; and of any address, whoever asks there. */
	readonly perServiceMax: number;
}

export const REQUEST_RATES: RequestRates = {
	perUserMax: 20,
	perAddressMax: 500,
	perServiceMax: 5_000,
};

const BURST_SECONDS = 10;
/** Users, and addresses, that are counted at a time. */
const KEYS_MAX = 100_000;
const SERVICE_ROLES = ['service', 'ops'];

export interface RequestLimitsOptions {
	readonly rates?: RequestRates;
	readonly addressOf: (request: IncomingMessage) => string;
	readonly runtime: Pick<Runtime, 'monotonic'>;
}

type Limited = ({ readonly ok: false } & Refusal) | undefined;

const rateOf = (perSecondMax: number): Rate => ({
	perSecondMax,
	burstMax: perSecondMax * BURST_SECONDS,
});

/** Limits HTTP requests by user and by address; answers with `RATE_LIMITED` and when to come again. */
export class RequestLimits {
	readonly #options: RequestLimitsOptions;
	readonly #users: TokenBuckets;
	readonly #addresses: TokenBuckets;
	readonly #services: TokenBuckets;
	readonly #arrivals: TokenBuckets;

	constructor(options: RequestLimitsOptions) {
		const { perUserMax, perAddressMax, perServiceMax } = options.rates ?? REQUEST_RATES;
		this.#options = options;
		this.#users = new TokenBuckets(rateOf(perUserMax), KEYS_MAX);
		this.#addresses = new TokenBuckets(rateOf(perAddressMax), KEYS_MAX);
		this.#services = new TokenBuckets(rateOf(perServiceMax), KEYS_MAX);
		this.#arrivals = new TokenBuckets(rateOf(Math.max(perServiceMax, perAddressMax)), KEYS_MAX);
	}

	/** Before the token is looked at: what is beyond this costs no verification. */
	arrived(request: IncomingMessage): Limited {
		return this.#refusalOf(this.#arrivals, this.#options.addressOf(request));
	}

	/** Once it is known who asks; `undefined`: somebody without a good token. */
	identified(request: IncomingMessage, identity: Identity | undefined): Limited {
		if (identity?.roles.some((role) => SERVICE_ROLES.includes(role))) {
			return this.#refusalOf(this.#services, identity.userId);
		}
		const refused = this.#refusalOf(this.#addresses, this.#options.addressOf(request));
		if (refused !== undefined || identity === undefined) return refused;
		return this.#refusalOf(this.#users, identity.userId);
	}

	#refusalOf(buckets: TokenBuckets, key: string): Limited {
		const retryAfterMs = buckets.take(key, this.#options.runtime.monotonic());
		if (retryAfterMs === 0) return undefined;
		return { ok: false, code: 'RATE_LIMITED', message: 'too many requests', retryAfterMs };
	}
}
