import type {
	InstitutionWork,
	SealedToken,
	WorkResult,
} from '../../actors/user/institution-port.ts';
import type { Runtime } from '../core/runtime.ts';
import { ERRORS, type ErrorCode, type Refusal } from '../protocol/errors.ts';
import type { TokenAnswer } from './answers.ts';
import type { EndedConsents } from './ended-consents.ts';
import type { CallClass, CallRequest, InstitutionCalls, Lane } from './ports.ts';
import { ownerOf, type Vault } from './vault.ts';

/** An access token that is good for less than this is renewed first. */
const EARLY_MS = 60_000;
/** A call that is only a little too early waits for its turn here. */
const TURN = { waitMsMax: 2_000, waitsMax: 5 };

/** All work for which an institution is called. */
export type Calling = Exclude<InstitutionWork, { readonly op: 'erase' }>;
export type Refused = Extract<WorkResult, { ok: false }>;
export type Got<T> = { readonly ok: true; readonly value: T } | Refused;
export type Request = Pick<CallRequest, 'api' | 'grant' | 'assetId' | 'cursor'>;
type Answer = Awaited<ReturnType<InstitutionCalls['call']>>;

export interface UserAccessOptions {
	readonly calls: InstitutionCalls;
	readonly vault: Pick<Vault, 'seal' | 'open' | 'isOld'>;
	readonly runtime: Pick<Runtime, 'now' | 'after'>;
	readonly ended: EndedConsents;
	/** Whether the user's actor is still this node's. */
	readonly isOwned: () => boolean;
	/**
	 * What the institution takes as the user's authorisation; the place of an identity provider. Default:
	 * the consent's own id.
	 */
	readonly authorise?: (who: Who) => Promise<string>;
}

export interface Who {
	readonly userId: string;
	readonly institution: string;
	readonly consentId: string;
}

/** What a class of answers comes to for whoever waits for the work. */
const CODES: Readonly<Record<Exclude<CallClass, 'ok' | 'slow'>, ErrorCode>> = {
	failed: 'UNAVAILABLE',
	throttled: 'RATE_LIMITED',
	denied: 'FORBIDDEN',
	business: 'CONFLICT',
};

export function refused({ code, retryAfterMs }: Pick<Refusal, 'code' | 'retryAfterMs'>): Refused {
	const isRepeatable = ERRORS[code].retryable;
	return { ok: false, code, isRepeatable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/**
 * One user's way into one institution, for one piece of work: calls with a token that is good, as long as
 * the consent stands. The only place in which tokens are in clear (I8).
 */
export class UserAccess {
	readonly #work: Calling;
	readonly #options: UserAccessOptions;
	readonly #owner: string;
	readonly #lane: Lane;
	#token: SealedToken | undefined;
	#fresh: SealedToken | undefined;
	#renewing: Promise<WorkResult> | undefined;

	constructor(work: Calling, options: UserAccessOptions) {
		this.#work = work;
		this.#options = options;
		this.#owner = ownerOf(work.userId, work.institution);
		this.#lane = work.op === 'refresh' ? 'batch' : 'online';
		this.#token = 'token' in work ? work.token : undefined;
	}

	/** A token that whoever ordered the work does not have yet. */
	get fresh(): SealedToken | undefined {
		return this.#fresh;
	}

	/**
	 * Why nothing goes out any more: the consent was withdrawn or is past its time; or another node may
	 * have the user's actor by now, and know more.
	 */
	get end(): Refused | undefined {
		const { consent } = this.#work;
		const isOver = this.isWithdrawn || consent.expires <= this.#options.runtime.now();
		if (isOver) return CONSENT_ENDED;
		return this.#options.isOwned() ? undefined : OWNER_MOVED;
	}

	get isWithdrawn(): boolean {
		return this.#options.ended.has(this.#work.consent.id);
	}

	/** Whether there is a token, sealed with a key that is still there. */
	get isReadable(): boolean {
		try {
			return this.#token !== undefined && this.open(this.#token.access) !== '';
		} catch {
			return false;
		}
	}

	seal(text: string): string {
		return this.#options.vault.seal(text, this.#owner);
	}

	open(sealed: string): string {
		return this.#options.vault.open(sealed, this.#owner);
	}

	async authorisation(): Promise<string> {
		const { userId, institution, consent } = this.#work;
		const who = { userId, institution, consentId: consent.id };
		return (await this.#options.authorise?.(who)) ?? consent.id;
	}

	/** Gets the first token; whatever was there counts no more. */
	enter(authorisation: string): Promise<WorkResult> {
		return this.#takeToken({ api: 'token', grant: { authorisation } }, 't');
	}

	/**
	 * Reads with a token that is good; one that is refused although it should be is renewed once. `place`
	 * names the call within a transaction that may be repeated (I23).
	 */
	async read<T>(request: Request, place: string): Promise<Got<T>> {
		const fresh = await this.freshen();
		if (!fresh.ok) return fresh;
		const used = this.#token;
		const got = await this.#call<T>(request, place);
		if (got.ok || got.code !== 'FORBIDDEN') return got;
		const renewed = this.#token === used ? await this.#renew() : ({ ok: true } as const);
		return renewed.ok ? this.#call<T>(request, `${place}.2`) : renewed;
	}

	/** Renews a token that ends soon, and seals one anew that was sealed with an old key. */
	async freshen(): Promise<WorkResult> {
		const token = this.#token;
		if (token === undefined) return refused({ code: 'FORBIDDEN' });
		const { access, refresh = access } = token;
		const { vault } = this.#options;
		if (vault.isOld(access) || vault.isOld(refresh)) this.#sealAnew(token);
		const now = this.#options.runtime.now();
		if (token.expires - EARLY_MS > now || token.refresh === undefined) return { ok: true };
		const renewed = await this.#renew();
		// The old one may do until its very end.
		return renewed.ok || token.expires <= now ? renewed : { ok: true };
	}

	/** Makes a token void, also behind the end of the consent. */
	async revoke({ access, refresh }: SealedToken): Promise<WorkResult> {
		const { institution, userId } = this.#work;
		const answer = await this.#options.calls.call({
			institution,
			userId,
			lane: this.#lane,
			api: 'revoke',
			accessToken: this.open(access),
			...(refresh === undefined ? {} : { grant: { refreshToken: this.open(refresh) } }),
		});
		if (!answer.ok) return refused(answer);
		const isVoid = answer.class !== 'failed' && answer.class !== 'throttled';
		return isVoid ? { ok: true } : refused({ code: CODES[answer.class], ...waitOf(answer) });
	}

	/** Once, however many calls find the token used up. */
	#renew(): Promise<WorkResult> {
		this.#renewing ??= this.#renewOrEnter().finally(() => {
			this.#renewing = undefined;
		});
		return this.#renewing;
	}

	/**
	 * What renews may be used up, without what came for it having been kept (a crash), or gone with an
	 * older token that was made void: the consent stands, so there is another one.
	 */
	async #renewOrEnter(): Promise<WorkResult> {
		const sealed = this.#token?.refresh;
		if (sealed !== undefined) {
			const grant = { refreshToken: this.open(sealed) };
			const renewed = await this.#takeToken({ api: 'token', grant }, 'r');
			if (renewed.ok || renewed.code !== 'FORBIDDEN') return renewed;
		}
		return this.enter(await this.authorisation());
	}

	async #takeToken(request: Request, place: string): Promise<WorkResult> {
		const got = await this.#call<TokenAnswer>(request, place);
		if (!got.ok) return got;
		const { accessToken, refreshToken, expiresInMs } = got.value;
		const isRenewal = request.grant !== undefined && 'refreshToken' in request.grant;
		const before = isRenewal ? this.#token?.refresh : undefined;
		const refresh = refreshToken === undefined ? before : this.seal(refreshToken);
		this.#keep({
			access: this.seal(accessToken),
			...(refresh === undefined ? {} : { refresh }),
			expires: this.#options.runtime.now() + expiresInMs,
		});
		return { ok: true };
	}

	#sealAnew({ access, refresh, expires }: SealedToken): void {
		this.#keep({
			access: this.seal(this.open(access)),
			...(refresh === undefined ? {} : { refresh: this.seal(this.open(refresh)) }),
			expires,
		});
	}

	#keep(token: SealedToken): void {
		this.#token = token;
		this.#fresh = token;
	}

	async #call<T>(request: Request, place: string): Promise<Got<T>> {
		const { end } = this;
		if (end !== undefined) return end;
		const work = this.#work;
		const { institution, userId } = work;
		const isAsked = request.api === 'token' || this.#token === undefined;
		const answer = await this.#inTurn({
			...request,
			institution,
			userId,
			lane: this.#lane,
			accessToken: isAsked ? undefined : this.open(this.#token?.access ?? ''),
			transactionId: work.op === 'refresh' ? `${work.transactionId}.${place}` : undefined,
			isWanted: () => this.end === undefined,
		});
		if (!answer.ok)
			return answer.code === 'EXPIRED' ? (this.end ?? CONSENT_ENDED) : refused(answer);
		if (answer.class === 'ok' || answer.class === 'slow') {
			return { ok: true, value: answer.body as T };
		}
		return refused({ code: CODES[answer.class], ...waitOf(answer) });
	}

	/** A call that was refused for a moment only is tried again, as long as the consent stands. */
	async #inTurn(call: CallRequest): Promise<Answer> {
		const { calls, runtime } = this.#options;
		let answer = await calls.call(call);
		for (let waits = 0; waits < TURN.waitsMax && isShort(answer); waits++) {
			const { retryAfterMs = 0 } = answer;
			await new Promise<void>((resolve) => runtime.after(retryAfterMs, resolve));
			if (this.end !== undefined) return { ok: false, code: 'EXPIRED' };
			answer = await calls.call(call);
		}
		return answer;
	}
}

/** Too early by little: the user's limit, or a lane that is full. */
function isShort(answer: Answer): boolean {
	if (answer.ok || (answer.code !== 'RATE_LIMITED' && answer.code !== 'BUSY')) return false;
	const { retryAfterMs } = answer;
	return retryAfterMs !== undefined && retryAfterMs <= TURN.waitMsMax;
}

const waitOf = ({ retryAfterMs }: { readonly retryAfterMs?: number | undefined }) =>
	retryAfterMs === undefined ? {} : { retryAfterMs };

const CONSENT_ENDED = refused({ code: 'EXPIRED' });
const OWNER_MOVED = refused({ code: 'MOVED' });
