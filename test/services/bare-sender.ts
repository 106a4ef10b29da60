import { setTimeout as sleep } from 'node:timers/promises';
import { OP } from '../../src/protocol/frames.ts';
import type { Reply } from '../../src/protocol/wire.ts';
import { FrameClient } from '../support/frame-client.ts';
import { socketUrl } from '../support/world.ts';
import type { Acknowledged, Sender } from './chaos-load.ts';
import type { ClusterNodes } from './cluster-nodes.ts';

const HANDLE = 1;
const ANSWER_MAX_MS = 3_000;

export interface SenderOptions {
	readonly userId: string;
	readonly channelId: string;
	readonly everyMs: number;
	/** The node that it begins with. */
	readonly first: number;
}

/** Sends without request ids, over the bare protocol, and never twice: what is not answered is open. */
export class BareSender implements Sender {
	readonly channelId: string;
	readonly given: string[] = [];
	readonly acknowledged: Acknowledged[] = [];
	readonly isSure = false;
	readonly #cluster: ClusterNodes;
	readonly #options: SenderOptions;
	#isStopped = false;
	#running: Promise<void> = Promise.resolve();
	#at: number;
	#client: FrameClient | undefined;
	#n = 0;

	constructor(cluster: ClusterNodes, options: SenderOptions) {
		this.#cluster = cluster;
		this.#options = options;
		this.#at = options.first;
		this.channelId = options.channelId;
	}

	start(): void {
		this.#running = this.#run();
	}

	async stop(): Promise<void> {
		this.#isStopped = true;
		await this.#running;
		this.#drop();
	}

	async #run(): Promise<void> {
		while (!this.#isStopped) {
			try {
				this.#client ??= await this.#connect();
				await this.#send(this.#client);
			} catch {
				this.#drop();
				this.#at++;
			}
			await sleep(this.#options.everyMs);
		}
	}

	async #connect(): Promise<FrameClient> {
		const { nodes } = this.#cluster;
		const url = nodes[this.#at % nodes.length]?.url ?? '';
		const token = await this.#cluster.token(this.#options.userId);
		const client = new FrameClient(socketUrl(url));
		try {
			return await inTime(this.#open(client, token));
		} catch (error) {
			client.socket.terminate();
			throw error;
		}
	}

	async #open(client: FrameClient, token: string): Promise<FrameClient> {
		await client.whenOpen();
		client.send(0, OP.hello, { versions: [1], token });
		await client.next(({ op }) => op === OP.welcome);
		const { op } = await client.open(HANDLE, { kind: 'channel', id: this.channelId });
		if (op === OP.error) throw new Error('it was not opened');
		this.#n = 0;
		return client;
	}

	async #send(client: FrameClient): Promise<void> {
		const text = `${this.#options.userId} ${this.given.length + 1}`;
		this.given.push(text);
		const answer = client.command(HANDLE, ++this.#n, 'send', { text });
		const [, result, refusal]: Reply = await inTime(answer);
		if (refusal !== undefined) throw new Error(refusal.code);
		const { seq, id } = result as { seq: number; id: string };
		this.acknowledged.push({ channelId: this.channelId, seq, id, text, at: Date.now() });
		client.frames.length = 0;
	}

	#drop(): void {
		this.#client?.socket.terminate();
		this.#client = undefined;
	}
}

function inTime<T>(answer: Promise<T>): Promise<T> {
	const late = sleep(ANSWER_MAX_MS, undefined, { ref: false }).then(() => {
		throw new Error('no answer in time');
	});
	return Promise.race([answer, late]);
}
