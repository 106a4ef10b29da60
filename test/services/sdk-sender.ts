import { setTimeout as sleep } from 'node:timers/promises';
import type { NaruError } from '../../client-sdk/src/index.ts';
import type { Device } from '../support/device.ts';
import type { Acknowledged, Sender } from './chaos-load.ts';

/** Messages on their way; more wait until one is answered, so that an outage is not followed by a flood. */
const UNDER_WAY_MAX = 8;

/** A change to an own message; each is told apart by what it writes. */
export interface Change {
	readonly channelId: string;
	readonly type: 'edited' | 'deleted' | 'reacted';
	readonly seq: number;
	/** Whether it was acknowledged; otherwise it timed out, and may have taken effect. */
	isSure: boolean;
}

/** A person who writes, corrects, takes back and likes, over the SDK, without waiting for answers. */
export class SdkSender implements Sender {
	readonly channelId: string;
	readonly userId: string;
	readonly given: string[] = [];
	readonly acknowledged: Acknowledged[] = [];
	readonly changes: Change[] = [];
	readonly isSure = true;
	readonly #device: Device;
	readonly #random: () => number;
	readonly #everyMs: number;
	readonly #underWay = new Set<Promise<void>>();
	readonly #failures: unknown[] = [];
	#isStopped = false;
	#running: Promise<void> = Promise.resolve();

	constructor(
		device: Device,
		channelId: string,
		{ random, everyMs }: { readonly random: () => number; readonly everyMs: number },
	) {
		this.#device = device;
		this.userId = device.userId;
		this.channelId = channelId;
		this.#random = random;
		this.#everyMs = everyMs;
	}

	start(): void {
		this.#running = this.#run();
	}

	async stop(): Promise<void> {
		this.#isStopped = true;
		await this.#running;
		await Promise.all(this.#underWay);
		for (const failure of this.#failures) throw failure;
	}

	get #channel() {
		return this.#device.naru.channel(this.channelId);
	}

	async #run(): Promise<void> {
		while (!this.#isStopped) {
			if (this.#underWay.size < UNDER_WAY_MAX) {
				const sending = this.#send()
					.catch((error: unknown) => this.#failed(error))
					.finally(() => this.#underWay.delete(sending));
				this.#underWay.add(sending);
			}
			await sleep(this.#everyMs * (0.5 + this.#random()));
		}
	}

	#failed(error: unknown): void {
		this.#failures.push(error);
		this.#isStopped = true;
	}

	async #send(): Promise<void> {
		const text = `${this.userId} ${this.given.length + 1}`;
		this.given.push(text);
		const { seq, id } = await this.#channel.send(text);
		this.acknowledged.push({ channelId: this.channelId, seq, id, text, at: Date.now() });
		const chance = this.#random();
		if (chance < 0.06) await this.#change('edited', seq);
		else if (chance < 0.1) await this.#change('deleted', seq);
		else if (chance < 0.2) await this.#change('reacted', seq);
	}

	async #change(type: Change['type'], seq: number): Promise<void> {
		const change: Change = { channelId: this.channelId, type, seq, isSure: false };
		this.changes.push(change);
		try {
			if (type === 'edited') await this.#channel.edit(seq, `${this.userId} edited ${seq}`);
			else if (type === 'deleted') await this.#channel.delete(seq);
			else await this.#channel.react(seq, '👍');
			change.isSure = true;
		} catch (error) {
			// While the servers are away for long; whether it takes effect is open.
			if (!OPEN.has((error as NaruError).code)) throw error;
		}
	}
}

const OPEN: ReadonlySet<string> = new Set(['TIMEOUT', 'UNAVAILABLE', 'BUSY', 'AGAIN', 'MOVED']);
