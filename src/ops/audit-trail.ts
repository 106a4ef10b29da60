import type { Runtime } from '../core/runtime.ts';
import type { Collection, Doc, Store } from '../core/store.ts';
import { timeIds } from '../core/time-ids.ts';
import type { AuditEntry } from '../protocol/ops.ts';

/** What operators have done: key [id], which sorts by time; doc as in the protocol without the id. */
export const AUDIT: Collection = {
	name: 'audit',
	key: [{ name: 'id', type: 'text' }],
	datedBy: 'at',
};

export interface AuditPage {
	readonly entries: readonly AuditEntry[];
	readonly hasMore: boolean;
}

/** The lasting record of what operators have done, on any node. */
export class AuditTrail {
	readonly #store: Pick<Store, 'put' | 'page'>;
	readonly #runtime: Runtime;
	readonly #newId: (now: number) => string;

	constructor(store: Pick<Store, 'put' | 'page'>, runtime: Runtime) {
		this.#store = store;
		this.#runtime = runtime;
		this.#newId = timeIds(runtime);
	}

	/** Resolves when it is stored; what it tells of has to wait for that. */
	async note(deed: Omit<AuditEntry, 'id' | 'at'>): Promise<void> {
		const at = this.#runtime.now();
		await this.#store.put(AUDIT.name, [this.#newId(at)], { at, ...deed });
	}

	/** Newest first. */
	async page({
		before,
		limit,
	}: {
		readonly before?: string | undefined;
		readonly limit: number;
	}): Promise<AuditPage> {
		const { rows, more } = await this.#store.page({
			collection: AUDIT.name,
			prefix: [],
			...(before === undefined ? {} : { before: [before] }),
			descending: true,
			limit,
		});
		const entries = rows.map(({ key, doc }) => entryOf(String(key[0]), doc));
		return { entries, hasMore: more };
	}
}

function entryOf(id: string, doc: Doc): AuditEntry {
	const { at, who, what, target, node } = doc as Omit<AuditEntry, 'id'>;
	return { id, at, who, what, target, node };
}
