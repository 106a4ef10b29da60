import { refusal } from '../core/entries.ts';
import type { Journal } from '../core/journal.ts';
import type { Log } from '../core/log.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { NodeId } from './directory.ts';
import type { Placement } from './ports.ts';

/** Calls of one key that wait for its owner to be known; beyond it `BUSY`. */
const WAITING_MAX = 10_000;
const RETRY_MS = 500;

type Refused = ReturnType<typeof refusal>;

interface Waiting {
	/** Whether it may create the actor, so that an owner is needed although nothing is written yet. */
	readonly creates: boolean;
	readonly run: (owner: NodeId) => void;
	readonly refuse: (refusal: Refused) => void;
}

/** Where owners are found. */
export type Finding = Pick<Placement, 'known' | 'lookUp' | 'claim' | 'mayOwn'>;

export interface RoutesOptions {
	readonly finding: Finding;
	/** Says whether there is such an actor at all. */
	readonly journal: Pick<Journal, 'head'>;
	readonly log: Log;
	/** What is answered when no owner is found; by default, that none is to be had anywhere now. */
	readonly nobody?: Refused;
}

/**
 * Finds the owner of each key. Calls wait in order until it is known, so that what was sent first gets
 * there first. A key that nothing was ever written for gets no owner unless the call may create it.
 */
export class ActorRoutes {
	readonly #options: RoutesOptions;
	readonly #waiting = new Map<ActorKey, Waiting[]>();

	constructor(options: RoutesOptions) {
		this.#options = options;
	}

	/** Runs with the owner: now when it is known and nothing waits, else in turn; or refuses. */
	to(key: ActorKey, call: Waiting): void {
		const queue = this.#waiting.get(key);
		if (queue !== undefined) {
			if (queue.length < WAITING_MAX) queue.push(call);
			else call.refuse(refusal('BUSY', 'too much waits for this owner', RETRY_MS));
			return;
		}
		const owner = this.#options.finding.known(key);
		if (owner !== undefined) {
			call.run(owner);
			return;
		}
		const calls = [call];
		this.#waiting.set(key, calls);
		void this.#find(key, calls);
	}

	/** Whether calls of the key wait for its owner. */
	waits(key: ActorKey): boolean {
		return this.#waiting.has(key);
	}

	async #find(key: ActorKey, calls: Waiting[]): Promise<void> {
		let owner: NodeId | undefined;
		try {
			const { finding } = this.#options;
			owner = await finding.lookUp(key);
			if (owner === undefined && (await this.#mayBe(key, calls))) owner = await finding.claim(key);
		} catch (error) {
			this.#notFound(key, error);
		}
		if (this.#waiting.get(key) === calls) this.#waiting.delete(key);
		const { nobody = NOBODY } = this.#options;
		for (const { refuse, run } of calls) {
			this.#safely(key, () => (owner === undefined ? refuse(nobody) : run(owner)));
		}
	}

	/** One call that throws must not keep the others from their owner. */
	#safely(key: ActorKey, tell: () => void): void {
		try {
			tell();
		} catch (error) {
			this.#options.log.error({ err: error, actor: key }, 'a call to an owner threw');
		}
	}

	/** That directory or store are away is told once, by who keeps them; this comes with every call. */
	#notFound(key: ActorKey, error: unknown): void {
		const level = isTyped(error) ? 'debug' : 'warn';
		this.#options.log[level]({ err: error, actor: key }, 'the owner could not be found');
	}

	/**
	 * Whether anything is left to be served. Where nothing was ever written, whatever comes before a
	 * call that may create asks for what is not there.
	 */
	async #mayBe(key: ActorKey, calls: Waiting[]): Promise<boolean> {
		// Its store does not answer this node: whoever is asked instead will look.
		if (!this.#options.finding.mayOwn(key)) return true;
		if ((await this.#options.journal.head(key)) !== undefined) return true;
		const first = calls.findIndex(({ creates }) => creates);
		const asking = calls.splice(0, first === -1 ? calls.length : first);
		// What comes from now on asks anew.
		if (calls.length === 0) this.#waiting.delete(key);
		for (const { refuse } of asking) {
			this.#safely(key, () => refuse(refusal('NOT_FOUND', `there is no ${key}`)));
		}
		return calls.length > 0;
	}
}

/** Whether it is a failure that the code around expects: of the directory, of the store. */
const isTyped = (error: unknown): boolean =>
	Object.hasOwn(ERRORS, String((error as { readonly code?: unknown } | undefined)?.code));

const NOBODY = refusal('UNAVAILABLE', 'no node may own it now; try again', RETRY_MS);
