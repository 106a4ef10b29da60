import type { ActorKey } from '../protocol/ids.ts';
import type { StopReason } from './actor-host.ts';
import type { Meter } from './meter.ts';
import type { Runtime } from './runtime.ts';

const FIRST_MS = 100;
const MAX_MS = 2_000;
/** After so many crashes in a row the actor rests for {@link QUARANTINE_MS}. */
const CRASHES_MAX = 5;
const QUARANTINE_MS = 60_000;
/** A crash is forgotten when the actor has run so long since it might be restarted. */
const KEPT_MS = 60_000;

interface Crash {
	readonly failures: number;
	/** Those of them that were the actor's own fault. */
	readonly crashes: number;
	readonly retryAt: number;
}

/** When actors that stopped by themselves may be started again: with back-off, then after a rest. */
export class Restarts {
	readonly #runtime: Runtime;
	readonly #meter: Meter;
	readonly #crashes = new Map<ActorKey, Crash>();

	constructor(runtime: Runtime, meter: Meter) {
		this.#runtime = runtime;
		this.#meter = meter;
	}

	/** Milliseconds until the actor may be started; 0 when it may. */
	waitMs(key: ActorKey): number {
		const retryAt = this.#crashes.get(key)?.retryAt ?? 0;
		return Math.max(0, retryAt - this.#runtime.monotonic());
	}

	/** Takes in why an actor stopped. A fence is no crash. */
	stopped(key: ActorKey, reason: StopReason): void {
		if (reason === 'fenced') return;
		const before = this.#crashes.get(key);
		const failures = (before?.failures ?? 0) + 1;
		const crashes = (before?.crashes ?? 0) + (reason === 'crashed' ? 1 : 0);
		const backOffMs = Math.min(MAX_MS, FIRST_MS * 2 ** (failures - 1));
		// An actor is not put in quarantine because the journal or the store is away.
		const rests = reason === 'crashed' && crashes >= CRASHES_MAX;
		if (rests) this.#meter.count('quarantines');
		const waitMs = rests ? QUARANTINE_MS : backOffMs;
		this.#crashes.set(key, { failures, crashes, retryAt: this.#runtime.monotonic() + waitMs });
	}

	/** Called now and then. */
	forgetOld(): void {
		const now = this.#runtime.monotonic();
		for (const [key, { retryAt }] of this.#crashes) {
			if (retryAt + KEPT_MS < now) this.#crashes.delete(key);
		}
	}
}
