import { setTimeout as sleep } from 'node:timers/promises';
import { watch, watched, watchWork } from '../harness/loop-watch.ts';
import { isRight, userId } from './enter.ts';
import { Sale } from './sale.ts';

export interface RestoreOptions {
	readonly place: string;
	readonly users: number;
}

const LOOK_USERS = 5_000;
const MEGABYTE = 1e6;

/** What was let go of is freed in a second pass. */
async function collect(): Promise<void> {
	for (let pass = 0; pass < 3; pass++) {
		globalThis.gc?.();
		await sleep(150);
	}
}

/** How many are not where they were. */
async function wrong(sale: Sale, users: number): Promise<number> {
	let found = 0;
	for (let first = 0; first < users; first += LOOK_USERS) {
		const count = Math.min(LOOK_USERS, users - first);
		const me = await sale.standing(Array.from({ length: count }, (_, n) => userId(first + n)));
		for (let n = 0; n < count; n++) if (!isRight(me[n], first + n)) found++;
	}
	return found;
}

/** Opens what a sudden end has left; timed until the first answer. */
export async function restore({ place, users }: RestoreOptions) {
	const start = performance.now();
	const sale = await Sale.open(place);
	watch();
	const work = watchWork();
	const [last] = await sale.standing([userId(users - 1)]);
	const ms = performance.now() - start;
	const loop = { ...watched(), workMs: work() };
	await collect();
	const { heapUsed, external, rss } = process.memoryUsage();
	const missed = (await wrong(sale, users)) + (isRight(last, users - 1) ? 0 : 1);
	const { waiting } = await sale.ask('report', {}, { caller: { userId: 'ops', roles: ['ops'] } });
	return {
		ms,
		loop,
		heldMegabytes: (heapUsed + external) / MEGABYTE,
		rssMegabytes: rss / MEGABYTE,
		missed: missed + Math.abs(waiting - (users - 1)),
	};
}
