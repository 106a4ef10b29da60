import { type ProjectionFeed, Projector } from './projector.ts';
import type { RowWrite } from './store.ts';

/** The projectors of a node, one for each shard of the store: what one holds up goes on in the others. */
export class Projectors implements ProjectionFeed {
	readonly #projectors: readonly Projector[];

	constructor(count: number, options: ConstructorParameters<typeof Projector>[0]) {
		this.#projectors = Array.from({ length: count }, () => new Projector(options));
	}

	/** Throws for a shard that there is not. */
	at(shard: number): Projector {
		const found = this.#projectors[shard];
		if (found === undefined) throw new Error(`there is no shard ${shard}`);
		return found;
	}

	/** Events that wait. */
	get backlog(): number {
		return this.#projectors.reduce((sum, { backlog }) => sum + backlog, 0);
	}

	/** Resolves when what was pushed before is projected, in every shard. */
	async settle(): Promise<void> {
		await Promise.all(this.#projectors.map((projector) => projector.settle()));
	}

	onRows(listener: (rows: readonly RowWrite[]) => void): () => void {
		const ends = this.#projectors.map((projector) => projector.onRows(listener));
		return () => {
			for (const end of ends) end();
		};
	}

	/** Stops at once; what waits is projected after the next start. */
	close(): void {
		for (const projector of this.#projectors) projector.close();
	}
}
