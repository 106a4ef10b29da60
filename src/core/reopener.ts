import type { ActorKind, Caller } from './actor-kind.ts';
import type { Publication, ReopenAnswer, Subscriber } from './actor-port.ts';
import { type ReopenEntry, refusal } from './entries.ts';
import type { Log } from './log.ts';
import type { Meter } from './meter.ts';
import type { MissedReader } from './missed-reader.ts';
import type { Recovered, RecoveryOptions } from './recovery.ts';

/** Callers whose rights are checked before others have their turn. */
const SLICE_CALLERS = 256;
/** Reopenings whose missed commits are being read; each holds up to 4 MB. */
const READS_MAX = 16;

export interface ReopenerOptions extends RecoveryOptions {
	readonly missed: MissedReader;
	readonly log: Log;
	readonly meter: Meter;
	readonly granted: (actor: Recovered, caller: Caller) => ReturnType<ActorKind['grant']>;
	readonly subscribe: (subscriber: Subscriber) => void;
	/** Calls back between two commits, or says that the host has stopped. */
	readonly look: (look: (actor: Recovered) => void, dropped: () => void) => void;
}

type Refused = Extract<ReopenAnswer, { how: 'resumed' }>['refused'][number];

/** One question of an edge, on its way through several turns. */
interface Reopening {
	readonly entry: ReopenEntry;
	readonly refused: Refused[];
	checked: number;
	/** What was read from the journal, and up to where. */
	older: readonly Publication[];
	readUpTo: number;
}

/**
 * Lets an edge that lost its owner in again, with all of its users. Their rights are checked in slices
 * between commits, what memory does not hold is read from the journal; then, in one step, the edge is
 * answered and subscribed, so that nothing is told to it before the answer and nothing is left out.
 * A right that ends behind its check ends in what was missed.
 */
export class Reopener {
	readonly #options: ReopenerOptions;
	#reading = 0;

	constructor(options: ReopenerOptions) {
		this.#options = options;
	}

	/** Questions that wait for the journal. */
	get inFlight(): number {
		return this.#reading;
	}

	/** Takes a question up, between two commits. */
	serve(entry: ReopenEntry, actor: Recovered): void {
		const { resume } = entry.request;
		this.#options.meter.count('reopens');
		if (!actor.history.matches(resume, actor.position)) this.#reset(entry);
		else this.#check({ entry, refused: [], checked: 0, older: [], readUpTo: resume[0] }, actor);
	}

	#check(reopening: Reopening, actor: Recovered): void {
		const { callers } = reopening.entry.request;
		const slice = callers.slice(reopening.checked, reopening.checked + SLICE_CALLERS);
		for (const caller of slice) {
			const granted = this.#options.granted(actor, caller);
			if (granted.ok) continue;
			const { ok, ...why } = granted;
			reopening.refused.push({ ...why, userId: caller.userId });
		}
		reopening.checked += slice.length;
		if (reopening.checked >= callers.length) this.#bring(reopening, actor);
		else this.#goOn(reopening, (current) => this.#check(reopening, current));
	}

	#bring(reopening: Reopening, actor: Recovered): void {
		const { entry, refused, older, readUpTo } = reopening;
		const { position, history } = actor;
		const newer = history.publications(readUpTo);
		if (newer !== undefined) {
			const writer = history.writerOf(position) ?? '';
			this.#options.subscribe(entry.request.subscriber);
			const missed = [...older, ...newer];
			entry.answer({ ok: true, how: 'resumed', position, writer, missed, refused });
		} else if (readUpTo > entry.request.resume[0]) {
			// So much was written while the journal was read that memory does not reach back to it.
			this.#reset(entry);
		} else if (this.#reading >= READS_MAX) {
			entry.answer(refusal('BUSY', 'too many edges come back at once', 200));
		} else {
			void this.#read(reopening, position);
		}
	}

	async #read(reopening: Reopening, upTo: number): Promise<void> {
		const { key, log, missed } = this.#options;
		const { entry } = reopening;
		this.#reading++;
		try {
			const older = await missed.read(reopening.readUpTo, upTo);
			if (older === undefined) {
				this.#goOn(reopening, () => this.#reset(entry));
				return;
			}
			reopening.older = older;
			reopening.readUpTo = upTo;
			this.#goOn(reopening, (actor) => this.#bring(reopening, actor));
		} catch (error) {
			log.warn({ err: error, actor: key }, 'what an edge missed could not be read');
			entry.answer(refusal('UNAVAILABLE', 'the journal did not answer', 500));
		} finally {
			this.#reading--;
		}
	}

	#goOn({ entry }: Reopening, next: (actor: Recovered) => void): void {
		this.#options.look(next, () => entry.answer(refusal('MOVED', 'the actor moves', 50)));
	}

	#reset({ answer }: ReopenEntry): void {
		this.#options.meter.count('resyncs');
		answer({ ok: true, how: 'reset' });
	}
}
