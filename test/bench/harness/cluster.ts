import type { ActorKey } from '../../../src/protocol/ids.ts';
import { NaruLink } from '../clients/naru-link.ts';
import { joining } from '../clients/naru-member.ts';
import { readCounters } from './counters.ts';
import type { Bench } from './row.ts';
import { ServerProcess } from './server-process.ts';
import type { Stores } from './stores.ts';
import { tokenFor } from './token.ts';

const DRAIN_MAX_MS = 40_000;

export interface ClusterOptions {
	readonly bench: Bench;
	readonly stores: Stores;
	readonly nodes: number;
	/** Settings over those of the stores. */
	readonly env?: Readonly<Record<string, string>>;
	/** The same of the node at one place. */
	readonly envAt?: (place: number) => Readonly<Record<string, string>>;
}

/** Node processes on shared servers, as production composes them. */
export class Cluster implements AsyncDisposable {
	/** By place; a node that is started anew takes its place again. */
	readonly nodes: ServerProcess[] = [];
	readonly #options: ClusterOptions;
	readonly #gone = new Set<ServerProcess>();

	private constructor(options: ClusterOptions) {
		this.#options = options;
	}

	/** Starts all nodes at once; resolves when each is ready. */
	static async start(options: ClusterOptions): Promise<Cluster> {
		const cluster = new Cluster(options);
		const places = Array.from({ length: options.nodes }, (_, place) => place);
		const nodes = await Promise.all(places.map((place) => cluster.#start(place, 0)));
		cluster.nodes.push(...nodes);
		return cluster;
	}

	/** Those that were not killed. */
	get living(): readonly ServerProcess[] {
		return this.nodes.filter((node) => !this.#gone.has(node));
	}

	/** All addresses, beginning with that of a place. */
	urlsFrom(place: number): readonly string[] {
		return this.nodes.map((_, n) => this.nodes[(place + n) % this.nodes.length]?.url ?? '');
	}

	at(place: number): ServerProcess {
		const node = this.nodes[place % this.nodes.length];
		if (node === undefined) throw new Error('the cluster has no nodes');
		return node;
	}

	/** Makes channels through one node, which will own them unless it is overloaded. */
	async found(node: ServerProcess, channels: readonly string[]): Promise<void> {
		const link = await NaruLink.connect(node.url, await tokenFor('founder'));
		for (const id of channels) await link.open(joining(id), () => {});
		link.cut();
	}

	/** The node that owns an actor now. */
	async ownerOf(key: ActorKey): Promise<ServerProcess> {
		const { node } = (await this.#ask(`actors/${key}`)) as { node: string };
		const all = (await this.#ask('nodes')) as { id: string; url: string }[];
		const url = all.find(({ id }) => id === node)?.url;
		const owner = this.living.find((one) => one.url === url);
		if (owner === undefined) throw new Error(`${key} is owned by node ${node}, which is unknown`);
		return owner;
	}

	/** A counter of `/metrics` over all living nodes. */
	async count(name: string): Promise<number> {
		const counts = await Promise.all(
			this.living.map(async ({ url }) => (await readCounters(url))(name)),
		);
		return counts.reduce((sum, count) => sum + count, 0);
	}

	/** Ends a node as a power cut would. */
	kill(node: ServerProcess): void {
		node.signal('SIGKILL');
		this.#gone.add(node);
	}

	/** Drains the node of a place, then starts it anew at the same address. */
	async restart(place: number): Promise<void> {
		const node = this.at(place);
		await node.stop(DRAIN_MAX_MS);
		this.#gone.add(node);
		this.nodes[place] = await this.#start(place, Number(new URL(node.url).port));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
	}

	#start(place: number, port: number): Promise<ServerProcess> {
		const { bench, stores, env, envAt } = this.#options;
		return ServerProcess.start({
			file: 'cluster-node.ts',
			profileDir: bench.profileDir,
			options: { env: { ...stores.env, ...env, ...envAt?.(place), PORT: String(port) } },
		});
	}

	async #ask(path: string): Promise<unknown> {
		const [node] = this.living;
		const authorization = `Bearer ${await tokenFor('operator', ['ops'])}`;
		const answer = await fetch(`${node?.url}/api/v1/ops/${path}`, { headers: { authorization } });
		if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
		return answer.json();
	}
}
