import { pack } from '../../src/protocol/codec.ts';
import { CLOSE } from '../../src/protocol/errors.ts';
import { type Frame, OP, type Op } from '../../src/protocol/frames.ts';
import { VERSIONS } from '../../src/protocol/limits.ts';
import type { Hello, Welcome, WireError } from '../../src/protocol/wire.ts';
import { afterMs, BACKOFF_MAX_MS, fullJitterMs } from './backoff.ts';
import type { Environment } from './environment.ts';
import { errorOf, NaruError } from './naru-error.ts';
import { ServerClock } from './server-clock.ts';
import { type LinkListener, payloadOf, SocketLink } from './socket-link.ts';
import {
	type LinkStats,
	type Status,
	type StatusChange,
	type StatusEvent,
	TRANSITIONS,
} from './status.ts';
import { type TokenOption, TokenSource } from './token-source.ts';
import { subjectOf } from './token-subject.ts';

/** From the first step of an attempt to the welcome. */
const CONNECT_MAX_MS = 15_000;
/** A client that was online for this long begins its back-off anew. */
const STABLE_MS = 10_000;
/** A token that could not be renewed is asked for again after this time. */
const RENEW_AGAIN_MS = 5_000;
/** Back-off begins here when there are too many sockets already: at up to 4 s. */
const FAILURES_OF_TOO_MANY = 4;
/** When the app comes back, an attempt older than this is given up for a new one. */
const STALE_ATTEMPT_MS = 2_000;

const verdicts = new Map(Object.values(CLOSE).map((close) => [close.code as number, close]));

export interface ConnectionOptions {
	readonly urls: readonly string[];
	readonly token: TokenOption;
	readonly deviceId: Promise<string>;
	/** The device's own clock, which may be set at any time: for what is told to people. */
	readonly deviceNow: () => number;
}

export interface ConnectionListener {
	status(change: StatusChange): void;
	/** A token was had that says whose it is; the server has not said so yet. */
	claimed(userId: string): void;
	/** A new socket is ready; every handle is opened on it anew. */
	welcomed(): void;
	/** The socket is gone, with all that was in flight. */
	lost(): void;
	/** For a handle other than 0. */
	frame(frame: Frame): void;
	/** A page or app of this device came to the front or left it. */
	visible(visible: boolean): void;
	/** No further attempt will be made. */
	ended(error: NaruError): void;
}

/** One client's way to the server: at most one socket, and the next one when it is lost. */
export class Connection {
	readonly stats: LinkStats = { framesIn: 0, framesOut: 0, sockets: 0 };
	readonly #environment: Environment;
	readonly #options: ConnectionOptions;
	readonly #listener: ConnectionListener;
	readonly #token: TokenSource;
	readonly #clock: ServerClock;
	readonly #unwatch: () => void;
	#status: StatusChange = { status: 'connecting' };
	#link: SocketLink | undefined;
	#welcome: Welcome | undefined;
	/** Whose the tokens say they are. */
	#claimed: string | undefined;
	#isReady = false;
	/** Counts attempts, so that what belongs to an earlier one is known. */
	#attempt = 0;
	#attemptAt = 0;
	/** Attempts since the client was last stably online. */
	#failures = 0;
	#urlAt = 0;
	#readyAt = 0;
	/** The server asked not to be tried before. */
	#notBefore = 0;
	#timer: unknown;
	#isVisible: boolean;
	#deviceId = '';
	#refusal: WireError | undefined;
	/** A fresh token was tried at once, since the client was last stably online. */
	#isTokenRetried = false;
	/** Between two attempts. */
	#isWaiting = false;

	constructor(environment: Environment, options: ConnectionOptions, listener: ConnectionListener) {
		this.#environment = environment;
		this.#options = options;
		this.#listener = listener;
		this.#token = new TokenSource(options.token);
		this.#clock = new ServerClock(() => environment.now());
		this.#isVisible = environment.isVisible();
		this.#unwatch = environment.watch({
			wake: () => this.#wake(),
			networkGone: () => this.#networkGone(),
			visible: (visible) => this.#shown(visible),
		});
		this.#try();
	}

	get status(): StatusChange {
		return this.#status;
	}

	/** Known from the first welcome on. */
	get userId(): string | undefined {
		return this.#welcome?.userId;
	}

	get isReady(): boolean {
		return this.#isReady;
	}

	now(): number {
		return this.#clock.now();
	}

	/** Sends when there is a welcomed socket, otherwise does nothing. */
	send(handle: number, op: Op, payload: Uint8Array): void {
		if (this.#isReady) this.#link?.send(handle, op, payload);
	}

	close(): void {
		if (this.#status.status === 'closed') return;
		this.#dropLink(1000);
		this.#end('closedByUser', new NaruError('CLOSED', 'the client was closed'), {});
	}

	#go(event: StatusEvent, detail: Omit<StatusChange, 'status'> = {}): void {
		const before = this.#status;
		const status: Status = TRANSITIONS[before.status][event];
		this.#status = { status, ...detail };
		const isNews = status !== before.status || detail.retryAt !== before.retryAt;
		if (isNews) this.#listener.status(this.#status);
	}

	#detail(): Omit<StatusChange, 'status'> {
		const { status: _, ...detail } = this.#status;
		return detail;
	}

	#end(event: 'refused' | 'closedByUser', error: NaruError, detail: Omit<StatusChange, 'status'>) {
		this.#environment.clearTimeout(this.#timer);
		this.#attempt++;
		this.#unwatch();
		this.#go(event, detail);
		this.#listener.ended(error);
	}

	#try(): void {
		const attempt = ++this.#attempt;
		this.#attemptAt = this.#environment.now();
		this.#refusal = undefined;
		this.#isWaiting = false;
		this.#restartTimer(CONNECT_MAX_MS, () => this.#lost(1006, 'no answer in time'));
		Promise.all([this.#token.get(this.now()), this.#options.deviceId]).then(
			([token, deviceId]) => {
				this.#deviceId = deviceId;
				if (attempt === this.#attempt) this.#open(token);
			},
			() => {
				if (attempt === this.#attempt) this.#lost(1006, 'the token could not be had');
			},
		);
	}

	#open(token: string): void {
		const subject = subjectOf(token);
		if (subject !== undefined) {
			if (this.#isOfAnother(subject)) return;
			this.#claimed = subject;
			this.#listener.claimed(subject);
		}
		const { urls } = this.#options;
		const url = urls[this.#urlAt % urls.length] ?? '';
		const listener: LinkListener = {
			opened: () => this.#hello(token),
			frame: (frame) => this.#frame(frame),
			lost: (code, reason) => this.#lost(code, reason),
			clock: (offsetMs, roundTripMs) => this.#clock.sample(offsetMs, roundTripMs),
		};
		try {
			this.#link = new SocketLink(this.#environment, url, { listener, stats: this.stats });
		} catch (error) {
			this.#lost(1006, error instanceof Error ? error.message : 'no socket');
		}
	}

	#hello(token: string): void {
		const hello: Hello = {
			versions: [...VERSIONS],
			token,
			deviceId: this.#deviceId,
			sdk: 'naru-js/0.1',
			platform: this.#environment.platform,
			visible: this.#isVisible,
		};
		this.#link?.send(0, OP.hello, pack(hello));
	}

	#frame(frame: Frame): void {
		if (frame.handle !== 0) {
			this.#listener.frame(frame);
		} else if (frame.op === OP.welcome) {
			this.#welcomed(payloadOf(frame) as Welcome);
		} else if (frame.op === OP.error) {
			this.#refused(payloadOf(frame) as WireError);
		}
	}

	#welcomed(welcome: Welcome): void {
		if (this.#isOfAnother(welcome.userId)) return;
		this.#welcome = welcome;
		this.#token.expiresAt(welcome.expiresAt);
		// A fresh token on the same socket is welcomed too, and changes nothing else.
		if (this.#isReady) return;
		const waitedMs = this.#environment.now() - this.#attemptAt;
		this.#clock.sample(welcome.now - this.#environment.now(), waitedMs);
		this.#environment.clearTimeout(this.#timer);
		this.#isReady = true;
		this.#readyAt = this.#environment.now();
		this.#go('welcomed');
		this.#listener.welcomed();
	}

	/** What waits was given by one user, and is never sent for another: that ends the client. */
	#isOfAnother(userId: string): boolean {
		if ((this.userId ?? this.#claimed ?? userId) === userId) return false;
		this.#refuse(CLOSE.unauthorized.code, 'the token is of another user');
		return true;
	}

	#refused(error: WireError): void {
		if (error.renew === true) {
			this.#renew();
			return;
		}
		this.#refusal = error;
		if (error.retryAfterMs !== undefined) {
			const waitMs = afterMs(error.retryAfterMs, this.#environment.random);
			this.#notBefore = this.#environment.now() + waitMs;
		}
	}

	/** A fresh token on the same socket; handles stay open. */
	#renew(): void {
		const link = this.#link;
		if (!this.#token.canRenew) return;
		this.#token.drop();
		this.#token.get(this.now()).then(
			(token) => {
				if (link === this.#link) this.#hello(token);
			},
			() => {
				this.#environment.setTimeout(() => {
					if (link !== undefined && link === this.#link) this.#renew();
				}, RENEW_AGAIN_MS);
			},
		);
	}

	#lost(code: number, reason: string): void {
		this.#dropLink(3000);
		const verdict = verdicts.get(code);
		const says = reason || verdict?.says || 'the connection was lost';
		this.#forgiveFailures();
		const isTokenBad = code === CLOSE.expired.code || code === CLOSE.unauthorized.code;
		if (isTokenBad) this.#token.drop();
		if (isTokenBad && this.#token.canRenew && !this.#isTokenRetried) {
			// It may just be too old: a fresh one is worth an attempt at once, but only one.
			this.#isTokenRetried = true;
			this.#tryIn(0, { code, reason: says });
		} else if (verdict?.reconnect === false) {
			this.#refuse(code, says);
		} else {
			this.#retry(code, says);
		}
	}

	/** Who was online for a while begins anew. */
	#forgiveFailures(): void {
		const now = this.#environment.now();
		if (this.#readyAt > 0 && now - this.#readyAt >= STABLE_MS) {
			this.#failures = 0;
			this.#isTokenRetried = false;
		}
		this.#readyAt = 0;
	}

	#refuse(code: number, reason: string): void {
		this.#dropLink(1000);
		const error = this.#refusal ? errorOf(this.#refusal) : new NaruError(codeOfClose(code), reason);
		this.#end('refused', error, { code, reason });
	}

	#retry(code: number, reason: string): void {
		const isNetworkUp = this.#environment.isNetworkUp();
		if (code === CLOSE.tooMany.code) {
			this.#failures = Math.max(this.#failures, FAILURES_OF_TOO_MANY);
		}
		// Devices err about their network, so that it is tried now and then all the same.
		const backoffMs = isNetworkUp
			? fullJitterMs(this.#failures, this.#environment.random)
			: BACKOFF_MAX_MS;
		this.#failures++;
		this.#urlAt++;
		const detail = this.#tryIn(backoffMs, { code, reason });
		if (!isNetworkUp) this.#go('networkGone', detail);
	}

	#tryIn(backoffMs: number, why: { readonly code: number; readonly reason: string }) {
		const now = this.#environment.now();
		const waitMs = Math.max(backoffMs, this.#notBefore - now);
		const detail = { ...why, retryAt: this.#options.deviceNow() + waitMs };
		this.#isWaiting = true;
		this.#restartTimer(waitMs, () => this.#try());
		this.#go('lost', detail);
		return detail;
	}

	#dropLink(closeCode: number): void {
		const wasReady = this.#isReady;
		const link = this.#link;
		this.#isReady = false;
		this.#link = undefined;
		this.#attempt++;
		link?.close(closeCode);
		if (wasReady) this.#listener.lost();
	}

	#restartTimer(waitMs: number, run: () => void): void {
		this.#environment.clearTimeout(this.#timer);
		this.#timer = this.#environment.setTimeout(run, waitMs);
	}

	#wake(): void {
		const now = this.#environment.now();
		if (this.#isReady) {
			this.#link?.probe();
			return;
		}
		if (this.#status.status === 'offline') {
			this.#go('networkBack', { retryAt: this.#options.deviceNow() });
		}
		const isStuck = !this.#isWaiting && now - this.#attemptAt >= STALE_ATTEMPT_MS;
		if (now < this.#notBefore || !(this.#isWaiting || isStuck)) return;
		if (isStuck) this.#urlAt++;
		this.#dropLink(3000);
		this.#try();
	}

	#networkGone(): void {
		if (this.#isReady) this.#link?.probe();
		else this.#go('networkGone', this.#detail());
	}

	#shown(visible: boolean): void {
		if (visible === this.#isVisible) return;
		this.#isVisible = visible;
		this.#listener.visible(visible);
	}
}

function codeOfClose(code: number) {
	if (code === CLOSE.unauthorized.code || code === CLOSE.revoked.code) return 'UNAUTHORIZED';
	if (code === CLOSE.badFrame.code) return 'INVALID';
	if (code === CLOSE.tooLarge.code) return 'TOO_LARGE';
	return code === CLOSE.version.code ? 'VERSION' : 'CLOSED';
}
