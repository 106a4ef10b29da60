import type { Reads } from '../../core/store.ts';
import type { RefreshCursor } from '../../protocol/refresh-plan.ts';

export interface TargetPage {
	/** In the order of their slots. */
	readonly users: readonly string[];
	/** Behind the last of them. */
	readonly cursor?: RefreshCursor | undefined;
	/** Whether anybody is behind them. */
	readonly more: boolean;
}

/** The users who consent to one institution, in the order of the week. */
export interface TargetPages {
	/** The next `limit` behind a cursor, or the first. */
	page(after: RefreshCursor | undefined, limit: number): Promise<TargetPage>;
}

/** Reads the collection of consents by slot: each page costs what it brings, however far it is (I21). */
export const consentPages = (reads: Reads, institution: string): TargetPages => ({
	async page(after, limit) {
		const { rows, more } = await reads.page({
			collection: 'consents',
			index: 'bySlot',
			prefix: [institution],
			...(after !== undefined && { after: [after[0], institution, after[1]] }),
			limit,
		});
		const users = rows.map(({ key }) => String(key[1]));
		const last = rows.at(-1);
		const { slot } = (last?.doc ?? {}) as { slot?: number };
		if (last === undefined || slot === undefined) return { users, more };
		return { users, cursor: [slot, String(last.key[1])], more };
	},
});
