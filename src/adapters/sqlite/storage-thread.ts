import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { StorageError } from './storage-error.ts';
import type { Answer, Call, OpsOf, ToThread } from './thread-protocol.ts';

interface Waiting {
	resolve(value: unknown): void;
	reject(error: StorageError): void;
}

export interface ThreadOptions {
	/** For errors: `journal`, `views`, `read`. */
	readonly name: string;
	readonly script: URL;
	readonly data: unknown;
	/** Gathers the calls of one event-loop turn into one message; a hop costs 32 µs however long. */
	readonly gathers: boolean;
	/** The thread ended without being asked to; every call is rejected from now on. */
	readonly onFailed: (error: StorageError) => void;
}

/** The main thread's end of a storage thread: calls go out in order, answers come back as promises. */
export class StorageThread<Ops extends OpsOf<Ops>> {
	readonly #worker: Worker;
	readonly #options: ThreadOptions;
	readonly #waiting = new Map<number, Waiting>();
	#calls: Call[] = [];
	#transfer: ArrayBuffer[] = [];
	#nextId = 1;
	/** Why no call is taken any more. */
	#ended: StorageError | undefined;

	private constructor(options: ThreadOptions, worker: Worker) {
		this.#options = options;
		this.#worker = worker;
		worker.on('message', (answers: readonly Answer[]) => this.#take(answers));
		worker.on('error', (cause) => this.#fail(cause));
		worker.on('exit', () => this.#fail(undefined));
	}

	/** Starts the thread; resolves when it has opened its files, rejects with what kept it from that. */
	static async start<Ops extends OpsOf<Ops>>(options: ThreadOptions): Promise<StorageThread<Ops>> {
		const worker = new Worker(options.script, { workerData: options.data, name: options.name });
		// The first message says that the files are open; an error before it rejects.
		await once(worker, 'message');
		return new StorageThread<Ops>(options, worker);
	}

	/** Calls an operation; the buffers in `transfer` are handed over and empty afterwards. */
	call<Op extends keyof Ops & string>(
		op: Op,
		args: Parameters<Ops[Op]>[0],
		transfer: readonly ArrayBuffer[] = [],
	): Promise<ReturnType<Ops[Op]>> {
		if (this.#ended !== undefined) return Promise.reject(this.#ended);
		const id = this.#nextId++;
		if (this.#calls.length === 0 && this.#options.gathers) setImmediate(() => this.#flush());
		this.#calls.push([id, op, args]);
		this.#transfer.push(...transfer);
		const answer = new Promise<unknown>((resolve, reject) => {
			this.#waiting.set(id, { resolve, reject });
		});
		if (!this.#options.gathers) this.#flush();
		return answer as Promise<ReturnType<Ops[Op]>>;
	}

	/** Lets the thread answer what it has, close its files and end. */
	async close(): Promise<void> {
		if (this.#ended !== undefined) return;
		this.#flush();
		this.#ended = new StorageError(`the ${this.#options.name} storage is closed`);
		const exit = once(this.#worker, 'exit');
		this.#worker.postMessage('close' satisfies ToThread);
		await exit;
	}

	#flush(): void {
		if (this.#calls.length === 0) return;
		const calls = this.#calls;
		const transfer = this.#transfer;
		this.#calls = [];
		this.#transfer = [];
		this.#worker.postMessage(calls satisfies ToThread, transfer);
	}

	#take(answers: readonly Answer[]): void {
		for (const [id, error, value] of answers) {
			const waiting = this.#waiting.get(id);
			this.#waiting.delete(id);
			if (error === undefined) waiting?.resolve(value);
			else waiting?.reject(new StorageError(`${this.#options.name} storage: ${error}`));
		}
	}

	#fail(cause: unknown): void {
		const isExpected = this.#ended !== undefined;
		this.#ended ??= new StorageError(`the ${this.#options.name} storage thread ended by itself`, {
			cause,
		});
		this.#calls = [];
		this.#transfer = [];
		for (const { reject } of this.#waiting.values()) reject(this.#ended);
		this.#waiting.clear();
		if (!isExpected) this.#options.onFailed(this.#ended);
	}
}
