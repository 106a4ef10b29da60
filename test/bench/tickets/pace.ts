import type { EventOf } from '../../../src/protocol/kind.ts';
import type { ticketEventContract } from '../../../src/protocol/ticket-event.ts';
import { userId } from './enter.ts';
import { Sale } from './sale.ts';

export interface PaceOptions {
	readonly batch: number;
	readonly intervalMs: number;
	readonly intervals: number;
	readonly users: number;
}

const OPENS_IN_MS = 1_000;
const ARRIVE_USERS = 5_000;

/** Lets users through a turnstile and claims each turn; answers how far batches were off their time. */
export async function pace({ batch, intervalMs, intervals, users }: PaceOptions) {
	await using sale = await Sale.open();
	const opensAt = Date.now() + OPENS_IN_MS;
	await sale.create({
		opensAt,
		stock: { total: 200_000, price: 1_000 },
		admission: { mode: 'turnstile', maxActive: 100_000, batch, intervalMs },
	});
	const turns = Array.from({ length: intervals }, () => 0);
	let offMs = 0;
	await sale.listen((type, data) => {
		if (type !== 'turn') return;
		const { users: turned } = data as EventOf<typeof ticketEventContract, 'turn'>;
		const sinceMs = Date.now() - opensAt;
		const interval = Math.floor(sinceMs / intervalMs);
		if (interval >= intervals) return;
		turns[interval] = (turns[interval] ?? 0) + turned.length;
		// The first is given when the first have come.
		if (interval > 0) offMs = Math.max(offMs, sinceMs - interval * intervalMs);
		void sale.ask('claim', { users: turned });
	});
	await new Promise((resolve) => setTimeout(resolve, opensAt + 10 - Date.now()));
	for (let first = 0; first < users; first += ARRIVE_USERS) {
		const count = Math.min(ARRIVE_USERS, users - first);
		await sale.ask('arrive', {
			users: Array.from({ length: count }, (_, n) => userId(first + n)),
		});
	}
	const end = opensAt + intervals * intervalMs;
	await new Promise((resolve) => setTimeout(resolve, end - Date.now()));
	return {
		offMs,
		turned: turns.reduce((sum, count) => sum + count, 0),
		missed: turns.reduce((sum, count) => sum + Math.abs(count - batch), 0),
	};
}
