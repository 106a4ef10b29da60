import { createHmac, randomBytes } from 'node:crypto';

export type TokenKind = 'access' | 'refresh';

/** Tokens of a simulated institution are good over its restarts, so no secret of one start is in them. */
const SECRET = 'institution simulator';
const ACCESS_MS = 3_600_000;
const REFRESH_MS = 90 * 86_400_000;
/** Revocations that are remembered. */
const REVOKED_MAX = 100_000;

/** Issues a token and knows it again. */
export class Tokens {
	readonly #institution: string;
	/** Users with the moment before which all their tokens were revoked. */
	readonly #revoked = new Map<string, number>();

	constructor(institution: string) {
		this.#institution = institution;
	}

	issue(userId: string, now: number) {
		return {
			token_type: 'Bearer',
			access_token: this.#make('access', userId, now),
			refresh_token: this.#make('refresh', userId, now),
			expires_in: ACCESS_MS / 1_000,
			scope: 'assets',
		};
	}

	/** Whose it is; `undefined` when it is not good (any more). */
	userOf(token: string, kind: TokenKind, now: number): string | undefined {
		const [name, user = '', issued = '', nonce = '', mac] = token.split('.');
		if (name !== kind || mac !== this.#mac(kind, user, `${issued}.${nonce}`)) return undefined;
		const userId = Buffer.from(user, 'base64url').toString();
		const at = Number.parseInt(issued, 36);
		const isOver = now > at + (kind === 'access' ? ACCESS_MS : REFRESH_MS);
		return isOver || at <= (this.#revoked.get(userId) ?? 0) ? undefined : userId;
	}

	/** Ends all tokens of the one that the token is of. */
	revoke(token: string, now: number): void {
		const userId = this.userOf(token, 'refresh', now) ?? this.userOf(token, 'access', now);
		if (userId === undefined) return;
		this.#revoked.delete(userId);
		this.#revoked.set(userId, now);
		const [oldest] = this.#revoked.keys();
		if (this.#revoked.size > REVOKED_MAX && oldest !== undefined) this.#revoked.delete(oldest);
	}

	#make(kind: TokenKind, userId: string, now: number): string {
		const user = Buffer.from(userId).toString('base64url');
		const made = `${now.toString(36)}.${randomBytes(6).toString('base64url')}`;
		return `${kind}.${user}.${made}.${this.#mac(kind, user, made)}`;
	}

	#mac(kind: TokenKind, user: string, made: string): string {
		return createHmac('sha256', SECRET)
			.update(`${this.#institution}.${kind}.${user}.${made}`)
			.digest('base64url')
			.slice(0, 22);
	}
}
