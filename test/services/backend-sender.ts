import { setTimeout as sleep } from 'node:timers/promises';
import type { SenderOptions } from './bare-sender.ts';
import type { Acknowledged, Sender } from './chaos-load.ts';
import type { ClusterNodes } from './cluster-nodes.ts';

const ANSWER_MAX_MS = 5_000;

interface Sent {
	readonly seq: number;
	readonly id: string;
}

/**
 * A backend that speaks for a user by REST: each message with one key, at two nodes at once and again
 * until one has answered.
 */
export class BackendSender implements Sender {
	readonly channelId: string;
	readonly given: string[] = [];
	readonly acknowledged: Acknowledged[] = [];
	/** Answers to one key that were not the same. */
	readonly contradictions: string[] = [];
	readonly isSure = true;
	readonly #cluster: ClusterNodes;
	readonly #options: SenderOptions;
	#isStopped = false;
	#running: Promise<void> = Promise.resolve();
	#at: number;

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
	}

	async #run(): Promise<void> {
		const token = await this.#cluster.token('backend', ['service']);
		while (!this.#isStopped) {
			const text = `${this.#options.userId} ${this.given.length + 1}`;
			this.given.push(text);
			await this.#untilAnswered(token, text);
			await sleep(this.#options.everyMs);
		}
	}

	async #untilAnswered(token: string, text: string): Promise<void> {
		for (;;) {
			const answers = await Promise.all([this.#post(token, text, 0), this.#post(token, text, 1)]);
			const [one, other] = answers.filter((answer) => answer !== undefined);
			this.#at++;
			if (one === undefined) {
				await sleep(this.#options.everyMs);
				continue;
			}
			if (other !== undefined && other.id !== one.id) this.contradictions.push(text);
			this.acknowledged.push({ channelId: this.channelId, ...one, text, at: Date.now() });
			return;
		}
	}

	async #post(token: string, text: string, beside: number): Promise<Sent | undefined> {
		const { nodes } = this.#cluster;
		const url = nodes[(this.#at + beside) % nodes.length]?.url ?? '';
		const { userId } = this.#options;
		try {
			const response = await fetch(`${url}/api/v1/channels/${this.channelId}/messages`, {
				method: 'POST',
				headers: {
					authorization: `Bearer ${token}`,
					'content-type': 'application/json',
					'idempotency-key': text.replace(' ', '-'),
				},
				body: JSON.stringify({ userId, text }),
				signal: AbortSignal.timeout(ANSWER_MAX_MS),
			});
			return response.ok ? ((await response.json()) as Sent) : undefined;
		} catch {
			return undefined;
		}
	}
}
