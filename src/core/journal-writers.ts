import { JournalWriter } from './journal-writer.ts';

/** The writers of a node, one for each shard of the store: a batch that hangs holds up no other's. */
export class JournalWriters {
	readonly #writers: readonly JournalWriter[];

	constructor(count: number, options: ConstructorParameters<typeof JournalWriter>[0]) {
		this.#writers = Array.from({ length: count }, () => new JournalWriter(options));
	}

	/** Throws for a shard that there is not. */
	at(shard: number): JournalWriter {
		const found = this.#writers[shard];
		if (found === undefined) throw new Error(`there is no shard ${shard}`);
		return found;
	}

	/** Commits that are not settled yet. */
	get pending(): number {
		return this.#writers.reduce((sum, { pending }) => sum + pending, 0);
	}

	/** Resolves when all that was appended is settled. */
	async drained(): Promise<void> {
		await Promise.all(this.#writers.map((writer) => writer.drained()));
	}

	/** Stops trying; what is not settled stays so (as in a crash). */
	close(): void {
		for (const writer of this.#writers) writer.close();
	}
}
