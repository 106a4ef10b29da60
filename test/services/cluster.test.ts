import { afterEach, expect, test } from 'vitest';
import type { Naru } from '../../client-sdk/src/index.ts';
import { until } from '../support/world.ts';
import { ClusterNodes } from './cluster-nodes.ts';

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

/** A member of one channel: what it heard, and what it sent that was acknowledged. */
class Member {
	readonly heard: { readonly seq: number; readonly text: string }[] = [];
	readonly sent: { readonly seq: number; readonly text: string }[] = [];
	readonly channel;
	readonly #name: string;
	#isStopped = false;
	#sending: Promise<void> = Promise.resolve();
	#count = 0;

	constructor(naru: Naru, name: string, channelId: string) {
		this.#name = name;
		this.channel = naru.channel(channelId);
		this.channel.on('message', ({ seq, text }) => this.heard.push({ seq, text }));
	}

	/** Sends one message behind the other until it is stopped. */
	start(pauseMs: number): void {
		this.#isStopped = false;
		this.#sending = (async () => {
			while (!this.#isStopped) {
				await this.send();
				await new Promise((go) => setTimeout(go, pauseMs));
			}
		})();
	}

	async send(): Promise<void> {
		const text = `${this.#name} ${++this.#count}`;
		const { seq } = await this.channel.send(text);
		this.sent.push({ seq, text });
	}

	async stop(): Promise<void> {
		this.#isStopped = true;
		await this.#sending;
	}
}

/** Everybody heard everything once, in order, as it stands in the history. */
async function expectSameHistory(members: readonly Member[]): Promise<void> {
	const all = members.flatMap(({ sent }) => sent).sort((one, other) => one.seq - other.seq);
	const last = all.at(-1)?.seq ?? 0;
	await until(() => members.every(({ heard }) => heard.at(-1)?.seq === last));
	expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
	for (const { heard } of members) expect(heard).toEqual(all);
}

async function join(nodes: ClusterNodes, names: readonly string[], channelId: string) {
	const members = names.map((name, index) => {
		const { length } = nodes.nodes;
		const own = nodes.nodes.map((_, n) => nodes.nodes[(index + n) % length] as never);
		return new Member(nodes.client(name, ...own), name, channelId);
	});
	for (const { channel } of members) await channel.join();
	for (const { channel } of members) await channel.open({ last: 0 });
	return members;
}

// Nodes that are killed or told to stop: chaos-kill and chaos-restart.
test('[P1][P20] clients of three nodes share a channel', async () => {
	cluster = await ClusterNodes.start(3);
	const members = await join(cluster, ['ann', 'bob', 'cid'], 'lobby');
	for (const member of members) member.start(5);
	await new Promise((go) => setTimeout(go, 2_000));
	for (const member of members) await member.stop();
	await expectSameHistory(members);
});
