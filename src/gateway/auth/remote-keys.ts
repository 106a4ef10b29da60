import {
	createRemoteJWKSet,
	customFetch,
	errors,
	type FlattenedJWSInput,
	type JWSHeaderParameters,
} from 'jose';
import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';

const FETCH_TIMEOUT_MS = 5_000;
/** Keys this old are fetched again before the next use, so that a withdrawn key ends. */
const FRESH_MS = 10 * 60_000;
/** While the endpoint fails, known keys stay good for this long. */
const STALE_MAX_MS = 24 * 3_600_000;
/** A token with an unknown key makes at most one request in this time. */
const MISSING_COOLDOWN_MS = 10_000;
/** A failing endpoint is asked at most this often. */
const RETRY_MS = 5_000;
const RESPONSE_BYTES_MAX = 1024 * 1024;

/** The keys cannot be had now: whether a token is good is not known. */
export class KeysUnavailable extends Error {
	override readonly name = 'KeysUnavailable';
	readonly retryAfterMs: number;

	constructor(retryAfterMs: number) {
		super('the keys cannot be fetched now');
		this.retryAfterMs = retryAfterMs;
	}
}

/**
 * The public keys of an issuer, fetched when needed. jose fetches (one request at a time), checks and
 * selects; when to fetch is decided here, for jose asks a failing endpoint anew for each token.
 */
export class RemoteKeys {
	readonly #keys: ReturnType<typeof createRemoteJWKSet>;
	readonly #runtime: Pick<Runtime, 'monotonic'>;
	readonly #log: Log;
	#loads = 0;
	#loadedAt = Number.NEGATIVE_INFINITY;
	#failedAt = Number.NEGATIVE_INFINITY;
	#loading: Promise<void> | undefined;

	constructor(url: URL, runtime: Pick<Runtime, 'monotonic'>, log: Log) {
		this.#keys = createRemoteJWKSet(url, {
			timeoutDuration: FETCH_TIMEOUT_MS,
			cooldownDuration: Number.POSITIVE_INFINITY,
			cacheMaxAge: Number.POSITIVE_INFINITY,
			[customFetch]: fetchBounded,
		});
		this.#runtime = runtime;
		this.#log = log;
	}

	/** The key that a token's header names; rejects with {@link KeysUnavailable} or jose's errors. */
	async find(header?: JWSHeaderParameters, token?: FlattenedJWSInput) {
		const loads = this.#loads;
		await this.#refresh();
		if (this.#age() >= STALE_MAX_MS) throw new KeysUnavailable(RETRY_MS);
		try {
			return await this.#keys(header, token);
		} catch (error) {
			const asked = this.#loads > loads;
			if (asked || !(error instanceof errors.JWKSNoMatchingKey)) throw error;
		}
		// It may be a new key: nobody can tell until the endpoint has been asked again.
		const wait = MISSING_COOLDOWN_MS - this.#age();
		if (wait > 0) throw new KeysUnavailable(wait);
		await this.#reload();
		if (this.#failedAt > this.#loadedAt) throw new KeysUnavailable(RETRY_MS);
		return await this.#keys(header, token);
	}

	/** Old keys are renewed first; while that keeps failing, nobody waits for the next attempt. */
	async #refresh(): Promise<void> {
		if (this.#age() < FRESH_MS) return;
		const loading = this.#reload();
		const isKnownToFail = this.#failedAt > this.#loadedAt;
		if (!isKnownToFail || this.#age() >= STALE_MAX_MS) await loading;
	}

	/** Milliseconds since the keys were fetched; infinite before. */
	#age(): number {
		return this.#runtime.monotonic() - this.#loadedAt;
	}

	/** Fetches unless that failed just now; never rejects. */
	#reload(): Promise<void> {
		if (this.#loading !== undefined) return this.#loading;
		if (this.#runtime.monotonic() - this.#failedAt < RETRY_MS) return Promise.resolve();
		this.#loading = this.#fetch().finally(() => {
			this.#loading = undefined;
		});
		return this.#loading;
	}

	async #fetch(): Promise<void> {
		try {
			await this.#keys.reload();
			this.#loads++;
			this.#loadedAt = this.#runtime.monotonic();
			this.#failedAt = Number.NEGATIVE_INFINITY;
		} catch (error) {
			this.#failedAt = this.#runtime.monotonic();
			this.#log.warn({ err: error }, 'the keys for tokens could not be fetched');
		}
	}
}

/** `fetch` that gives up on an answer which is larger than any key set. */
async function fetchBounded(url: string, options: RequestInit): Promise<Response> {
	const response = await fetch(url, options);
	const parts: Uint8Array[] = [];
	let length = 0;
	for await (const part of response.body ?? []) {
		length += part.length;
		if (length > RESPONSE_BYTES_MAX) throw new Error('the key set is too large');
		parts.push(part);
	}
	return new Response(Buffer.concat(parts), { status: response.status === 200 ? 200 : 502 });
}
