import type { Collection, Db } from 'mongodb';
import type { Counters } from '../../core/counters.ts';
import { isDuplicate, StorageError } from './storage-error.ts';
import type { StoreGuard } from './store-guard.ts';

interface CounterDocument {
	readonly _id: string;
	readonly value: number;
}

/** Two that make the same counter at once meet once. */
const ATTEMPTS_MAX = 3;

/** Counters of all nodes; a majority has a number before it is answered, so that no fail-over repeats it. */
export class MongoCounters implements Counters {
	readonly #counters: Collection<CounterDocument>;
	readonly #guard: StoreGuard;

	constructor(db: Db, guard: StoreGuard) {
		this.#counters = db.collection('counters');
		this.#guard = guard;
	}

	async next(name: string): Promise<number> {
		return await this.#guard.run('next', () => this.#next(name));
	}

	async #next(_id: string): Promise<number> {
		for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
			try {
				const counted = await this.#counters.findOneAndUpdate(
					{ _id },
					{ $inc: { value: 1 } },
					{ upsert: true, returnDocument: 'after' },
				);
				if (counted !== null) return counted.value;
			} catch (error) {
				if (!isDuplicate(error)) throw error;
			}
		}
		throw new StorageError('next: others keep making the same counter', 'BUSY');
	}
}
