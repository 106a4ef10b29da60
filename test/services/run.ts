import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ServicesError } from './cache.ts';
import { say } from './say.ts';

const LINES_KEPT_MAX = 20;
const SHOWN_EVERY_MS = 2_000;
const QUICK_MS = 10_000;

export interface RunOptions extends Pick<SpawnOptions, 'cwd' | 'env'> {
	/** Shown in front of the command's own lines, of which one is shown every two seconds. */
	readonly name: string;
	readonly timeoutMs: number;
}

/** What a quick command prints; `undefined` when it fails, or is not there. */
export function answerOf([command = '', ...args]: readonly string[]): string | undefined {
	const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: QUICK_MS });
	return status === 0 ? stdout : undefined;
}

/** Runs a command to its end; rejects with its last lines when it fails. */
export async function run(argv: readonly string[], options: RunOptions): Promise<void> {
	const { name, timeoutMs, ...spawning } = options;
	const [command = '', ...args] = argv;
	const child = spawn(command, args, {
		...spawning,
		stdio: ['ignore', 'pipe', 'pipe'],
		timeout: timeoutMs,
	});
	const last: string[] = [];
	let shownAt = Date.now();
	const take = (line: string) => {
		last.push(line);
		if (last.length > LINES_KEPT_MAX) last.shift();
		if (Date.now() - shownAt < SHOWN_EVERY_MS) return;
		shownAt = Date.now();
		say(`${name}: ${line}`);
	};
	for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', take);
	const code = await new Promise<number | string>((resolve) => {
		child.once('error', (error) => resolve(error.message));
		child.once('close', (exit, signal) => resolve(exit ?? signal ?? 'no exit code'));
	});
	if (code !== 0) throw new ServicesError(`${name} failed (${code}):\n${last.join('\n')}`);
}

const REMOVE_MS = 60_000;

/** Removes a Debian of ours, and nothing that an interrupted run may have left mounted in it. */
export async function removeTree(path: string): Promise<void> {
	await run(['rm', '-rf', '--one-file-system', path], { name: 'rm', timeoutMs: REMOVE_MS });
}
