import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { connect, type Naru } from '../../client-sdk/src/index.ts';
import { signToken } from '../../src/gateway/auth/sign-token.ts';
import { Device } from '../support/device.ts';
import { NaruProcess } from '../support/naru-process.ts';
import { rest } from '../support/world.ts';
import { dropEvents } from './event-stream.ts';
import { newDatabase, urlOf } from './open-test-mongo.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { type ServiceUrls, serviceUrls } from './urls.ts';

const SECRET = 'a secret that the nodes of one test share';

export interface ClusterOptions {
	/** Settings of every node, over those of the test. */
	readonly env?: Readonly<Record<string, string>>;
	/** Each node reaches each server over a way of its own, which can be cut. */
	readonly isProxied?: boolean;
}

/** The ways from one node to the servers. */
export interface Ways {
	readonly redis: TcpProxy;
	readonly nats: TcpProxy;
	readonly mongo: TcpProxy;
}

const proxies = async ({ REDIS_URL, NATS_URL, MONGO_URL }: ServiceUrls): Promise<Ways> => ({
	redis: await TcpProxy.start(REDIS_URL),
	nats: await TcpProxy.start(NATS_URL),
	mongo: await TcpProxy.start(MONGO_URL),
});

/** Node processes that share one database, environment and secret, which no other test has. */
export class ClusterNodes {
	readonly nodes: NaruProcess[] = [];
	/** By node, when they are proxied; a node that takes another's place takes its ways too. */
	readonly ways: Ways[] = [];
	readonly environment = `test-${randomUUID().slice(0, 8)}`;
	readonly #database = newDatabase();
	readonly #options: ClusterOptions;
	readonly #clients: { close(): Promise<void> }[] = [];

	private constructor(options: ClusterOptions) {
		this.#options = options;
	}

	/** Starts so many nodes at once. */
	static async start(count: number, options: ClusterOptions = {}): Promise<ClusterNodes> {
		const cluster = new ClusterNodes(options);
		await Promise.all(Array.from({ length: count }, () => cluster.add()));
		return cluster;
	}

	/** The store of the nodes, on a way that nobody cuts. */
	get mongoUrl(): string {
		return urlOf(serviceUrls().MONGO_URL, this.#database);
	}

	/** Starts one more. */
	async add(env: Readonly<Record<string, string>> = {}): Promise<NaruProcess> {
		const ways = this.#options.isProxied === true ? await proxies(serviceUrls()) : undefined;
		const node = await this.#start(env, ways);
		this.nodes.push(node);
		if (ways !== undefined) this.ways.push(ways);
		return node;
	}

	/** Starts another in the place of one that has ended, where clients look for it. */
	async replace(index: number): Promise<NaruProcess> {
		const before = this.nodes[index];
		if (before === undefined) throw new RangeError('there was no such node');
		const node = await this.#start({ PORT: String(before.port) }, this.ways[index]);
		this.nodes[index] = node;
		return node;
	}

	token(userId: string, roles: readonly string[] = ['user']): Promise<string> {
		return signToken({ secret: SECRET, userId, roles });
	}

	/** A client whose list of nodes begins with the given one. */
	client(userId: string, ...nodes: readonly NaruProcess[]): Naru {
		const naru = connect({
			url: (nodes.length > 0 ? nodes : this.nodes).map(({ url }) => url),
			token: () => this.token(userId),
		});
		this.#clients.push(naru);
		return naru;
	}

	/** A client that begins at that node and knows all others, over a line that can be cut. */
	device(userId: string, first: number): Device {
		const { nodes } = this;
		const device = new Device(userId, {
			url: nodes.map((_, n) => nodes[(first + n) % nodes.length]?.url ?? ''),
			token: () => this.token(userId),
		});
		this.#clients.push(device.naru);
		return device;
	}

	/** Asks one node as those do who run it. */
	async ops<T>(path: string, at: NaruProcess): Promise<T> {
		const token = await this.token('ops', ['ops']);
		const { status, body } = await rest(at.url, `/api/v1/ops/${path}`, { token });
		if (status !== 200) throw new Error(`${path}: ${status}`);
		return body as T;
	}

	/** Asks one node about ticket events, as operators do, until it can answer. */
	async tickets<T>(at: NaruProcess, path: string, body?: object): Promise<T> {
		const token = await this.token('root', ['ops']);
		for (;;) {
			const options = { token, ...(body && { body }) };
			const answer = await rest(at.url, `/api/v1/ticket-events${path}`, options);
			if (answer.status === 200) return answer.body as T;
			if (answer.status !== 503) throw new Error(`${path}: ${answer.status}`);
			await sleep(50);
		}
	}

	/** Which of the nodes owns an actor, by what another one says as soon as it can. */
	async ownerOf(id: string, asked = 0, kind = 'channel'): Promise<number> {
		const at = this.nodes[asked] as NaruProcess;
		const ask = () => this.ops<{ node: string }>(`actors/${kind}/${id}`, at);
		let found = await ask().catch(() => undefined);
		while (found === undefined) {
			await sleep(100);
			found = await ask().catch(() => undefined);
		}
		const { node } = found;
		const nodes = await this.ops<{ id: string; url: string }[]>('nodes', at);
		const url = nodes.find(({ id }) => id === node)?.url;
		return this.nodes.findIndex((one) => one.url === url);
	}

	async end(): Promise<void> {
		await Promise.all(this.#clients.map((client) => client.close()));
		await Promise.all(this.nodes.map((node) => node.kill()));
		const ways = this.ways.flatMap(({ redis, nats, mongo }) => [redis, nats, mongo]);
		await Promise.all(ways.map((way) => way.close()));
		const client = new MongoClient(serviceUrls().MONGO_URL);
		await client.db(this.#database).dropDatabase();
		await client.close();
		await dropEvents(this.environment);
	}

	/** What a node of this cluster is started with; `ways`: how it reaches the servers. */
	settings(ways?: Ways): Readonly<Record<string, string>> {
		const { REDIS_URL, NATS_URL } = serviceUrls();
		return {
			REDIS_URL: ways?.redis.through(REDIS_URL) ?? REDIS_URL,
			NATS_URL: ways?.nats.through(NATS_URL) ?? NATS_URL,
			MONGO_URL: ways?.mongo.through(this.mongoUrl) ?? this.mongoUrl,
			APP_ENV: this.environment,
			AUTH_SECRET: SECRET,
			...this.#options.env,
		};
	}

	#start(env: Readonly<Record<string, string>>, ways: Ways | undefined): Promise<NaruProcess> {
		const settings = { ...this.settings(ways), ...env };
		return NaruProcess.start({ directory: '/nonexistent', env: settings });
	}
}
