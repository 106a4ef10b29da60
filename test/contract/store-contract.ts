/**
 * What every store promises, whatever keeps it. Only the port is used. An adapter's test calls
 * `storeContract` with a factory that opens an empty store for `STORE_COLLECTIONS`.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { dropsContract } from './store/drops.ts';
import { indexesContract } from './store/indexes.ts';
import { pagesContract } from './store/pages.ts';
import { projectContract } from './store/project.ts';

export interface OpenStore {
	readonly store: Store;
	close(): Promise<void>;
}

/** Runs the suite. `open` is called once; every test uses actors and keys of its own. */
export function storeContract(name: string, open: () => Promise<OpenStore>): void {
	describe(`store: ${name}`, () => {
		let opened: OpenStore;
		beforeAll(async () => {
			opened = await open();
		});
		afterAll(() => opened.close());
		const store = () => opened.store;

		projectContract(store);
		indexesContract(store);
		pagesContract(store);
		dropsContract(store);
	});
}
