import type { ActorKey } from '../protocol/ids.ts';

/** Failures in a row after which one actor goes alone, to see whether it is the batch or the world. */
const PROBE_BEHIND_FAILURES = 3;
/** Failures, each with a success of others in between, that make an actor go alone. */
const ALONE_BEHIND_MARKS = 2;

interface Mark {
	count: number;
	/** Successes of others when it failed last. */
	successes: number;
	tries: number;
	notBefore: number;
}

export interface Delays {
	readonly firstMs: number;
	readonly maxMs: number;
}

/**
 * Finds the actors whose entries spoil the batches that they are in (a record too large, a row that does
 * not fit), and lets them go alone and rarely, so that they hold up themselves only. When everything
 * fails it is the world's fault, and nobody is set apart.
 */
export class Spoilers {
	readonly #delays: Delays;
	readonly #marks = new Map<ActorKey, Mark>();
	#failures = 0;
	#successes = 0;

	constructor(delays: Delays) {
		this.#delays = delays;
	}

	/** Which of the actors, in the order of their turn, may share the next batch; `undefined`: all. */
	choose(actors: Iterable<ActorKey>, now: number): ReadonlySet<ActorKey> | undefined {
		if (this.#marks.size === 0 && this.#failures < PROBE_BEHIND_FAILURES) return undefined;
		const ready = new Set<ActorKey>();
		for (const actor of actors) {
			const isAlone = this.#isAlone(actor);
			if (isAlone && (this.#marks.get(actor)?.notBefore ?? 0) > now) continue;
			if (ready.size === 0 && (isAlone || this.#failures >= PROBE_BEHIND_FAILURES)) {
				return new Set([actor]);
			}
			if (!isAlone) ready.add(actor);
		}
		return ready;
	}

	/** Milliseconds until the next batch should go; `actors` are those that wait. */
	waitMs(actors: Iterable<ActorKey>, now: number): number {
		if (this.#failures > 0) return this.#backOff(this.#failures);
		if (this.#marks.size === 0) return 0;
		let waitMs = this.#delays.maxMs;
		for (const actor of actors) {
			if (!this.#isAlone(actor)) return 0;
			waitMs = Math.min(waitMs, Math.max(0, (this.#marks.get(actor)?.notBefore ?? 0) - now));
		}
		return waitMs;
	}

	succeeded(actors: Iterable<ActorKey>): void {
		this.#failures = 0;
		this.#successes++;
		if (this.#marks.size > 0) for (const actor of actors) this.#marks.delete(actor);
	}

	/** Some of a batch have no outcome yet, others have. */
	doubted(actors: Iterable<ActorKey>, now: number): void {
		for (const actor of actors) this.#mark(actor, now);
	}

	/** Nothing of a batch got through. */
	failed(actors: ReadonlySet<ActorKey>, now: number): void {
		const [only] = actors;
		// One that is known to fail says nothing about the world.
		if (actors.size !== 1 || only === undefined || !this.#isAlone(only)) this.#failures++;
		this.doubted(actors, now);
	}

	/** The actor's entries were taken back. */
	forget(actor: ActorKey): void {
		this.#marks.delete(actor);
	}

	#mark(actor: ActorKey, now: number): void {
		const fresh = { count: 0, successes: -1, tries: 0, notBefore: 0 };
		const mark = this.#marks.get(actor) ?? fresh;
		if (mark.successes !== this.#successes) mark.count++;
		mark.successes = this.#successes;
		mark.notBefore = now + this.#backOff(++mark.tries);
		this.#marks.set(actor, mark);
	}

	#isAlone(actor: ActorKey): boolean {
		return (this.#marks.get(actor)?.count ?? 0) >= ALONE_BEHIND_MARKS;
	}

	#backOff(tries: number): number {
		return Math.min(this.#delays.maxMs, this.#delays.firstMs * 2 ** (tries - 1));
	}
}
