import { NaruLink } from '../clients/naru-link.ts';
import { joining, naru } from '../clients/naru-member.ts';
import { longHistory, SHALLOW_MESSAGES } from '../harness/long-history.ts';
import type { Bench, BenchRow } from '../harness/row.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { tokenFor } from '../harness/token.ts';

/** Starts per run: an actor is activated only once in each. */
const STARTS = 3;
const KILOBYTE = 1_024;

interface Activation {
	readonly ms: number;
	readonly kilobytes: number;
}

/** Opens a channel that nobody has open; how long it took. */
async function activate(link: NaruLink, id: string): Promise<number> {
	const askedAt = performance.now();
	await link.open(joining(id), () => {});
	return performance.now() - askedAt;
}

/** One start of the server: both channels, in the order that `deepFirst` says. */
async function both(bench: Bench, deepFirst: boolean) {
	const { directory, deep, shallow, others } = await longHistory(bench);
	await using server = await ServerProcess.start({
		file: naru.file,
		profileDir: bench.profileDir,
		options: { directory },
	});
	const link = await NaruLink.connect(server.url, await tokenFor('u0'));
	for (const id of others) await activate(link, id);
	const found: Activation[] = [];
	let { heapBytes } = await server.ask('live');
	for (const id of deepFirst ? [deep, shallow] : [shallow, deep]) {
		const ms = await activate(link, id);
		const after = await server.ask('live');
		found.push({ ms, kilobytes: (after.heapBytes - heapBytes) / KILOBYTE });
		heapBytes = after.heapBytes;
	}
	link.cut();
	const [first, second] = found as [Activation, Activation];
	return deepFirst ? { deep: first, shallow: second } : { deep: second, shallow: first };
}

export const activation: BenchRow = {
	id: 'activation',
	about: 'waking a channel with 3,000,000 messages and one with 1,000',
	async run(bench) {
		const { messages } = await longHistory(bench);
		const deep: Activation[] = [];
		const shallow: Activation[] = [];
		for (let start = 0; start < (bench.quick ? 1 : bench.runs * STARTS); start++) {
			const found = await both(bench, start % 2 === 0);
			deep.push(found.deep);
			shallow.push(found.shallow);
			bench.progress(
				`start ${start + 1}: deep ${found.deep.ms.toFixed(2)} ms ` +
					`${found.deep.kilobytes.toFixed(0)} KB, shallow ${found.shallow.ms.toFixed(2)} ms ` +
					`${found.shallow.kilobytes.toFixed(0)} KB`,
			);
		}
		const of = (all: readonly Activation[], field: keyof Activation) =>
			median(all.map((one) => one[field]));
		const finding = (name: string, unit: string, field: keyof Activation) => ({
			name: `${name} of a channel with ${messages.toLocaleString('en-US')} messages`,
			unit,
			value: of(deep, field),
			atMost: 1.2 * of(shallow, field),
			missed: 0,
			peers: { [`${SHALLOW_MESSAGES.toLocaleString('en-US')} messages`]: of(shallow, field) },
		});
		return [finding('activation', 'ms', 'ms'), finding('memory', 'KB', 'kilobytes')];
	},
};
