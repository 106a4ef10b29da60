import type { Environment } from './environment.ts';
import { isId } from './key-id.ts';

/** What keeps a few strings over a restart: `localStorage`, React Native's `AsyncStorage`, a file. */
export interface StorageLike {
	getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
	setItem(key: string, value: string): unknown;
	removeItem(key: string): unknown;
}

/** A message that was given to the SDK and is not yet known to be stored. */
export interface Unsent {
	readonly channel: string;
	readonly clientId: string;
	readonly at: number;
	/** The arguments of `send`. */
	readonly args: { readonly text: string };
}

const DEVICE_KEY = 'naru/device';
const unsentKey = (userId: string) => `naru/unsent/${userId}`;
/** Most messages kept of one user: those of several pages, each of which waits for 100 at most. */
const KEPT_MAX = 1_000;

/**
 * Keeps unsent messages per user, so that nobody sends what another typed on the same device. Pages
 * that share a storage leave each other's messages alone. One write is under way at a time, and the
 * newest state wins. A storage that fails loses only this.
 */
export class UnsentStore {
	readonly #storage: StorageLike | undefined;
	#userId: string | undefined;
	/** Given or taken up here, and not settled. */
	#unsent = new Map<string, Unsent>();
	/** To be taken out of what is kept. */
	#settled = new Set<string>();
	#isWriting = false;
	#isDirty = false;

	constructor(storage: StorageLike | undefined) {
		this.#storage = storage;
	}

	/** The same id for this device as long as the storage lives. */
	async deviceId(environment: Environment): Promise<string> {
		const kept = await this.#read(DEVICE_KEY);
		if (isId(kept)) return String(kept);
		const id = environment.newId();
		await attempt(() => this.#storage?.setItem(DEVICE_KEY, id));
		return id;
	}

	/** Whose messages these are; what is given before anybody knows is kept in memory only. */
	claim(userId: string): void {
		this.#userId = userId;
		if (this.#unsent.size > 0) this.#save();
	}

	/** What the user left unsent in an earlier life of the app, in the order it was given. */
	async load(userId: string): Promise<readonly Unsent[]> {
		this.#userId = userId;
		const kept = parsed(await this.#read(unsentKey(userId)));
		const fresh = this.#unsent;
		const old = kept.filter(({ clientId }) => !fresh.has(clientId) && !this.#settled.has(clientId));
		this.#unsent = new Map([...old, ...fresh.values()].map((one) => [one.clientId, one]));
		if (fresh.size > 0) this.#save();
		return old;
	}

	put(unsent: Unsent): void {
		this.#unsent.set(unsent.clientId, unsent);
		this.#settled.delete(unsent.clientId);
		this.#save();
	}

	remove(clientId: string): void {
		if (!this.#unsent.delete(clientId)) return;
		this.#settled.add(clientId);
		this.#save();
	}

	async #read(key: string): Promise<string | null | undefined> {
		return attempt(() => this.#storage?.getItem(key));
	}

	#save(): void {
		if (!this.#storage || this.#userId === undefined) return;
		this.#isDirty = true;
		if (!this.#isWriting) void this.#write(this.#storage, unsentKey(this.#userId));
	}

	async #write(storage: StorageLike, key: string): Promise<void> {
		this.#isWriting = true;
		while (this.#isDirty) {
			this.#isDirty = false;
			const settled = this.#settled;
			this.#settled = new Set();
			const others = parsed(await this.#read(key)).filter(
				({ clientId }) => !settled.has(clientId) && !this.#unsent.has(clientId),
			);
			const all = [...others, ...this.#unsent.values()].slice(-KEPT_MAX);
			await attempt(() =>
				all.length === 0 ? storage.removeItem(key) : storage.setItem(key, JSON.stringify(all)),
			);
		}
		this.#isWriting = false;
	}
}

/** A full or forbidden storage is no reason to stop chatting. */
async function attempt<T>(run: () => T | Promise<T>): Promise<T | undefined> {
	try {
		return await run();
	} catch {
		return undefined;
	}
}

function parsed(kept: string | null | undefined): Unsent[] {
	if (!kept) return [];
	try {
		const all: unknown = JSON.parse(kept);
		return Array.isArray(all) ? all.filter(isUnsent) : [];
	} catch {
		return [];
	}
}

function isUnsent(one: unknown): one is Unsent {
	const { channel, clientId, args } = (one ?? {}) as Partial<Unsent>;
	return (
		typeof channel === 'string' && typeof clientId === 'string' && typeof args?.text === 'string'
	);
}
