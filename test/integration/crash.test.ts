import { afterEach, expect, test } from 'vitest';
import type { Message, Sent } from '../../client-sdk/src/index.ts';
import type { Device } from '../support/device.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { seeded } from '../support/seeded.ts';
import { until, World } from '../support/world.ts';

/** A longer run: `CRASH_ROUNDS=50 CRASH_SEED=7 vitest run --project unit test/integration/crash.test.ts`. */
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 5);
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
const ROUND_MAX_MS = 700;
const LANES = 2;
const CHANNELS = ['lobby', 'news', 'games'];
const SENDERS = ['ann', 'bob', 'cid'];
const READERS = ['dan', 'eve', 'fay', 'gus'];

const world = new World();
afterEach(() => world.end());

/** What one device went through in one channel. */
class Witness {
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

interface Acknowledged extends Sent {
	readonly channelId: string;
	readonly text: string;
}

/** Sends in one channel, one message behind the other, and changes a few of them. */
class Sender {
	readonly acknowledged: Acknowledged[] = [];
	readonly given: string[] = [];
	readonly #witness: Witness;
	readonly #random: () => number;
	readonly #name: string;
	#isStopped = false;
	#done: Promise<void>[] = [];

	constructor(witness: Witness, random: () => number) {
		this.#witness = witness;
		this.#random = random;
		this.#name = witness.device.userId;
	}

	start(): void {
		for (let lane = 0; lane < LANES; lane++) this.#done.push(this.#run());
	}

	/** Resolves when all that was given is answered. */
	async stop(): Promise<void> {
		this.#isStopped = true;
		await Promise.all(this.#done);
	}

	async #run(): Promise<void> {
		const { channel, channelId } = this.#witness;
		while (!this.#isStopped) {
			const text = `${this.#name} ${this.given.length + 1}`;
			this.given.push(text);
			const sent = await channel.send(text);
			this.acknowledged.push({ ...sent, channelId, text });
			const chance = this.#random();
			if (chance < 0.05) await this.#change(() => channel.edit(sent.seq, `${text} edited`));
			else if (chance < 0.08) await this.#change(() => channel.delete(sent.seq));
			else if (chance < 0.2) await this.#change(() => channel.react(sent.seq, '👍', true));
		}
	}

	/** A change may time out while the server is away for long; whether it took effect is open. */
	async #change(change: () => Promise<void>): Promise<void> {
		await change().catch((error: { code?: string }) => {
			if (error.code !== 'TIMEOUT') throw error;
		});
	}
}

async function wholeHistory(device: Device, channelId: string): Promise<Message[]> {
	const channel = device.naru.channel(channelId);
	const all: Message[] = [];
	for (;;) {
		const after = all.at(-1)?.seq ?? 0;
		const { messages, hasMore } = await channel.history({ after, limit: 200 });
		all.push(...messages);
		if (!hasMore) return all;
	}
}

/** The text as it was sent, whatever became of it. */
const nameOf = (text: string) => text.replace(/ edited$/, '');

function checkSenders(senders: readonly Sender[], histories: ReadonlyMap<string, Message[]>): void {
	for (const sender of senders) {
		for (const { channelId, seq, id, text } of sender.acknowledged) {
			const stored = histories.get(channelId)?.[seq - 1];
			expect(stored).toMatchObject({ seq, id });
			if (stored?.deletedAt === undefined) expect(nameOf(stored?.text ?? '')).toBe(text);
		}
		expect(sender.acknowledged.length).toBe(sender.given.length);
	}
}

function checkWitness({ told, resets, channel }: Witness, history: readonly Message[]): void {
	expect(resets).toBe(0);
	// Each once, in order, nothing left out, nothing that is not stored.
	expect(told.map(({ seq, id }) => [seq, id])).toEqual(history.map(({ seq, id }) => [seq, id]));
	expect(channel.messages.map(shared)).toEqual(history.map(shared));
	expect(channel.pending).toEqual([]);
}

/** A message without what differs from reader to reader. */
function shared({ mine: _, ...message }: Message) {
	return message;
}

/** Numbers of one sender in the order of the channel. */
const numbersOf = (history: readonly Message[], sender: string) =>
	history
		.filter(({ userId, deletedAt }) => userId === sender && deletedAt === undefined)
		.map(({ text }) => Number(text.split(' ')[1]));

function checkOrder(history: readonly Message[]): void {
	expect(history.map(({ seq }) => seq)).toEqual(history.map((_, index) => index + 1));
	const ids = history.map(({ id }) => id);
	expect(new Set(ids).size).toBe(ids.length);
	for (const sender of SENDERS) {
		const numbers = numbersOf(history, sender);
		expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
	}
}

type End = 'kill' | 'terminate';

/** Ends the server at a random moment and starts it again in the same place. */
async function restarted(
	server: NaruProcess,
	{ directory, random, end }: { directory: string; random: () => number; end: End },
): Promise<NaruProcess> {
	await new Promise((resolve) => setTimeout(resolve, random() * ROUND_MAX_MS));
	const { port } = server;
	await server[end]();
	return world.process({ directory, port });
}

/** Lets the devices come back without waiting out their back-off, until messages flow again. */
async function comeBack(devices: readonly Device[], senders: readonly Sender[]): Promise<void> {
	const total = () => senders.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
	const before = total();
	await Promise.all(devices.map((device) => device.comeBack()));
	await until(() => total() > before);
}

test.each<[string, string, End, number]>([
	['[P11][C3][C4][C5][C7]', 'kill -9', 'kill', ROUNDS],
	['[P21][C4][C5][C7]', 'SIGTERM', 'terminate', Math.ceil(ROUNDS / 2)],
])(
	`%s %s under load loses, doubles and reorders nothing (seed ${SEED})`,
	{
		timeout: 30_000 + ROUNDS * 10_000,
	},
	async (...given) => {
		const [, , end, rounds] = given;
		const random = seeded(SEED);
		const directory = world.directory();
		let server = await world.process({ directory });
		const { url } = server;
		const devices = [...SENDERS, ...READERS].map((user) => world.device(url, user));
		const second = devices.slice(0, 2).map(({ userId }) => world.device(url, userId));
		const witnesses: Witness[] = [];
		for (const device of [...devices, ...second]) {
			for (const id of CHANNELS) {
				await device.naru.channel(id).join();
				await device.naru.channel(id).open();
				witnesses.push(new Witness(device, id));
			}
		}
		const senders = witnesses
			.filter(({ device }) => devices.slice(0, SENDERS.length).includes(device))
			.map((witness) => new Sender(witness, random));
		for (const sender of senders) sender.start();
		for (let round = 0; round < rounds; round++) {
			server = await restarted(server, { directory, random, end });
			// Now and then it is ended again while they are coming back.
			const isWhole = round === rounds - 1 || random() < 0.7;
			if (isWhole) await comeBack([...devices, ...second], senders);
		}
		await Promise.all(senders.map((sender) => sender.stop()));

		const histories = new Map<string, Message[]>();
		const fresh = world.device(url, 'dan');
		for (const id of CHANNELS) histories.set(id, await wholeHistory(fresh, id));
		for (const history of histories.values()) {
			expect(history.length).toBeGreaterThan(rounds);
			checkOrder(history);
		}
		checkSenders(senders, histories);
		const lastOf = (id: string) => histories.get(id)?.length ?? 0;
		await until(() => witnesses.every((one) => one.told.length >= lastOf(one.channelId)));
		// A change that is behind the last message may still be on its way to a slow reader.
		for (const { device, channelId } of witnesses) {
			await device.naru.channel(channelId).history({ limit: 1 });
		}
		for (const witness of witnesses) {
			checkWitness(witness, histories.get(witness.channelId) ?? []);
		}
	},
);
