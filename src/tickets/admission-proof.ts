import { webcrypto } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Runtime } from '../core/runtime.ts';
import type { Refusal } from '../protocol/errors.ts';

/** Clocks of nodes may differ by this; to the millisecond the actor decides. */
const LEEWAY_MS = 10_000;
/** Most proofs that are remembered, each with its text. */
const KEPT_MAX = 20_000;

type Refused = { readonly ok: false } & Refusal;

/** What a proof says. */
interface Claims {
	readonly userId: string;
	readonly eventId: string;
	readonly admission: string;
	/** Milliseconds since 1970. */
	readonly expiresAt: number;
}

/** Whom an admission lets in, and until when. */
export interface Admission {
	readonly userId: string;
	/** The actor's id of it. */
	readonly id: string;
	/** Milliseconds since 1970. */
	readonly deadline: number;
}

export interface AdmissionProofsOptions {
	readonly eventId: string;
	/** Of the event; the same on all nodes. */
	readonly secret: string;
	readonly runtime: Pick<Runtime, 'now'>;
}

const NO_PROOF: Refused = {
	ok: false,
	code: 'NOT_ADMITTED',
	message: 'this needs the admission of this user to this event',
};
const TOO_LATE: Refused = { ok: false, code: 'EXPIRED', message: 'the admission has ended' };

/**
 * Signs and checks proofs of admission to one event (T5): JWTs with `sub` the user, `event`, `jti` the
 * admission, `exp`. Whether an admission still stands is known by the actor alone.
 */
export class AdmissionProofs {
	readonly #options: AdmissionProofsOptions;
	readonly #key: Promise<webcrypto.CryptoKey>;
	/** Proofs whose signature was found good, and those signed here; the oldest is forgotten first. */
	readonly #known = new Map<string, Claims>();

	constructor(options: AdmissionProofsOptions) {
		this.#options = options;
		const bytes = new TextEncoder().encode(options.secret);
		const algorithm = { name: 'HMAC', hash: 'SHA-256' };
		this.#key = webcrypto.subtle.importKey('raw', bytes, algorithm, false, ['sign', 'verify']);
		// Whoever signs or checks is told; an unused key must not end the process.
		this.#key.catch(() => {});
	}

	/** The proof of an admission. The same text for the same admission is not promised. */
	async sign({ userId, id, deadline }: Admission): Promise<string> {
		const { eventId } = this.#options;
		const seconds = Math.ceil(deadline / 1_000);
		const proof = await new SignJWT({ event: eventId })
			.setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
			.setSubject(userId)
			.setJti(id)
			.setExpirationTime(seconds)
			.sign(await this.#key);
		this.#keep(proof, { userId, eventId, admission: id, expiresAt: seconds * 1_000 });
		return proof;
	}

	/** The admission of the bearer, or `NOT_ADMITTED` or `EXPIRED`. Never rejects for a bad proof. */
	async check(
		proof: string,
		userId: string,
	): Promise<{ readonly ok: true; readonly admission: string } | Refused> {
		const claims = this.#known.get(proof) ?? (await this.#read(proof));
		if (claims === undefined) return NO_PROOF;
		if (claims.userId !== userId || claims.eventId !== this.#options.eventId) return NO_PROOF;
		if (claims.expiresAt + LEEWAY_MS <= this.#options.runtime.now()) return TOO_LATE;
		return { ok: true, admission: claims.admission };
	}

	/** What a good signature stands under. The time is looked at with each use. */
	async #read(proof: string): Promise<Claims | undefined> {
		const key = await this.#key;
		try {
			const { payload } = await jwtVerify(proof, key, {
				algorithms: ['HS256'],
				currentDate: new Date(0),
				requiredClaims: ['sub', 'jti', 'exp', 'event'],
			});
			const { sub: userId, event, jti: admission, exp } = payload;
			if (userId === undefined || admission === undefined || exp === undefined) return undefined;
			const claims = { userId, eventId: String(event), admission, expiresAt: exp * 1_000 };
			this.#keep(proof, claims);
			return claims;
		} catch {
			return undefined;
		}
	}

	#keep(proof: string, claims: Claims): void {
		this.#known.set(proof, claims);
		if (this.#known.size <= KEPT_MAX) return;
		const [oldest] = this.#known.keys();
		if (oldest !== undefined) this.#known.delete(oldest);
	}
}
