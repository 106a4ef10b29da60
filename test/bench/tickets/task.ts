/**
 * One measurement of a sale, run as a process: name and options as JSON are its arguments. Prints what
 * it has found, and the CPU time it took, as JSON.
 */
import { writeSync } from 'node:fs';
import { enter } from './enter.ts';
import { holds } from './holds.ts';
import { pace } from './pace.ts';
import { restore } from './restore.ts';
import { ticks } from './ticks.ts';

const TASKS = { enter, holds, pace, restore, ticks };

export type Tasks = {
	readonly [Name in keyof typeof TASKS]: {
		readonly options: Parameters<(typeof TASKS)[Name]>[0];
		readonly found: Awaited<ReturnType<(typeof TASKS)[Name]>>;
	};
};

const [, , name = '', options = '{}'] = process.argv;
const task = TASKS[name as keyof typeof TASKS] as (options: never) => Promise<object>;
const found = await task(JSON.parse(options) as never);
const { user, system } = process.cpuUsage();
// At once: the task may have asked for a sudden end.
writeSync(1, JSON.stringify({ found, cpuMicros: user + system }));
if ('dies' in found && found.dies === true) process.kill(process.pid, 'SIGKILL');
process.exit(0);
