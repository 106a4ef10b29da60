import { setTimeout as sleep } from 'node:timers/promises';
import {
	type Ask,
	type CircuitTurn,
	isAsk,
	type Memory,
	type Spent,
	type Told,
} from './control.ts';
import { watch, watched } from './loop-watch.ts';

let cpuAtMark = process.cpuUsage();
let markedAt = performance.now();

function mark(): null {
	cpuAtMark = process.cpuUsage();
	markedAt = performance.now();
	return null;
}

function read(): Spent {
	const { user, system } = process.cpuUsage(cpuAtMark);
	return { cpuMicros: user + system, elapsedMs: performance.now() - markedAt };
}

/** Collects until the heap is at rest: finalizers free more in a second pass. */
async function memoryAfter(collect: NodeJS.GCFunction | undefined, options: NodeJS.GCOptions) {
	if (collect === undefined) throw new Error('start the process with --expose-gc');
	for (let pass = 0; pass < 4; pass++) {
		collect(options);
		await sleep(150);
	}
	const { rss, heapUsed, external } = process.memoryUsage();
	return { rssBytes: rss, heapBytes: heapUsed + external } satisfies Memory;
}

const resident = () => memoryAfter(globalThis.gc, { type: 'major', execution: 'sync' });

const live = () =>
	memoryAfter(globalThis.gc, { type: 'major', execution: 'sync', flavor: 'last-resort' });

const tell = (message: Told) => process.send?.(message);

/** A server under test, as its file of `servers/` has started it. */
interface Served {
	readonly url: string;
	/** Of a node that calls institutions. */
	turns?(): readonly CircuitTurn[];
	stop(): Promise<unknown>;
}

async function answer(ask: Ask, server: Served): Promise<void> {
	if (ask.question === 'stop') {
		await server.stop();
		const { user, system } = process.cpuUsage();
		const bye: Told = { bench: 'bye', id: 0, answer: user + system };
		process.send?.(bye, undefined, undefined, () => process.exit(0));
		return;
	}
	const turns = () => server.turns?.() ?? [];
	const answers = { mark, read, watch, watched, resident, live, turns };
	tell({ bench: 'answer', id: ask.id, answer: await answers[ask.question]() });
}

/**
 * Runs a server in this process for the driver: `start` answers with its address and how to stop it.
 * The last argument of the process holds its options as JSON.
 */
export async function serve<Options>(start: (options: Options) => Promise<Served>): Promise<void> {
	const options = JSON.parse(process.argv[2] ?? '{}') as Options;
	const server = await start(options);
	process.on('message', (message) => {
		if (isAsk(message)) void answer(message, server);
	});
	// Whoever started this process is gone: nobody will ever stop it.
	process.on('disconnect', () => process.exit(0));
	tell({ bench: 'ready', id: 0, answer: server.url });
}
