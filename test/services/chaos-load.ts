import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../client-sdk/src/index.ts';
import type { Device } from '../support/device.ts';
import { seeded } from '../support/seeded.ts';
import { BackendSender } from './backend-sender.ts';
import { BareSender } from './bare-sender.ts';
import type { ClusterNodes } from './cluster-nodes.ts';
import { SdkSender } from './sdk-sender.ts';

export interface LoadOptions {
	readonly channels: readonly string[];
	/** Members of every channel, spread over the nodes. */
	readonly members: number;
	/** How many of them send, in every channel. */
	readonly senders: number;
	/** Between two messages of a sender in a channel, on average. */
	readonly everyMs: number;
	readonly seed: number;
}

/** What one device went through in one channel. */
export class Witness {
	readonly device: Device;
	readonly channelId: string;
	readonly told: Message[] = [];
	resets = 0;

	constructor(device: Device, channelId: string) {
		this.device = device;
		this.channelId = channelId;
		this.channel.on('message', (message) => this.told.push(message));
		this.channel.on('reset', () => this.resets++);
	}

	get channel() {
		return this.device.naru.channel(this.channelId);
	}
}

/** That a message of a channel was acknowledged. */
export interface Acknowledged {
	readonly channelId: string;
	readonly seq: number;
	readonly id: string;
	readonly text: string;
	readonly at: number;
}

/** Sends in one channel until it is stopped; all that was acknowledged is kept. */
export interface Sender {
	readonly channelId: string;
	readonly given: readonly string[];
	readonly acknowledged: readonly Acknowledged[];
	/** Whether whatever was given is acknowledged when it has stopped. */
	readonly isSure: boolean;
	start(): void;
	/** Resolves when nothing of it is on its way any more. */
	stop(): Promise<void>;
}

const BASE = { members: 24, senders: 6, everyMs: 250 };

/** Clients of all nodes that chat in some channels, by every way there is. */
export class ChaosLoad {
	readonly cluster: ClusterNodes;
	readonly options: LoadOptions;
	readonly devices: readonly Device[];
	readonly witnesses: Witness[] = [];
	readonly sdk: SdkSender[] = [];
	readonly bare: BareSender[] = [];
	readonly backend: BackendSender[] = [];

	private constructor(cluster: ClusterNodes, options: LoadOptions) {
		this.cluster = cluster;
		this.options = options;
		this.devices = Array.from({ length: options.members }, (_, n) =>
			cluster.device(`m${n}`, n % cluster.nodes.length),
		);
	}

	/** Joins all members to all channels, and begins to send. */
	static async start(
		cluster: ClusterNodes,
		options: Partial<LoadOptions> & Pick<LoadOptions, 'channels' | 'seed'>,
	): Promise<ChaosLoad> {
		const load = new ChaosLoad(cluster, { ...BASE, ...options });
		await Promise.all(load.devices.map((device) => load.#join(device)));
		await load.#addSenders();
		for (const sender of load.senders) sender.start();
		await load.flows();
		return load;
	}

	get senders(): readonly Sender[] {
		return [...this.sdk, ...this.bare, ...this.backend];
	}

	/**
	 * Resolves when something that every sender gives from now on was acknowledged; tells whose was last.
	 */
	async flows(senders: readonly Sender[] = this.senders): Promise<string> {
		const isBack = this.#isBackFromNow();
		let last = senders[0];
		for (;;) {
			const missing = senders.find((sender) => !isBack(sender));
			if (missing === undefined) return `${last?.constructor.name} in ${last?.channelId}`;
			last = missing;
			await sleep(20);
		}
	}

	/** Resolves when every channel has taken, from whomever, something that was given from now on. */
	async serves(channels: readonly string[] = this.options.channels): Promise<void> {
		const isBack = this.#isBackFromNow();
		const serves = (id: string) =>
			this.senders.some((sender) => sender.channelId === id && isBack(sender));
		while (!channels.every(serves)) await sleep(20);
	}

	/** Resolves when nothing is on its way any more. */
	async stop(): Promise<void> {
		await Promise.all(this.senders.map((sender) => sender.stop()));
	}

	/** The longest time between two acknowledgements in each channel, from then on. */
	pauses(from: number): Map<string, number> {
		const pauses = new Map<string, number>();
		for (const channelId of this.options.channels) {
			const times = this.senders
				.filter((sender) => sender.channelId === channelId)
				.flatMap(({ acknowledged }) => acknowledged.map(({ at }) => at))
				.filter((at) => at >= from)
				.sort((one, other) => one - other);
			const gaps = times.map((at, n) => at - (times[n - 1] ?? from));
			pauses.set(channelId, Math.max(0, ...gaps));
		}
		return pauses;
	}

	#isBackFromNow(): (sender: Sender) => boolean {
		const given = new Map(this.senders.map((sender) => [sender, sender.given.length]));
		return (sender) => {
			const last = sender.acknowledged.at(-1)?.text ?? '';
			return sender.given.indexOf(last) >= (given.get(sender) ?? 0);
		};
	}

	/** Each begins with another channel, so that these have owners at several nodes. */
	async #join(device: Device): Promise<void> {
		const { channels } = this.options;
		const from = this.devices.indexOf(device) % channels.length;
		for (const id of [...channels.slice(from), ...channels.slice(0, from)]) {
			await device.naru.channel(id).join();
			await device.naru.channel(id).open({ last: 0 });
			this.witnesses.push(new Witness(device, id));
		}
	}

	async #addSenders(): Promise<void> {
		const { channels, senders, everyMs, seed } = this.options;
		const random = seeded(seed);
		for (const [n, device] of this.devices.slice(0, senders).entries()) {
			for (const id of channels) this.sdk.push(new SdkSender(device, id, { random, everyMs }));
			const [only] = channels.slice(n % channels.length);
			if (only === undefined || n >= 2) continue;
			for (const kind of [BareSender, BackendSender]) {
				const userId = `${kind.name}${n}`;
				await this.cluster.device(userId, n).naru.channel(only).join();
				const given = { userId, channelId: only, everyMs, first: n };
				if (kind === BareSender) this.bare.push(new BareSender(this.cluster, given));
				else this.backend.push(new BackendSender(this.cluster, given));
			}
		}
	}
}
