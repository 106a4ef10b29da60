import type { ActorKey } from '../protocol/ids.ts';
import type { Journal, JournalWrite } from './journal.ts';
import { type Log, SILENT } from './log.ts';
import type { Runtime } from './runtime.ts';

/** An owner keeps its row this far ahead of now, like a lease: a due row has no live owner. */
const AHEAD_MS = 15_000;

/**
 * The wake row of one actor: stands while there is work left, so that somebody takes the actor up if
 * this owner dies. Written with the commit only when none as early stands, raised or removed later.
 *
 * Every write carries the number of the commit whose state it speaks of, and loses against a row with a
 * higher one: neither a deposed owner nor a removal that arrives late takes away what a later commit
 * has put there.
 */
export class WakeKeeper {
	readonly #actor: ActorKey;
	readonly #journal: Journal;
	readonly #runtime: Runtime;
	readonly #log: Log;
	/** Due time of the row, if it is known to stand. */
	#standing: number | undefined;
	/** Whether the row is known: an earlier owner's may stand, or a write failed. */
	#known = true;
	/** The newest commit for which a row was asked. */
	#commit = 0;
	#writing: Promise<void> | undefined;

	constructor(options: { actor: ActorKey; journal: Journal; runtime: Runtime; log?: Log }) {
		this.#actor = options.actor;
		this.#journal = options.journal;
		this.#runtime = options.runtime;
		this.#log = options.log ?? SILENT;
	}

	/** A new activation: a row may stand from an earlier owner. */
	begin(): void {
		this.#standing = undefined;
		this.#known = false;
	}

	/** The row to be written with a commit after which work is left until `timerAt` or soon. */
	forCommit(commit: number, timerAt: number | undefined): JournalWrite['wake'] {
		const due = Math.min(timerAt ?? Infinity, this.#runtime.now() + AHEAD_MS);
		if (this.#standing !== undefined && this.#standing <= due) return undefined;
		this.#standing = due;
		this.#commit = commit;
		return { due, epoch: commit };
	}

	/**
	 * Brings the row in line with the state behind `commit`: called now and then, and before the actor is
	 * put away. `busy`: work other than the timer is left.
	 */
	async tend({ commit, busy, timerAt }: WorkLeft): Promise<void> {
		while (this.#writing !== undefined) await this.#writing;
		if (commit < this.#commit) return;
		const now = this.#runtime.now();
		const due = busy ? Math.min(timerAt ?? Infinity, now + AHEAD_MS) : timerAt;
		const ahead = busy && (this.#standing ?? 0) > now + AHEAD_MS / 2 && !this.#isLate(timerAt);
		if (this.#known && (ahead || this.#standing === due)) return;
		this.#writing = this.#set(due, commit);
		await this.#writing;
	}

	/** Whether the row stands later than the timer. */
	#isLate(timerAt: number | undefined): boolean {
		return timerAt !== undefined && (this.#standing ?? Infinity) > timerAt;
	}

	async #set(due: number | undefined, commit: number): Promise<void> {
		this.#standing = due;
		this.#known = true;
		try {
			await this.#journal.setWake(this.#actor, due, commit);
		} catch (error) {
			// It may have been written or not: the next commit and the next round write it again.
			this.#standing = undefined;
			this.#known = false;
			this.#log.warn(
				{ err: error, actor: this.#actor },
				'wake row not written, will be tried again',
			);
		} finally {
			this.#writing = undefined;
		}
	}
}

export interface WorkLeft {
	readonly commit: number;
	readonly busy: boolean;
	readonly timerAt: number | undefined;
}
