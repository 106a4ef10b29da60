import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { connect, type Naru } from '../../client-sdk/src/index.ts';
import { signToken } from '../../src/gateway/auth/sign-token.ts';
import { NaruProcess } from '../support/naru-process.ts';
import { newDatabase, urlOf } from './open-test-mongo.ts';
import { serviceUrls } from './urls.ts';

const SECRET = 'a secret that the nodes of one test share';

export interface ClusterOptions {
	/** Settings of every node, over those of the test. */
	readonly env?: Readonly<Record<string, string>>;
}

/** Node processes that share one database, environment and secret, which no other test has. */
export class ClusterNodes {
	readonly nodes: NaruProcess[] = [];
	readonly environment = `test-${randomUUID().slice(0, 8)}`;
	readonly #database = newDatabase();
	readonly #env: Readonly<Record<string, string>>;
	readonly #clients: Naru[] = [];

	private constructor({ env = {} }: ClusterOptions) {
		const urls = serviceUrls();
		this.#env = {
			...urls,
			MONGO_URL: urlOf(urls.MONGO_URL, this.#database),
			APP_ENV: this.environment,
			AUTH_SECRET: SECRET,
			...env,
		};
	}

	/** Starts so many nodes at once. */
	static async start(count: number, options: ClusterOptions = {}): Promise<ClusterNodes> {
		const cluster = new ClusterNodes(options);
		await Promise.all(Array.from({ length: count }, () => cluster.add()));
		return cluster;
	}

	/** Starts one more. */
	async add(): Promise<NaruProcess> {
		const node = await NaruProcess.start({ directory: '/nonexistent', env: this.#env });
		this.nodes.push(node);
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

	async end(): Promise<void> {
		await Promise.all(this.#clients.map((naru) => naru.close()));
		await Promise.all(this.nodes.map((node) => node.kill()));
		const client = new MongoClient(serviceUrls().MONGO_URL);
		await client.db(this.#database).dropDatabase();
		await client.close();
	}
}
