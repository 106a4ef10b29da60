import { TokenBuckets } from '../core/token-buckets.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { GatewayLimits } from './gateway-limits.ts';

/** Adds to a count, which is not kept when it is 0. */
function add(counts: Map<string, number>, key: string, by: 1 | -1): void {
	const count = (counts.get(key) ?? 0) + by;
	if (count > 0) counts.set(key, count);
	else counts.delete(key);
}

/**
 * How many sockets whom has at this edge, whatever their path, and whether more may come: by number and
 * by rate, of a user and of an address.
 */
export class SocketAdmission {
	readonly #limits: GatewayLimits;
	readonly #byUser = new Map<string, number>();
	readonly #byAddress = new Map<string, number>();
	readonly #userConnects: TokenBuckets;
	readonly #addressConnects: TokenBuckets;

	constructor(limits: GatewayLimits) {
		this.#limits = limits;
		const { connectsPerUserPerSecondMax, connectsPerUserBurstMax } = limits;
		this.#userConnects = new TokenBuckets(
			{ perSecondMax: connectsPerUserPerSecondMax, burstMax: connectsPerUserBurstMax },
			limits.connectsCountedMax,
		);
		const { connectsPerAddressPerSecondMax, connectsPerAddressBurstMax } = limits;
		this.#addressConnects = new TokenBuckets(
			{ perSecondMax: connectsPerAddressPerSecondMax, burstMax: connectsPerAddressBurstMax },
			limits.connectsCountedMax,
		);
	}

	/** Whether one more socket of the address may come at `now`, by number and by rate. */
	admitsAddress(address: string, now: number): boolean {
		if ((this.#byAddress.get(address) ?? 0) >= this.#limits.socketsPerAddressMax) return false;
		return this.#addressConnects.take(address, now) === 0;
	}

	/** Why one more socket of the user may not come at `now`, by number or by rate. */
	refusalOf(userId: string, now: number): Refusal | undefined {
		const { socketsPerUserMax } = this.#limits;
		if ((this.#byUser.get(userId) ?? 0) >= socketsPerUserMax) {
			return { code: 'LIMIT', message: `a user has at most ${socketsPerUserMax} sockets` };
		}
		const retryAfterMs = this.#userConnects.take(userId, now);
		if (retryAfterMs === 0) return undefined;
		return { code: 'RATE_LIMITED', message: 'too many new sockets of this user', retryAfterMs };
	}

	/** A socket is there; nobody knows whose. */
	came(address: string): void {
		add(this.#byAddress, address, 1);
	}

	/** Whose it is. */
	identified(userId: string): void {
		add(this.#byUser, userId, 1);
	}

	/** It is gone; `userId`: when it was identified. */
	left(address: string, userId: string | undefined): void {
		add(this.#byAddress, address, -1);
		if (userId !== undefined) add(this.#byUser, userId, -1);
	}
}
