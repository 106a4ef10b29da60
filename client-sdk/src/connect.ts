import {
	type AppStateLike,
	type Environment,
	hostEnvironment,
	type SocketMaker,
} from './environment.ts';
import { GENERATED_KINDS, type GeneratedKinds } from './generated/kinds.ts';
import { ID_RULE, isId } from './key-id.ts';
import type { GeneratedKind } from './kind-handle.ts';
import { Naru } from './naru.ts';
import { NaruError } from './naru-error.ts';
import type { TokenOption } from './token-source.ts';
import type { StorageLike } from './unsent-store.ts';

const TIMEOUT_MS = 10_000;

export interface ConnectOptions {
	/** `ws://`, `wss://`, `http://` or `https://`, one or several; the next one after each failure. */
	readonly url: string | readonly string[];
	/** A token, or a function that is asked for one, and again when it is used up. */
	readonly token: TokenOption;
	/** An id, the same for this device at each start; without it `storage` keeps a random one. */
	readonly deviceId?: string;
	/** Keeps unsent messages over a restart: `localStorage`, `AsyncStorage` or alike. */
	readonly storage?: StorageLike;
	/** Calls other than `send` reject with `TIMEOUT` after this; 10 s unless set. */
	readonly timeoutMs?: number;
	/** Where there is no global one. */
	readonly WebSocket?: SocketMaker;
	/** React Native's `AppState`: the client comes back at once when the app does. */
	readonly appState?: AppStateLike;
}

/** `naru.<kind>(id)`, the same handle for the same id; `naru.<kind>` where there is only one. */
function addKind(naru: Naru, name: string, { table, handle: Kind, isOne }: GeneratedKind): void {
	const { session } = naru;
	const made = new Map<string, unknown>();
	const get = (key: string, id: () => string) => {
		if (!made.has(key)) made.set(key, new Kind(session as never, { table, id } as never));
		return made.get(key);
	};
	const own = () => (table.own ? session.userId : 'me');
	Object.defineProperty(
		naru,
		name,
		isOne ? { get: () => get('', own) } : { value: (id: string) => get(id, () => id) },
	);
}

/** @internal A client in a given environment: for tests. */
export function connectIn(
	environment: Environment,
	{ url, token, deviceId, storage, timeoutMs = TIMEOUT_MS }: ConnectOptions,
): Naru & GeneratedKinds {
	const urls = (typeof url === 'string' ? [url] : [...url]).map(socketUrl);
	if (urls.length === 0) throw new NaruError('INVALID', 'url: there is none');
	if (deviceId !== undefined && !isId(deviceId)) {
		throw new NaruError('INVALID', `deviceId: ${ID_RULE}`);
	}
	const naru = new Naru({ urls, token, deviceId, storage, timeoutMs }, environment);
	for (const [name, kind] of Object.entries(GENERATED_KINDS)) {
		addKind(naru, name, kind);
	}
	return naru as Naru & GeneratedKinds;
}

/**
 * Begins to connect, and goes on until `close()` or a verdict of the server. Throws `INVALID` only for
 * options that can never work.
 */
export function connect(options: ConnectOptions): Naru & GeneratedKinds {
	return connectIn(hostEnvironment(options), options);
}

/** Pages know their own address as http; without a path the server's own is meant. */
function socketUrl(url: string): string {
	const [, scheme = '', rest = ''] = /^(?:http|ws)(s?:\/\/)(.*)$/.exec(url) ?? [];
	if (rest === '') return url;
	return `ws${scheme}${/^[^/?]+\/?$/.test(rest) ? `${rest.replace('/', '')}/naru` : rest}`;
}
