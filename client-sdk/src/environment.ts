/**
 * The world around the SDK: only what browsers, React Native and Node all have, read when a client
 * is made, and handed in by tests.
 */

/** What is used of a WebSocket, whichever made it. */
export interface SocketLike {
	binaryType: string;
	onopen: ((event: never) => void) | null;
	onmessage: ((event: { data: unknown }) => void) | null;
	onclose: ((event: { code?: number; reason?: string }) => void) | null;
	onerror: ((event: never) => void) | null;
	send(data: Uint8Array<ArrayBuffer>): void;
	close(code?: number, reason?: string): void;
}

export type SocketMaker = new (url: string) => SocketLike;

/** The part of `AbortSignal` that is used: it is not among the globals of every platform's types. */
export interface AbortSignalLike {
	readonly aborted: boolean;
	addEventListener(type: 'abort', listener: () => void): void;
	removeEventListener(type: 'abort', listener: () => void): void;
}

/** React Native's `AppState`, as far as it is used. */
export interface AppStateLike {
	readonly currentState?: string | null;
	addEventListener(
		type: 'change',
		listener: (state: string) => void,
	): { remove(): void } | undefined;
}

/** What happens around the client. */
export interface Surroundings {
	/** The network is back, or the page or app came to the front: try now. */
	wake(): void;
	networkGone(): void;
	visible(visible: boolean): void;
}

export interface Environment {
	now(): number;
	/** In [0, 1). */
	random(): number;
	/** 128 random bits that are also a valid id. */
	newId(): string;
	/** Told to the server, for its figures. */
	readonly platform: string;
	setTimeout(run: () => void, ms: number): unknown;
	clearTimeout(timer: unknown): void;
	openSocket(url: string): SocketLike;
	/** False only when the device says that there is no network. */
	isNetworkUp(): boolean;
	isVisible(): boolean;
	/** Returns the undo. */
	watch(surroundings: Surroundings): () => void;
}

interface Target {
	addEventListener?(type: string, listener: () => void): void;
	removeEventListener?(type: string, listener: () => void): void;
}

/** The globals that may be there. */
interface Globals extends Target {
	WebSocket?: SocketMaker;
	crypto?: { getRandomValues?(bytes: Uint8Array): Uint8Array };
	document?: Target & { visibilityState?: string };
	navigator?: { onLine?: boolean; product?: string };
	setTimeout(run: () => void, ms: number): unknown;
	clearTimeout(timer: unknown): void;
}

export interface EnvironmentOptions {
	/** The WebSocket class, where there is no global one. */
	readonly WebSocket?: SocketMaker | undefined;
	/** `AppState` of `react-native`: reconnects when the app comes to the front. */
	readonly appState?: AppStateLike | undefined;
}

/** Bytes by `crypto` where it is: a page over plain http has `getRandomValues`, not `randomUUID`. */
function randomId(globals: Globals): string {
	const bytes = new Uint8Array(16);
	if (typeof globals.crypto?.getRandomValues === 'function') globals.crypto.getRandomValues(bytes);
	else for (let at = 0; at < bytes.length; at++) bytes[at] = Math.floor(Math.random() * 256);
	let id = '';
	for (const byte of bytes) id += (byte + 0x100).toString(16).slice(1);
	return id;
}

function platformOf({ navigator, document }: Globals): string {
	if (navigator?.product === 'ReactNative') return 'react-native';
	return document ? 'browser' : 'node';
}

/** Listens, and returns the undo; does nothing where there are no events (React Native's globals). */
function listen(target: Target | undefined, type: string, listener: () => void): () => void {
	if (typeof target?.addEventListener !== 'function') return () => {};
	target.addEventListener(type, listener);
	return () => target.removeEventListener?.(type, listener);
}

/** What the device tells by itself: network, page and app. */
function watchDevice(
	globals: Globals,
	appState: AppStateLike | undefined,
	surroundings: Surroundings,
) {
	const shown = (visible: boolean) => {
		surroundings.visible(visible);
		if (visible) surroundings.wake();
	};
	const page = globals.document;
	const app = appState?.addEventListener('change', (state) => {
		// `inactive` is a glance at the notification centre: neither gone nor back.
		if (state === 'active' || state === 'background') shown(state === 'active');
	});
	const undo = [
		listen(globals, 'online', () => surroundings.wake()),
		listen(globals, 'offline', () => surroundings.networkGone()),
		listen(page, 'visibilitychange', () => shown(page?.visibilityState !== 'hidden')),
		() => app?.remove(),
	];
	return () => {
		for (const one of undo) one();
	};
}

/** The environment of this process, page or app. */
export function hostEnvironment({ WebSocket, appState }: EnvironmentOptions): Environment {
	const globals = globalThis as unknown as Globals;
	return {
		now: () => Date.now(),
		random: () => Math.random(),
		newId: () => randomId(globals),
		platform: platformOf(globals),
		setTimeout: (run, ms) => globals.setTimeout(run, ms),
		clearTimeout: (timer) => globals.clearTimeout(timer),
		openSocket(url) {
			const Socket = WebSocket ?? globals.WebSocket;
			if (!Socket) throw new Error('there is no WebSocket here: pass one as the option WebSocket');
			return new Socket(url);
		},
		isNetworkUp: () => globals.navigator?.onLine !== false,
		isVisible: () =>
			appState?.currentState !== 'background' && globals.document?.visibilityState !== 'hidden',
		watch: (surroundings) => watchDevice(globals, appState, surroundings),
	};
}
