import type { Runtime } from '../../src/core/runtime.ts';
import type { AssetAnswer, AssetListAnswer, TokenAnswer } from '../../src/institutions/answers.ts';
import type { CallRequest, InstitutionCalls, OutsideAnswer } from '../../src/institutions/ports.ts';
import type { Asset } from '../../src/protocol/institution.ts';

type Answer = Awaited<ReturnType<InstitutionCalls['call']>>;

interface IssuedToken {
	readonly owner: string;
	readonly expiresAt: number;
	isVoid: boolean;
}

/** One call as it came. */
export interface SeenCall extends CallRequest {
	readonly at: number;
	endedAt?: number;
}

/**
 * Institutions by the book, behind the port of protected calls: tokens that end and are made void, lists
 * and details in pages. A hook may answer instead.
 */
export class FakeInstitutions implements InstitutionCalls {
	readonly seen: SeenCall[] = [];
	readonly issued = new Map<string, IssuedToken>();
	latencyMs = 100;
	tokenMs = 3_600_000;
	/** Assets of each user at each institution. */
	assets = 7;
	pageLength = 5;
	/** When the figures that are given are of. */
	asOf: () => number;
	/** Answers instead, when it returns something. */
	intercept: (call: SeenCall) => Answer | Promise<Answer> | undefined = () => undefined;
	readonly #runtime: Pick<Runtime, 'after' | 'now'>;
	#serial = 0;

	constructor(runtime: Pick<Runtime, 'after' | 'now'>) {
		this.#runtime = runtime;
		this.asOf = () => runtime.now();
	}

	get inFlight(): number {
		return this.seen.filter(({ endedAt }) => endedAt === undefined).length;
	}

	/** Calls as `institution api`, in order. */
	get calls(): string[] {
		return this.seen.map(({ institution, api }) => `${institution} ${api}`);
	}

	/** Tokens in clear that are good. */
	get live(): string[] {
		return [...this.issued].filter(([, { isVoid }]) => !isVoid).map(([token]) => token);
	}

	async call(request: CallRequest): Promise<Answer> {
		const call: SeenCall = { ...request, at: this.#runtime.now() };
		this.seen.push(call);
		const instead = this.intercept(call);
		if (instead === undefined) await this.#pass(this.latencyMs);
		const answer = (await instead) ?? this.#answer(call);
		call.endedAt = this.#runtime.now();
		return answer;
	}

	/** An answer of the institution itself. */
	outside(answer: Partial<OutsideAnswer>): Answer {
		const transactionId = `tx${++this.#serial}`;
		return { ok: true, transactionId, class: 'ok', status: 200, ms: this.latencyMs, ...answer };
	}

	#pass(ms: number): Promise<void> {
		return new Promise((resolve) => this.#runtime.after(ms, resolve));
	}

	#answer(call: SeenCall): Answer {
		if (call.api === 'token') return this.#token(call);
		const { accessToken = '' } = call;
		const token = this.issued.get(accessToken);
		const isGood =
			token !== undefined &&
			!token.isVoid &&
			token.owner === ownerOf(call) &&
			token.expiresAt > this.#runtime.now();
		if (!isGood) return this.outside({ class: 'denied', status: 401 });
		if (call.api === 'revoke') {
			token.isVoid = true;
			return this.outside({});
		}
		return call.api === 'assets' ? this.#list(call) : this.#asset(call);
	}

	#token(call: SeenCall): Answer {
		const { grant } = call;
		if (grant === undefined) return this.outside({ class: 'business', status: 400 });
		const serial = ++this.#serial;
		const accessToken = `CLEAR-access-${ownerOf(call)}-${serial}`;
		const expiresAt = this.#runtime.now() + this.tokenMs;
		this.issued.set(accessToken, { owner: ownerOf(call), expiresAt, isVoid: false });
		const body: TokenAnswer = {
			accessToken,
			refreshToken: `CLEAR-refresh-${ownerOf(call)}-${serial}`,
			expiresInMs: this.tokenMs,
		};
		return this.outside({ body });
	}

	#list({ cursor = '0' }: SeenCall): Answer {
		const from = Number(cursor);
		const to = Math.min(this.assets, from + this.pageLength);
		const assets = Array.from({ length: to - from }, (_, n) => ({
			id: `asset-${from + n}`,
			name: `Account ${from + n}`,
		}));
		const body: AssetListAnswer = { assets, ...(to < this.assets ? { cursor: String(to) } : {}) };
		return this.outside({ body });
	}

	/** Two rows each, on two pages. */
	#asset({ assetId = '', cursor, userId }: SeenCall): Answer {
		const row = cursor === undefined ? 'a' : 'b';
		const asset: Asset = {
			id: `${assetId}-${row}`,
			type: 'account',
			name: `Savings of ${userId}`,
			amount: 1_000 + Number(assetId.slice('asset-'.length)),
			currency: 'KRW',
			asOf: this.asOf(),
		};
		const more = cursor === undefined ? { cursor: 'b' } : {};
		const body: AssetAnswer = { assets: [asset], ...more };
		return this.outside({ body });
	}
}

const ownerOf = ({ institution, userId }: CallRequest) => `${institution}-${userId}`;
