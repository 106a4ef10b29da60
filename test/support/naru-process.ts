import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { START_FLAGS } from './start-flags.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const START_MAX_MS = 30_000;

export interface NaruProcessOptions {
	readonly directory: string;
	/** 0: any free one. */
	readonly port?: number;
	readonly env?: Readonly<Record<string, string>>;
	/** The file that starts the server; that of production when absent. */
	readonly main?: string;
}

/** How a process ended. */
export interface Ended {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
}

/** The server as it is started in production, in a process of its own. */
export class NaruProcess {
	readonly ended: Promise<Ended>;
	readonly #child: ChildProcess;
	#output = '';
	#errors = '';
	#watchers: (() => void)[] = [];

	constructor({ directory, port = 0, env, main = MAIN }: NaruProcessOptions) {
		this.#child = spawn(process.execPath, [...START_FLAGS, main], {
			env: {
				PORT: String(port),
				NARU_DATA_DIR: directory,
				LOG_LEVEL: 'warn',
				SIMULATORS: 'off',
				...env,
			},
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		const { stdout, stderr } = this.#child;
		stdout?.setEncoding('utf8').on('data', (text: string) => {
			this.#output += text;
			for (const watch of this.#watchers) watch();
		});
		stderr?.setEncoding('utf8').on('data', (text: string) => {
			this.#errors += text;
		});
		this.ended = new Promise((resolve) => {
			this.#child.once('close', (code, signal) => {
				resolve({ code, signal });
				for (const watch of this.#watchers) watch();
			});
		});
	}

	/** Resolves when it accepts sockets; rejects with what it said when it ends before. */
	static async start(options: NaruProcessOptions): Promise<NaruProcess> {
		const started = new NaruProcess(options);
		await started.#ready();
		return started;
	}

	get url(): string {
		const [, url] = /(http:\/\/\S+?)\/\s/.exec(this.#output) ?? [];
		if (url === undefined) throw new Error('the process has not said where it is');
		return url;
	}

	get port(): number {
		return Number(new URL(this.url).port);
	}

	/** What it printed so far. */
	get output(): string {
		return this.#output;
	}

	get errors(): string {
		return this.#errors;
	}

	/** Ends it as a power cut would, as far as the process goes. */
	async kill(): Promise<Ended> {
		this.#child.kill('SIGKILL');
		return this.ended;
	}

	/** It does nothing any more until it is resumed; what it is sent meanwhile waits. */
	pause(): void {
		this.#child.kill('SIGSTOP');
	}

	resume(): void {
		this.#child.kill('SIGCONT');
	}

	get isRunning(): boolean {
		const { exitCode, signalCode } = this.#child;
		return exitCode === null && signalCode === null;
	}

	/** Asks it to drain and end. */
	async terminate(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<Ended> {
		this.#child.kill(signal);
		return this.ended;
	}

	#ready(): Promise<void> {
		return new Promise((resolve, reject) => {
			const done = (finish: () => void) => {
				clearTimeout(timer);
				this.#watchers = [];
				finish();
			};
			const timer = setTimeout(() => {
				this.#child.kill('SIGKILL');
				done(() => reject(new Error(`not ready in time: ${this.#output}${this.#errors}`)));
			}, START_MAX_MS);
			this.#watchers.push(() => {
				if (/^ready$/m.test(this.#output)) return done(resolve);
				if (this.isRunning) return;
				done(() => reject(new Error(`ended before it was ready: ${this.#errors}`)));
			});
		});
	}
}
