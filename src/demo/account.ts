/** Who is signed in on this tab: kept in `sessionStorage`, so that two tabs may be two people. */
export interface Account {
	readonly name: string;
	readonly userId: string;
	/** Pasted; without it the development server is asked for one. */
	readonly token?: string;
}

const KEY = 'naru-demo/account';
const ID = /^[a-z0-9_-]{1,64}$/;

/** 32 bits of a text (FNV-1a), as letters and digits. */
function hash(text: string, seed: number): string {
	let value = seed;
	for (const byte of new TextEncoder().encode(text)) {
		value = Math.imul(value ^ byte, 0x01000193);
	}
	return (value >>> 0).toString(36).padStart(7, '0');
}

/** The user id that a name stands for: the same for everybody who writes it, in any script. */
export function userIdOf(name: string): string {
	const plain = name.trim().normalize('NFC').toLowerCase().replace(/\s+/g, '-');
	if (ID.test(plain)) return plain;
	return `u-${hash(plain, 0x811c9dc5)}${hash(plain, 0x9747b28c)}`;
}

export function savedAccount(): Account | undefined {
	try {
		const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
		const { userId, name } = (kept ?? {}) as Partial<Account>;
		return typeof userId === 'string' && typeof name === 'string' ? (kept as Account) : undefined;
	} catch {
		return undefined;
	}
}

export function saveAccount(account: Account): void {
	sessionStorage.setItem(KEY, JSON.stringify(account));
}

export function forgetAccount(): void {
	sessionStorage.removeItem(KEY);
}

/** The page's own address is not among those that the server serves. */
export class OriginError extends Error {
	override readonly name = 'OriginError';
}

/**
 * A token of the development server; `undefined` where the server makes none. Throws when the
 * server is away, {@link OriginError} when it refuses this page.
 */
export async function developmentToken(account: Account): Promise<string | undefined> {
	const answer = await fetch('/api/v1/dev/token', {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ userId: account.userId, name: account.name }),
	});
	if (answer.status === 404) return undefined;
	if (answer.status === 403) throw new OriginError();
	if (!answer.ok) throw new Error(`no token: ${answer.status}`);
	const { token } = (await answer.json()) as { token: string };
	return token;
}
