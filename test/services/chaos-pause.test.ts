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
/** Nobody writes there while its owner is paused but on purpose. */
const QUIET = 'quiet';
const HANDLE = 7;
/** Each asks with the others; one that is answered from the past is enough. */
const OPENERS = 5;

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

interface Page {
	readonly messages: readonly { readonly seq: number }[];
}

interface ReaderOptions {
	readonly node: NaruProcess;
	/** Of a channel. */
	readonly id: string;
	readonly token: string;
}

/** The newest number that each way of reading answers with; a refusal is as good as any. */
class Reader {
	readonly #client: FrameClient;
	/** A key is open once on a socket, so what is opened later needs others. */
	readonly #openers: readonly FrameClient[];
	readonly #options: ReaderOptions;

	private constructor([client, ...openers]: readonly FrameClient[], options: ReaderOptions) {
		this.#client = client as FrameClient;
		this.#openers = openers;
		this.#options = options;
	}

	static async at(options: ReaderOptions): Promise<Reader> {
		const { id, node, token } = options;
		const connect = () => FrameClient.connect(socketUrl(node.url), token);
		const clients = await Promise.all(Array.from({ length: 1 + OPENERS }, connect));
		await clients[0]?.open(HANDLE, { kind: 'channel', id, args: { last: 0 } });
		return new Reader(clients, options);
	}

	/** Asks all at once; the answers come when the node does anything. */
	ask(): Promise<readonly (number | string)[]> {
		const openings = this.#openers.map((opener) => this.#opening(opener));
		return Promise.all([this.#query(), this.#rest(), ...openings]);
	}

	close(): void {
		for (const { socket } of [this.#client, ...this.#openers]) socket.terminate();
	}

	async #query(): Promise<number | string> {
		const gone = this.#client.closed.then(({ code }) => `closed ${code}`);
		const answer = this.#client.command(HANDLE, 1, 'history', { limit: 1 });
		const reply: Reply | string = await Promise.race([answer, gone]);
		if (typeof reply === 'string') return reply;
		const [, result, refusal] = reply;
		return refusal?.code ?? (result as Page).messages.at(-1)?.seq ?? 0;
	}

	/** From the owner's memory: what a deposed one would answer from the past. */
	async #opening(opener: FrameClient): Promise<number | string> {
		const gone = opener.closed.then(({ code }) => `closed ${code}`);
		const { id } = this.#options;
		const open = opener.open(HANDLE, { kind: 'channel', id, args: { last: 1 } });
		const frame = await Promise.race([open, gone]);
		if (typeof frame === 'string') return frame;
		if (frame.op === OP.error) return String((frame.payload as { code: string }).code);
		return (openedOf(frame) as Opened & { view: { lastSeq: number } }).view.lastSeq;
	}

	async #rest(): Promise<number | string> {
		const { id, node, token } = this.#options;
		const path = `/api/v1/channels/${id}/messages?limit=1`;
		const { status, body } = await rest(node.url, path, { token });
		return status === 200 ? ((body as Page).messages.at(-1)?.seq ?? 0) : String(status);
	}
}

/** None of the answers is from before the newest message that was acknowledged when it was asked. */
function checkFresh(answers: readonly (number | string)[], newest: number): void {
	const numbers = answers.filter((answer) => typeof answer === 'number');
	expect({ answers, oldest: Math.min(newest, ...numbers) }).toEqual({ answers, oldest: newest });
}

// What is under way to the journal is fenced and ends the owner, whether or not it minds its lease: here
// nothing is.
test(`[P12][N3] an idle owner that was paused past its lease answers nothing from memory (seed ${SEED})`, async () => {
	cluster = await ClusterNodes.start(3);
	const { nodes } = cluster;
	const [ann, bob] = nodes.map((node, n) => cluster?.client(`u${n}`, node).channel(QUIET));
	await ann?.join();
	await bob?.join();
	for (let round = 0; round < Math.max(2, ROUNDS); round++) {
		const owner = await cluster.ownerOf(QUIET, round);
		const [paused, other] = [nodes[owner], owner === 0 ? bob : ann];
		const token = await cluster.token(owner === 0 ? 'u0' : 'u1');
		await other?.send(`before ${round}`);
		const reader = await Reader.at({ node: paused as NaruProcess, id: QUIET, token });
		paused?.pause();
		const { seq = 0 } = (await other?.send(`behind ${round}`)) ?? {};
		const asked = reader.ask();
		paused?.resume();
		checkFresh(await asked, seq);
		reader.close();
		expect(await cluster.ownerOf(QUIET, owner)).not.toBe(owner);
	}
	for (const { errors, isRunning } of nodes) expect({ errors, isRunning }).toEqual(FINE);
}, 120_000);

test(`[P12][P20] an owner that was paused past its lease neither answers from memory nor writes (seed ${SEED})`, async () => {
	cluster = await ClusterNodes.start(3);
	const { nodes } = cluster;
	const load = await ChaosLoad.start(cluster, { channels: [CHANNEL, 'games'], seed: SEED });
	for (let round = 0; round < ROUNDS; round++) {
		const owner = await cluster.ownerOf(CHANNEL, round);
		const paused = nodes[owner] as NaruProcess;
		const reader = await Reader.at({ node: paused, id: CHANNEL, token: await cluster.token('m1') });
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
		checkFresh(await asked, newest);
		reader.close();
		await load.flows();
		expect(await cluster.ownerOf(CHANNEL, owner)).not.toBe(owner);
	}
	await judge(load);
	for (const { errors, isRunning } of nodes) expect({ errors, isRunning }).toEqual(FINE);
}, 240_000);

const FINE = { errors: '', isRunning: true };
