import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Filling } from './fill-history.ts';
import type { Bench } from './row.ts';
import { ServerProcess } from './server-process.ts';

/** A data directory with one channel that is very long and some that are short. */
export interface LongHistory {
	readonly directory: string;
	readonly deep: string;
	/** Messages in `deep`. */
	readonly messages: number;
	readonly shallow: string;
	/** Like `shallow`: to get the server's code hot. */
	readonly others: readonly string[];
}

const FULL_MESSAGES = 3_000_000;
const QUICK_MESSAGES = 100_000;
export const SHALLOW_MESSAGES = 1_000;
/** Enough that what an actor holds stands out from the noise of a heap. */
const MEMBERS = 2_000;
const OTHERS = ['other-1', 'other-2', 'other-3', 'other-4'];
const FILLER = fileURLToPath(new URL('./fill-history.ts', import.meta.url));

let made: Promise<LongHistory> | undefined;

/** Makes it once for all rows of this process, which removes it at its end. */
export function longHistory(bench: Bench): Promise<LongHistory> {
	made ??= make(bench);
	return made;
}

async function make(bench: Bench): Promise<LongHistory> {
	const directory = mkdtempSync(join(tmpdir(), 'naru-bench-'));
	process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
	const messages = bench.quick ? QUICK_MESSAGES : FULL_MESSAGES;
	const short = ['shallow', ...OTHERS].map((id): [string, number] => [id, SHALLOW_MESSAGES]);
	const channels = { deep: messages, ...Object.fromEntries(short) };
	const filling: Filling = { directory, channels, members: MEMBERS };
	const start = performance.now();
	const { stdout } = await promisify(execFile)(process.execPath, [FILLER, JSON.stringify(filling)]);
	ServerProcess.cpuMicrosEnded += Number(stdout);
	const seconds = (performance.now() - start) / 1_000;
	bench.progress(`filled a channel with ${messages} messages in ${seconds.toFixed(0)} s`);
	return { directory, deep: 'deep', messages, shallow: 'shallow', others: OTHERS };
}
