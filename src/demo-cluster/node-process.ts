import { type ChildProcess, spawn } from 'node:child_process';
import type { Target } from './entry.ts';

/** A node that ended is started again after this long. */
const RESTART_MS = 3_000;
const READY_POLL_MS = 500;
const STOP_MAX_MS = 35_000;

export interface NodeOptions {
	readonly name: string;
	/** The file that starts a node. */
	readonly main: string;
	/** All settings of the node but its port. */
	readonly settings: Readonly<Record<string, string | undefined>>;
	readonly say: (line: string) => void;
}

/** One node in a process of its own, started again whenever it ends. */
export class NodeProcess {
	readonly #options: NodeOptions;
	#child: ChildProcess | undefined;
	#target: Target | undefined;
	#isReady = false;
	#stopping = false;
	#poll: NodeJS.Timeout | undefined;

	constructor(options: NodeOptions) {
		this.#options = options;
		this.#start();
	}

	/** Where it takes connections; `undefined` while it starts, drains or is gone. */
	get ready(): Target | undefined {
		return this.#isReady ? this.#target : undefined;
	}

	/** Asks it to drain and end; resolves when it has. */
	async stop(): Promise<void> {
		this.#stopping = true;
		const child = this.#child;
		if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
		child.kill('SIGTERM');
		const cut = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
		await ended;
		clearTimeout(cut);
	}

	#start(): void {
		const { name, main, settings, say } = this.#options;
		const env = { ...settings, PORT: '0' };
		const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
		this.#child = child;
		let output = '';
		child.stdout.setEncoding('utf8').on('data', (text: string) => {
			output = `${output}${text}`.slice(-2_000);
			if (this.#target !== undefined || !/^ready$/m.test(output)) return;
			const [, host, port] = /http:\/\/([^:/]+):(\d+)\//.exec(output) ?? [];
			if (host === undefined) return;
			this.#target = { host, port: Number(port) };
			say(`${name}: pid ${child.pid}, http://${host}:${port}`);
			this.#watch(this.#target);
		});
		child.once('exit', (code, signal) => this.#ended(code, signal));
	}

	/** Follows whether it wants connections. */
	#watch(target: Target): void {
		const ask = async () => {
			try {
				const answer = await fetch(`http://${target.host}:${target.port}/readyz`, {
					signal: AbortSignal.timeout(READY_POLL_MS),
				});
				if (this.#target === target) this.#isReady = answer.ok;
			} catch {
				if (this.#target === target) this.#isReady = false;
			}
		};
		void ask();
		this.#poll = setInterval(() => void ask(), READY_POLL_MS);
	}

	#ended(code: number | null, signal: NodeJS.Signals | null): void {
		clearInterval(this.#poll);
		this.#isReady = false;
		this.#target = undefined;
		if (this.#stopping) return;
		const { name, say } = this.#options;
		say(`${name}: ended (${signal ?? code}), starts again in ${RESTART_MS / 1_000} s`);
		setTimeout(() => {
			if (!this.#stopping) this.#start();
		}, RESTART_MS);
	}
}
