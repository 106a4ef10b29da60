/** A token, or what makes one: asked when there is none yet and when the one at hand is used up. */
export type TokenOption = string | (() => string | Promise<string>);

/** Keeps the token of a function, so that a reconnect does not ask for a fresh one each time. */
export class TokenSource {
	readonly #option: TokenOption;
	#kept: string | undefined;
	#expiresAt = Number.POSITIVE_INFINITY;

	constructor(option: TokenOption) {
		this.#option = option;
	}

	/** Whether another token could be had. */
	get canRenew(): boolean {
		return typeof this.#option === 'function';
	}

	/** `now`: server time, because the token's end is. Rejects when the function does. */
	async get(now: number): Promise<string> {
		if (typeof this.#option === 'string') return this.#option;
		if (now >= this.#expiresAt) this.drop();
		if (this.#kept === undefined) {
			const token = await this.#option();
			// Signed out for now, perhaps: an empty hello would be the end.
			if (typeof token !== 'string' || token === '') throw new TypeError('that is no token');
			this.#kept = token;
		}
		return this.#kept;
	}

	/** The kept token ends then, in milliseconds of server time. */
	expiresAt(at: number | undefined): void {
		this.#expiresAt = at ?? Number.POSITIVE_INFINITY;
	}

	/** The kept token is of no use any more. */
	drop(): void {
		this.#kept = undefined;
		this.#expiresAt = Number.POSITIVE_INFINITY;
	}
}
