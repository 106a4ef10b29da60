import { matchMaker } from '@colyseus/core';
import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { SharedListing } from './shared-listing.ts';
import type { SharedPresence } from './shared-presence.ts';

/** Which process of Colyseus is of which node, by the node's id. */
const PROCESSES = 'processes';
const COUNTS = 'roomcount';
const LOOK_MS = 10_000;
/** A node is seen missing so often before what it listed is taken out. */
const LOOKS_MISSING = 2;

/** Which nodes live, by their leases. */
export interface LivingNodes {
	readonly self: string;
	ids(): Iterable<string>;
	/** Calls back when nodes are gone; the answer ends it. */
	onGone(listener: (ids: readonly string[]) => void): () => void;
}

export interface ListingKeeperOptions {
	readonly listing: SharedListing;
	readonly presence: SharedPresence;
	readonly nodes: LivingNodes;
	readonly runtime: Pick<Runtime, 'after'>;
	readonly log: Log;
}

/**
 * Keeps the listing true: one node, the living one with the lowest number, takes out what nodes have
 * listed that are gone; and a node whose rows were taken out or lost writes them again.
 */
export class ListingKeeper {
	readonly #options: ListingKeeperOptions;
	readonly #missing = new Map<string, number>();
	#cancel = () => {};
	readonly #undo: () => void;
	#isLooking = false;

	constructor(options: ListingKeeperOptions) {
		this.#options = options;
		this.#undo = options.nodes.onGone((ids) => {
			for (const id of ids) this.#missing.set(id, LOOKS_MISSING);
			if (ids.length > 0) void this.#look();
		});
		this.#lookLater(0);
	}

	/**
	 * Ends the listing, too. What of this node could not be taken out is left to those who live, and
	 * with it the mark by which they find it.
	 */
	async close(): Promise<void> {
		const { listing, presence, nodes } = this.#options;
		this.#undo();
		this.#cancel();
		if (!(await listing.close())) return;
		const gone = [presence.hdel(PROCESSES, nodes.self), presence.hdel(COUNTS, processId())];
		await Promise.allSettled(gone);
	}

	#lookLater(inMs: number): void {
		this.#cancel = this.#options.runtime.after(inMs, () => {
			void this.#look();
			this.#lookLater(LOOK_MS);
		});
	}

	async #look(): Promise<void> {
		if (this.#isLooking) return;
		this.#isLooking = true;
		try {
			const listed = await this.#options.presence.hgetall(PROCESSES);
			await this.#markOwn(listed);
			if (this.#isLowest()) await this.#takeOut(listed);
		} catch (error) {
			this.#options.log.debug({ err: error }, 'the listing of rooms could not be looked at');
		} finally {
			this.#isLooking = false;
		}
	}

	/** The mark goes last with what was listed, so without it the rows are gone, too. */
	async #markOwn(listed: Readonly<Record<string, string>>): Promise<void> {
		const { listing, presence, nodes } = this.#options;
		if (listed[nodes.self] === processId()) return;
		listing.relist();
		await presence.hset(PROCESSES, nodes.self, processId());
		await matchMaker.stats.persist(true);
	}

	async #takeOut(listed: Readonly<Record<string, string>>): Promise<void> {
		const { listing, log, nodes, presence } = this.#options;
		const living = new Set(nodes.ids());
		for (const id of this.#missing.keys()) {
			if (living.has(id) || !(id in listed)) this.#missing.delete(id);
		}
		for (const [id, process] of Object.entries(listed)) {
			if (living.has(id)) continue;
			const looks = (this.#missing.get(id) ?? 0) + 1;
			this.#missing.set(id, looks);
			if (looks < LOOKS_MISSING) continue;
			await listing.cleanup(process);
			await presence.hdel(COUNTS, process);
			await presence.hdel(PROCESSES, id);
			log.info({ node: id }, 'the rooms of a node that is gone are not listed any more');
		}
	}

	#isLowest(): boolean {
		const { nodes } = this.#options;
		return [...nodes.ids()].every((id) => Number(nodes.self) <= Number(id));
	}
}

const processId = (): string => matchMaker.processId;
