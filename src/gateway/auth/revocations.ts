import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { Collection, Key, Reads, Row, Store } from '../../core/store.ts';
import type { Refusal } from '../../protocol/errors.ts';
import { ID } from '../../protocol/ids.ts';
import type { Identity, Revoked } from '../ports.ts';
import { CLOCK_TOLERANCE_MS, TOKEN_ID_LENGTH_MAX, TOKEN_LIFE_MAX_MS } from './token-limits.ts';

/** What was revoked: key [subject, id], doc { at, forgetAt }, times in milliseconds since 1970. */
export const REVOCATIONS: Collection = {
	name: 'revocations',
	key: [
		{ name: 'subject', type: 'text' },
		{ name: 'id', type: 'text' },
	],
	indexes: [{ name: 'byForgetAt', fields: [{ name: 'forgetAt', type: 'int' }] }],
	datedBy: 'forgetAt',
};

/** Most revocations in memory; one of a user makes those of their tokens needless. */
const REVOCATIONS_MAX = 200_000;
const PAGE_LENGTH = 1_000;
/** No token that was issued before a revocation can be valid for longer than this behind it. */
const MATTERS_MS = TOKEN_LIFE_MAX_MS + 2 * CLOCK_TOLERANCE_MS;
/** So much older than the last look may be what is new in the store: other nodes' clocks differ. */
const OVERLAP_MS = 60_000;

/** All tokens that a user was issued until now, or one token. */
export type RevocationTarget = { readonly userId: string } | { readonly tokenId: string };

interface Entry {
	readonly at: number;
	readonly forgetAt: number;
}

export interface RevocationsOptions {
	readonly store: Pick<Store, 'put'> & Pick<Reads, 'page'>;
	readonly runtime: Pick<Runtime, 'now' | 'defer'>;
	readonly log: Log;
	readonly lengthMax?: number;
}

/** Which tokens are no longer good: durable in the store, looked up in memory. */
export class Revocations {
	readonly #store: RevocationsOptions['store'];
	readonly #runtime: RevocationsOptions['runtime'];
	readonly #log: Log;
	readonly #lengthMax: number;
	/** By subject and id; oldest first, so that what can be forgotten is at the front. */
	readonly #entries = new Map<string, Entry>();
	readonly #listeners = new Set<(revoked: Revoked) => void>();
	readonly #ownListeners = new Set<(revoked: Revoked) => void>();
	/** When the store was looked through last. */
	#readAt = 0;

	/** Use {@link Revocations.open}. */
	private constructor(options: RevocationsOptions) {
		this.#store = options.store;
		this.#runtime = options.runtime;
		this.#log = options.log;
		this.#lengthMax = options.lengthMax ?? REVOCATIONS_MAX;
	}

	/** Reads all revocations that still matter; rejects when the store cannot be read. */
	static async open(options: RevocationsOptions): Promise<Revocations> {
		const revocations = new Revocations(options);
		revocations.#readAt = options.runtime.now();
		for await (const { key, doc } of revocations.#rowsAfter(revocations.#readAt)) {
			const { at, forgetAt } = doc as unknown as Entry;
			revocations.#entries.set(key.join('/'), { at, forgetAt });
		}
		return revocations;
	}

	/** How many are in memory. */
	get length(): number {
		return this.#entries.size;
	}

	/**
	 * Revokes, and tells the listeners once it is durable. Refuses with `INVALID`, with `LIMIT` when
	 * too many stand already, with `UNAVAILABLE` when the store did not take it (then repeat it).
	 */
	async revoke(target: RevocationTarget): Promise<{ ok: true } | ({ ok: false } & Refusal)> {
		const [subject, id] = rowKey(target);
		const valid = subject === 'user' ? ID.test(id) : isTokenId(id);
		if (!valid) return { ok: false, code: 'INVALID', message: `no ${subject} can have this id` };
		this.#forget();
		const key = `${subject}/${id}`;
		const known = this.#entries.get(key);
		if (known === undefined && this.#entries.size >= this.#lengthMax) {
			return { ok: false, code: 'LIMIT', message: 'revoke users instead of single tokens' };
		}
		// Never earlier than before, should the clock have jumped back.
		const at = Math.max(Math.ceil(this.#runtime.now()), known?.at ?? 0);
		const entry = { at, forgetAt: at + MATTERS_MS };
		try {
			await this.#store.put(REVOCATIONS.name, [subject, id], entry);
		} catch (error) {
			this.#log.error({ err: error }, 'a revocation could not be stored');
			return { ok: false, code: 'UNAVAILABLE', message: 'not stored; revoke it again' };
		}
		this.#remember(key, entry);
		for (const listener of this.#ownListeners) this.#call(listener, { ...target, at });
		await this.#tell({ ...target, at });
		return { ok: true };
	}

	/** Takes over what another node has revoked and stored; tells the listeners when it is news. */
	async learn(revoked: Revoked): Promise<void> {
		const target = targetOf(revoked);
		if (target === undefined) return;
		const key = rowKey(target).join('/');
		const { at } = revoked;
		if ((this.#entries.get(key)?.at ?? 0) >= at) return;
		this.#forget();
		this.#remember(key, { at, forgetAt: at + MATTERS_MS });
		await this.#tell({ ...target, at });
	}

	/** Learns what other nodes have stored since the last call; rejects when the store cannot be read. */
	async catchUp(): Promise<void> {
		const now = this.#runtime.now();
		const since = Math.min(this.#readAt, now) - OVERLAP_MS;
		for await (const { key, doc } of this.#rowsAfter(since + MATTERS_MS)) {
			const { at } = doc as unknown as Entry;
			const [subject, id = ''] = key.map(String);
			await this.learn({ ...(subject === 'user' ? { userId: id } : { tokenId: id }), at });
		}
		this.#readAt = now;
	}

	/** Whether the identity's token was revoked, by its id or with all of its user's. */
	has({ userId, tokenId, issuedAt }: Identity): boolean {
		if (tokenId !== undefined && this.#entries.has(`token/${tokenId}`)) return true;
		const user = this.#entries.get(`user/${userId}`);
		return user !== undefined && (issuedAt ?? 0) <= user.at;
	}

	/** Calls back with each revocation of this node, once it is durable; the answer ends it. */
	onOwn(listener: (revoked: Revoked) => void): () => void {
		this.#ownListeners.add(listener);
		return () => {
			this.#ownListeners.delete(listener);
		};
	}

	/** Calls back after each revocation, of whichever node; the answer ends it. */
	onRevoked(listener: (revoked: Revoked) => void): () => void {
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	}

	/** Rows that are forgotten after that time, in this order. */
	async *#rowsAfter(forgetAt: number): AsyncIterable<Row> {
		let after: Key = [forgetAt];
		for (;;) {
			const page = await this.#store.page({
				collection: REVOCATIONS.name,
				index: 'byForgetAt',
				prefix: [],
				after,
				limit: PAGE_LENGTH,
			});
			yield* page.rows;
			const last = page.rows.at(-1);
			if (!page.more || last === undefined) return;
			after = [Number(last.doc.forgetAt), ...last.key];
		}
	}

	/** Two of one key may finish in either order: the later one counts. */
	#remember(key: string, entry: Entry): void {
		if ((this.#entries.get(key)?.at ?? 0) > entry.at) return;
		this.#entries.delete(key);
		this.#entries.set(key, entry);
	}

	#forget(): void {
		const now = this.#runtime.now();
		for (const [key, { forgetAt }] of this.#entries) {
			if (forgetAt > now) return;
			this.#entries.delete(key);
		}
	}

	/**
	 * Tells in a turn of its own: whoever had a token verified just before has taken the answer in by
	 * then, so that no socket slips between the check and this call.
	 */
	#tell(revoked: Revoked): Promise<void> {
		return new Promise((resolve) => {
			this.#runtime.defer(() => {
				for (const listener of this.#listeners) this.#call(listener, revoked);
				resolve();
			});
		});
	}

	#call(listener: (revoked: Revoked) => void, revoked: Revoked): void {
		try {
			listener(revoked);
		} catch (error) {
			this.#log.error({ err: error }, 'a listener to revocations failed');
		}
	}
}

const rowKey = (target: RevocationTarget): readonly ['user' | 'token', string] =>
	'userId' in target ? ['user', target.userId] : ['token', target.tokenId];

/** What was revoked; `undefined` when nothing can have this name. */
function targetOf({ userId, tokenId }: Revoked): RevocationTarget | undefined {
	if (userId !== undefined) return ID.test(userId) ? { userId } : undefined;
	return tokenId !== undefined && isTokenId(tokenId) ? { tokenId } : undefined;
}

const isTokenId = (id: string) => id.length > 0 && id.length <= TOKEN_ID_LENGTH_MAX;
