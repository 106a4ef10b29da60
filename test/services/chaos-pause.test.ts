import { afterEach, expect, test } from 'vitest';
import { OP } from '../../src/protocol/frames.ts';
import type { Opened, Reply } from '../../src/protocol/wire.ts';
import { FrameClient, openedOf } from '../support/frame-client.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { rest, socketUrl } from '../support/world.ts';
import { judge } from './chaos-judge.ts';
import { ChaosLoad } from './chaos-load.ts';
import { ClusterNodes } from './cluster-nodes.ts';

const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? 1);
const CHANNEL = 'news';
const HANDLE = 7;

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

interface Page {
	readonly messages: readonly { readonly seq: number }[];
}

/** The newest number that each way of reading answers with; a refusal is as good as any. */
class Reader {
	readonly #client: FrameClient;
	readonly #node: NaruProcess;
	readonly #token: string;

	private constructor(client: FrameClient, node: NaruProcess, token: string) {
		this.#client = client;
		this.#node = node;
		this.#token = token;
	}

	static async at(node: NaruProcess, token: string): Promise<Reader> {
		const client = await FrameClient.connect(socketUrl(node.url), token);
		await client.open(HANDLE, { kind: 'channel', id: CHANNEL, args: { last: 0 } });
		return new Reader(client, node, token);
	}

	/** Asks all at once; the answers come when the node does anything. */
	ask(): Promise<readonly (number | string)[]> {
		return Promise.all([this.#query(), this.#opening(), this.#rest()]);
	}

	close(): void {
		this.#client.socket.terminate();
	}

	async #query(): Promise<number | string> {
		const gone = this.#client.closed.then(({ code }) => `closed ${code}`);
		const answer = this.#client.command(HANDLE, 1, 'history', { limit: 1 });
		const reply: Reply | string = await Promise.race([answer, gone]);
		if (typeof reply === 'string') return reply;
		const [, result, refusal] = reply;
		return refusal?.code ?? (result as Page).messages.at(-1)?.seq ?? 0;
	}

	async #opening(): Promise<number | string> {
		const gone = this.#client.closed.then(({ code }) => `closed ${code}`);
		const open = this.#client.open(HANDLE + 1, { kind: 'channel', id: CHANNEL, args: { last: 1 } });
		const frame = await Promise.race([open, gone]);
		if (typeof frame === 'string') return frame;
		if (frame.op === OP.error) return String((frame.payload as { code: string }).code);
		return (openedOf(frame) as Opened & { view: { lastSeq: number } }).view.lastSeq;
	}

	async #rest(): Promise<number | string> {
		const path = `/api/v1/channels/${CHANNEL}/messages?limit=1`;
		const { status, body } = await rest(this.#node.url, path, { token: this.#token });
		return status === 200 ? ((body as Page).messages.at(-1)?.seq ?? 0) : String(status);
	}
}

test(`[P12][P20] an owner that was paused past its lease neither answers from memory nor writes (seed ${SEED})`, async () => {
	cluster = await ClusterNodes.start(3);
	const { nodes } = cluster;
	const load = await ChaosLoad.start(cluster, { channels: [CHANNEL, 'games'], seed: SEED });
	for (let round = 0; round < ROUNDS; round++) {
		const owner = await cluster.ownerOf(CHANNEL, round);
		const paused = nodes[owner] as NaruProcess;
		const reader = await Reader.at(paused, await cluster.token('m1'));
		paused.pause();
		await load.serves();
		const lastOf = () =>
			Math.max(
				...load.senders
					.filter(({ channelId }) => channelId === CHANNEL)
					.map(({ acknowledged }) => acknowledged.at(-1)?.seq ?? 0),
			);
		const newest = lastOf();
		const asked = reader.ask();
		paused.resume();
		for (const answer of await asked) {
			if (typeof answer === 'number') expect(answer).toBeGreaterThanOrEqual(newest);
		}
		reader.close();
		await load.flows();
		expect(await cluster.ownerOf(CHANNEL, owner)).not.toBe(owner);
	}
	await judge(load);
	for (const { errors, isRunning } of nodes) expect({ errors, isRunning }).toEqual(FINE);
}, 240_000);

const FINE = { errors: '', isRunning: true };
