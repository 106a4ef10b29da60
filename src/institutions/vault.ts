/**
 * Keeps users' tokens from being read where they are stored (I8): AES-256-GCM, each text bound to whom
 * it belongs to, under a key that is named, so that keys can be changed.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Series } from '../core/meter.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
/** As GCM wants it; random, which is safe for 2^32 texts under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Form of a sealed text: `1.<key id>.<nonce, tag and cipher text in base64url>`. */
const FORM = '1';
const SEALED = /^1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{38,})$/;
const KEY = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/_-]{43}=?)$/;
/** Id of the key that is made from the secret of tokens of access. */
const DERIVED_ID = 'derived';

/** A key that cannot be used or is not there, or a text that was not sealed for whom it should be. */
export class VaultError extends Error {
	override readonly name = 'VaultError';
}

export interface VaultKeys {
	/** `id:key,…`, keys of 32 bytes in base64; the first one seals, all open. */
	readonly tokenKeys?: string | undefined;
	/**
	 * A key made from it opens too, and seals when no keys are given; when it changes, what that key has
	 * sealed can be opened no more.
	 */
	readonly authSecret?: string | undefined;
}

/** How often a key was used since the start; `failed`: texts that it did not open. */
export interface KeyUse {
	sealed: number;
	opened: number;
	failed: number;
}

/** Seals texts and opens them again. */
export interface Vault {
	/** By key id; `unknown`: texts under keys that are not there, and what is not sealed at all. */
	readonly uses: ReadonlyMap<string, Readonly<KeyUse>>;
	/** `owner`: see {@link ownerOf}. */
	seal(text: string, owner: string): string;
	/** Throws a {@link VaultError}; never tells anything of the text. */
	open(sealed: string, owner: string): string;
	/** Whether another than the first key has sealed it: to be sealed anew when there is occasion. */
	isOld(sealed: string): boolean;
}

/** Whom a token belongs to: one user at one institution. */
export const ownerOf = (userId: string, institution: string) =>
	JSON.stringify([userId, institution]);

function readKeys(text: string): Map<string, Buffer> {
	const keys = new Map<string, Buffer>();
	for (const [n, one] of text.split(',').entries()) {
		const [, id, key] = KEY.exec(one.trim()) ?? [];
		if (id === undefined || key === undefined) {
			// Never with the text: it may hold a key.
			throw new VaultError(
				`TOKEN_KEYS: key ${n + 1} is not of the form id:base64 with 32 bytes (openssl rand -base64 32)`,
			);
		}
		if (keys.has(id)) throw new VaultError(`TOKEN_KEYS: there are two keys ${id}`);
		keys.set(id, Buffer.from(key, 'base64'));
	}
	return keys;
}

function keysOf({ tokenKeys, authSecret }: VaultKeys): Map<string, Buffer> {
	const keys = tokenKeys === undefined ? new Map<string, Buffer>() : readKeys(tokenKeys);
	if (authSecret !== undefined && !keys.has(DERIVED_ID)) {
		const key = hkdfSync('sha256', authSecret, '', 'naru tokens of institutions', KEY_BYTES);
		keys.set(DERIVED_ID, Buffer.from(key));
	}
	return keys;
}

/** In place of the id of a key that is not there: whoever stored it may have written anything. */
const UNKNOWN_ID = 'unknown';

class Keys implements Vault {
	readonly #keys: ReadonlyMap<string, Buffer>;
	readonly #sealingId: string;
	readonly #sealingKey: Buffer;
	readonly #uses: ReadonlyMap<string, KeyUse>;

	constructor(keys: ReadonlyMap<string, Buffer>) {
		const [first] = keys;
		if (first === undefined) {
			throw new VaultError(
				'TOKEN_KEYS is missing: set id:base64 with 32 bytes (openssl rand -base64 32)',
			);
		}
		this.#keys = keys;
		[this.#sealingId, this.#sealingKey] = first;
		const unused = (): KeyUse => ({ sealed: 0, opened: 0, failed: 0 });
		this.#uses = new Map([...keys.keys(), UNKNOWN_ID].map((id) => [id, unused()]));
	}

	get uses(): ReadonlyMap<string, Readonly<KeyUse>> {
		return this.#uses;
	}

	seal(text: string, owner: string): string {
		const nonce = randomBytes(NONCE_BYTES);
		const cipher = createCipheriv(ALGORITHM, this.#sealingKey, nonce);
		cipher.setAAD(Buffer.from(owner));
		const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
		const bytes = Buffer.concat([nonce, cipher.getAuthTag(), body]);
		this.#count(this.#sealingId, 'sealed');
		return `${FORM}.${this.#sealingId}.${bytes.toString('base64url')}`;
	}

	open(sealed: string, owner: string): string {
		const [, id = UNKNOWN_ID, body] = SEALED.exec(sealed) ?? [];
		try {
			if (body === undefined) throw new VaultError('this is not sealed');
			const key = this.#keys.get(id);
			if (key === undefined)
				throw new VaultError(`a token was sealed with key ${id}, which TOKEN_KEYS has not`);
			const text = opened(Buffer.from(body, 'base64url'), key, owner);
			this.#count(id, 'opened');
			return text;
		} catch (error) {
			this.#count(id, 'failed');
			throw error;
		}
	}

	isOld(sealed: string): boolean {
		return SEALED.exec(sealed)?.[1] !== this.#sealingId;
	}

	#count(id: string, what: keyof KeyUse): void {
		const use = this.#uses.get(id) ?? this.#uses.get(UNKNOWN_ID);
		if (use !== undefined) use[what]++;
	}
}

/** A vault over these keys, or a {@link VaultError} that says in one line what to set. */
export const openVault = (options: VaultKeys): Vault => new Keys(keysOf(options));

/** What metrics tell of the vault: of no user and no token. */
export const vaultSeries = ({ uses }: Pick<Vault, 'uses'>): Series => ({
	name: 'institution_tokens_total',
	help: "Tokens of institutions by the key's id: sealed, opened, or failed to open",
	labels: ['key', 'outcome'],
	read: () =>
		[...uses].flatMap(([key, use]) =>
			Object.entries(use).map(([outcome, count]) => [key, outcome, count] as const),
		),
});

function opened(bytes: Buffer, key: Buffer, owner: string): string {
	const nonce = bytes.subarray(0, NONCE_BYTES);
	const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
	const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
	decipher.setAAD(Buffer.from(owner)).setAuthTag(tag);
	try {
		const start = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
		return Buffer.concat([start, decipher.final()]).toString('utf8');
	} catch {
		throw new VaultError('a token was sealed for somebody else, or was changed');
	}
}
