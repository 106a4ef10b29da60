import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServicesError } from './cache.ts';

/** A process that outlives us. A pid alone may have been given to another one since. */
export interface Started {
	readonly name: string;
	readonly pid: number;
	/** When the kernel started it, in ticks since the machine did. */
	readonly startTime: string;
	/** What ends it in order. */
	readonly stopSignal: 'SIGTERM' | 'SIGINT';
}

const STOP_MS = 15_000;
const POLL_MS = 50;

/** Field 22 of /proc/PID/stat; `undefined` when there is no such process, or only its remains. */
function startTimeOf(pid: number): string | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
		// The name in brackets may hold anything, also brackets.
		const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		return fields[0] === 'Z' ? undefined : fields[19];
	} catch {
		return undefined;
	}
}

export const isRunning = ({ pid, startTime }: Started): boolean => startTimeOf(pid) === startTime;

export interface Daemon {
	readonly name: string;
	readonly argv: readonly string[];
	readonly logFile: string;
	readonly stopSignal?: 'SIGTERM' | 'SIGINT';
}

/** Starts it in a session of its own, its output in the log file. */
export async function startDaemon(daemon: Daemon): Promise<Started> {
	const { name, argv, logFile, stopSignal = 'SIGTERM' } = daemon;
	const [command = '', ...args] = argv;
	const log = openSync(logFile, 'a');
	const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
	closeSync(log);
	await new Promise((resolve, reject) => {
		child.once('spawn', resolve);
		child.once('error', (error) => reject(new ServicesError(`${name}: ${error.message}`)));
	});
	child.unref();
	const pid = child.pid as number;
	const startTime = startTimeOf(pid);
	if (startTime === undefined) throw endedAtOnce(name, logFile);
	return { name, pid, startTime, stopSignal };
}

export const endedAtOnce = (name: string, logFile: string) =>
	new ServicesError(`${name} ended at once; its last words:\n${tail(logFile)}`);

function tail(file: string): string {
	return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}

/** Ends it if it is still the one that was started: in order, and by force when that takes too long. */
export async function stopDaemon(started: Started): Promise<void> {
	const until = Date.now() + STOP_MS;
	const signal = (name: NodeJS.Signals) => {
		if (isRunning(started)) process.kill(started.pid, name);
	};
	signal(started.stopSignal);
	while (isRunning(started)) {
		if (Date.now() > until) signal('SIGKILL');
		await sleep(POLL_MS);
	}
}
