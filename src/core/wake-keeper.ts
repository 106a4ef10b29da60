import type { ActorKey } from '../protocol/ids.ts';
import type { Journal, JournalWrite } from './journal.ts';
import { type Log, SILENT } from './log.ts';
import type { Runtime } from './runtime.ts';

/** An owner keeps its row this far ahead of now, like a lease: a due row has no live owner. */
const AHEAD_MS = 15_000;

/**
 * The wake row of one actor: stands while there is work left, so that somebody takes the actor up if
 * this owner dies. Written with the commit only when none as early stands, raised or removed later.
 */
export class WakeKeeper {
	readonly #actor: ActorKey;
	readonly #journal: Journal;
	readonly #runtime: Runtime;
	readonly #log: Log;
	#epoch = 0;
	#standing: number | undefined;
	#writing = false;
	/** Whether a row of an earlier owner may still stand. */
	#known = true;

	constructor(options: { actor: ActorKey; journal: Journal; runtime: Runtime; log?: Log }) {
		this.#actor = options.actor;
		this.#journal = options.journal;
		this.#runtime = options.runtime;
		this.#log = options.log ?? SILENT;
	}

	get standing(): number | undefined {
		return this.#standing;
	}

	/** A new activation: a row may stand from an earlier owner. */
	begin(epoch: number): void {
		this.#epoch = epoch;
		this.#standing = undefined;
		this.#known = false;
	}

	/** The row to be written with a commit after which work is left until `timerAt` or soon. */
	forCommit(epoch: number, timerAt: number | undefined): JournalWrite['wake'] {
		this.#epoch = epoch;
		const due = Math.min(timerAt ?? Infinity, this.#runtime.now() + AHEAD_MS);
		if (this.#standing !== undefined && this.#standing <= due) return undefined;
		this.#standing = due;
		return { due, epoch };
	}

	/**
	 * Brings the row in line: called now and then, and before the actor is put away. `busy`: work other
	 * than the timer is left.
	 */
	async tend({ busy, timerAt }: { busy: boolean; timerAt: number | undefined }): Promise<void> {
		if (this.#writing) return;
		const now = this.#runtime.now();
		const due = busy ? Math.min(timerAt ?? Infinity, now + AHEAD_MS) : timerAt;
		const ahead = busy && (this.#standing ?? 0) > now + AHEAD_MS / 2;
		if (this.#known && (ahead || this.#standing === due)) return;
		await this.#set(due);
	}

	async #set(due: number | undefined): Promise<void> {
		this.#writing = true;
		const before = this.#standing;
		this.#standing = due;
		try {
			await this.#journal.setWake(this.#actor, due, this.#epoch);
			this.#known = true;
		} catch (error) {
			this.#standing = before;
			this.#log.warn(
				{ err: error, actor: this.#actor },
				'wake row not written, will be tried again',
			);
		} finally {
			this.#writing = false;
		}
	}
}
