import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { START_FLAGS } from '../../support/start-flags.ts';
import { type Ask, isTold, type Question, type Questions } from './control.ts';

const START_MAX_MS = 60_000;
const STOP_MAX_MS = 10_000;

/** A file of `servers/` and what it is started with. */
export interface ServerSpec {
	readonly file: string;
	readonly options?: object;
	/** Folder for a CPU profile. */
	readonly profileDir?: string | undefined;
}

const entryOf = (file: string) => fileURLToPath(new URL(`../servers/${file}`, import.meta.url));

function execArgv({ profileDir }: ServerSpec): string[] {
	// As `npm start`, for all systems alike.
	const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning', ...START_FLAGS];
	return profileDir === undefined
		? flags
		: [...flags, '--cpu-prof', `--cpu-prof-dir=${profileDir}`];
}

/** One system under test in a process of its own. */
export class ServerProcess implements AsyncDisposable {
	/** CPU time of all servers that were stopped. */
	static cpuMicrosEnded = 0;

	readonly #child: ChildProcess;
	readonly #waiting = new Map<number, (answer: unknown) => void>();
	#asked = 0;
	/** Where clients connect, `http://127.0.0.1:port`. */
	readonly url: string;

	private constructor(child: ChildProcess, url: string) {
		this.#child = child;
		this.url = url;
		child.on('message', (message) => {
			if (!isTold(message)) return;
			if (message.bench === 'bye') ServerProcess.cpuMicrosEnded += Number(message.answer);
			this.#waiting.get(message.id)?.(message.answer);
			this.#waiting.delete(message.id);
		});
	}

	/** Forks the server; resolves when it accepts sockets. */
	static start(spec: ServerSpec): Promise<ServerProcess> {
		const child = fork(entryOf(spec.file), [JSON.stringify(spec.options ?? {})], {
			execArgv: execArgv(spec),
			// What a server prints must not get into the table.
			stdio: ['ignore', 2, 'inherit', 'ipc'],
		});
		return new Promise((resolve, reject) => {
			const tooLate = setTimeout(() => {
				child.kill('SIGKILL');
				reject(new Error(`${spec.file} was not ready in ${START_MAX_MS} ms`));
			}, START_MAX_MS);
			child.once('exit', (code) => {
				clearTimeout(tooLate);
				reject(new Error(`${spec.file} ended with ${code} before it was ready`));
			});
			const onMessage = (message: unknown) => {
				if (!isTold(message) || message.bench !== 'ready') return;
				clearTimeout(tooLate);
				child.off('message', onMessage).removeAllListeners('exit');
				resolve(new ServerProcess(child, String(message.answer)));
			};
			child.on('message', onMessage);
		});
	}

	/** Asks the process; rejects when it ends instead of answering. */
	ask<Q extends Question>(question: Q): Promise<Questions[Q]> {
		const id = ++this.#asked;
		return new Promise((resolve, reject) => {
			const ended = () => reject(new Error(`the server ended while asked for ${question}`));
			this.#child.once('exit', ended);
			this.#waiting.set(id, (answer) => {
				this.#child.off('exit', ended);
				resolve(answer as Questions[Q]);
			});
			this.#child.send({ bench: 'ask', id, question } satisfies Ask);
		});
	}

	/** `SIGKILL` ends it as a power cut would, `SIGSTOP` lets it hang until `SIGCONT`. */
	signal(name: NodeJS.Signals): void {
		this.#child.kill(name);
	}

	/** Lets the server end by itself, and ends it when it does not within that time. */
	async stop(withinMs: number): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		const ended = once(this.#child, 'exit');
		const tooLate = setTimeout(() => this.#child.kill('SIGKILL'), withinMs);
		this.#child.send({ bench: 'ask', id: 0, question: 'stop' } satisfies Ask);
		await ended;
		clearTimeout(tooLate);
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.stop(STOP_MAX_MS);
	}
}
