import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { NodeId } from './directory.ts';
import type { Switchboard } from './switchboard.ts';

/** Calls to one node that may wait for their answers. */
const CALLS_MAX = 1_000;
const CALL_MAX_MS = 5_000;

/** Answers a call of another node, or of this one; what it throws is told to the caller as a message. */
export type NodeCall = (args: unknown) => unknown;

export interface NodeCallsOptions {
	readonly self: NodeId;
	readonly switchboard: Switchboard;
	readonly runtime: Pick<Runtime, 'after'>;
	readonly log: Log;
}

interface Waiting {
	readonly node: NodeId;
	readonly resolve: (value: unknown) => void;
	readonly reject: (error: Error) => void;
	readonly cancel: () => void;
}

/** Questions between nodes that are about the nodes themselves (operations), not about actors. */
export class NodeCalls {
	readonly #options: NodeCallsOptions;
	readonly #served = new Map<string, NodeCall>();
	readonly #waiting = new Map<number, Waiting>();
	#next = 0;

	constructor(options: NodeCallsOptions) {
		this.#options = options;
		const { switchboard } = options;
		switchboard.handle('call', (from, [id, name, args]) => {
			void this.#answer(from, id as number, { name: name as string, args });
		});
		switchboard.handle('called', (_, [id, value, message]) => {
			const waiting = this.#take(id as number);
			if (typeof message === 'string') waiting?.reject(new Error(message));
			else waiting?.resolve(value);
		});
		switchboard.onDown((peer) => this.#down(peer));
	}

	serve(name: string, call: NodeCall): void {
		this.#served.set(name, call);
	}

	/** Asks a node, perhaps this one. Rejects with what it threw, or when it does not answer in 5 s. */
	async ask(node: NodeId, name: string, args: unknown): Promise<unknown> {
		if (node === this.#options.self) return this.#run(name, args);
		if (this.#waiting.size >= CALLS_MAX) throw new Error('too many calls to other nodes wait');
		return new Promise((resolve, reject) => {
			const id = ++this.#next;
			const late = () => this.#take(id)?.reject(new Error(`node ${node} does not answer`));
			const cancel = this.#options.runtime.after(CALL_MAX_MS, late);
			this.#waiting.set(id, { node, resolve, reject, cancel });
			this.#options.switchboard.send(node, 'call', id, name, args);
		});
	}

	async #run(name: string, args: unknown): Promise<unknown> {
		const call = this.#served.get(name);
		if (call === undefined) throw new Error(`this node knows no call ${name}`);
		return call(args);
	}

	async #answer(
		from: NodeId,
		id: number,
		{ name, args }: { name: string; args: unknown },
	): Promise<void> {
		const { log, switchboard } = this.#options;
		try {
			switchboard.send(from, 'called', id, await this.#run(name, args));
		} catch (error) {
			log.warn({ err: error, peer: from, call: name }, 'a call of another node failed');
			switchboard.send(from, 'called', id, null, (error as Error).message);
		}
	}

	#take(id: number): Waiting | undefined {
		const waiting = this.#waiting.get(id);
		this.#waiting.delete(id);
		waiting?.cancel();
		return waiting;
	}

	#down(peer: NodeId): void {
		for (const [id, { node }] of this.#waiting) {
			if (node === peer) this.#take(id)?.reject(new Error(`node ${node} is not heard any more`));
		}
	}
}
