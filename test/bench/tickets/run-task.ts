import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Bench } from '../harness/row.ts';
import { ServerProcess } from '../harness/server-process.ts';
import type { Tasks } from './task.ts';

const TASK = fileURLToPath(new URL('./task.ts', import.meta.url));
const OUTPUT_MAX = 1024 * 1024;

/** Runs a task in a process of its own, which may end itself with `SIGKILL` once it has answered. */
export function runTask<Name extends keyof Tasks>(
	bench: Bench,
	name: Name,
	options: Tasks[Name]['options'],
): Promise<Tasks[Name]['found']> {
	const profiling =
		bench.profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${bench.profileDir}`];
	const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning', ...profiling];
	const args = [...flags, TASK, name, JSON.stringify(options)];
	return new Promise((resolve, reject) => {
		execFile(process.execPath, args, { maxBuffer: OUTPUT_MAX }, (error, stdout, stderr) => {
			if (stdout === '') {
				reject(new Error(`task ${name}: ${stderr}`, { cause: error }));
				return;
			}
			const { found, cpuMicros } = JSON.parse(stdout);
			ServerProcess.cpuMicrosEnded += cpuMicros;
			resolve(found);
		});
	});
}
