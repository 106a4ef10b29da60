import { setTimeout as sleep } from 'node:timers/promises';
import type { InstitutionInfo, JobStep, Naru } from '../../client-sdk/src/index.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { dayConsent, type SimulatedBanks } from '../support/simulated-banks.ts';
import { rest, until } from '../support/world.ts';
import type { ClusterNodes } from './cluster-nodes.ts';

/** As operators see an institution. */
export interface Board {
	readonly info: InstitutionInfo;
	readonly badNodes: readonly string[];
	readonly gate: { readonly generation: number; readonly canaries: readonly string[] };
	readonly matrix: readonly {
		readonly node: string;
		readonly minute: number;
		readonly calls: number;
		readonly bad: number;
	}[];
	readonly permits: { readonly holders: readonly { readonly bound: number }[] };
}

/** What a node has said of its circuits: since when, in milliseconds since 1970. */
interface Turn {
	readonly at: number;
	readonly circuit: string;
}

/** Users who register at one institution through the nodes of a cluster, and those who watch it. */
export class InstitutionLoad {
	readonly #cluster: ClusterNodes;
	readonly #institution: string;
	readonly #asking = new Set<Promise<void>>();
	#users = 0;
	#isOver = false;

	constructor(cluster: ClusterNodes, institution: string) {
		this.#cluster = cluster;
		this.#institution = institution;
	}

	/** Somebody new registers through the node: resolves with the first word of how it went. */
	async ask(node: NaruProcess): Promise<JobStep> {
		const naru = this.#cluster.client(`user-${++this.#users}`, node);
		try {
			return await this.#register(naru);
		} finally {
			await naru.close();
		}
	}

	/** So many at a time come through each of the nodes, one behind the other, until the end. */
	flow(nodes: readonly NaruProcess[], atOnce = 1): void {
		for (const node of nodes) for (let n = 0; n < atOnce; n++) this.#asking.add(this.#keep(node));
	}

	async end(): Promise<void> {
		this.#isOver = true;
		await Promise.all(this.#asking);
	}

	/** What has been told of the institution to somebody at the node, the oldest first. */
	async watch(node: NaruProcess): Promise<readonly InstitutionInfo[]> {
		const told: InstitutionInfo[] = [];
		const naru = this.#cluster.client(`watcher-${node.port}`, node);
		naru.institution(this.#institution).on('health', (info) => told.push(info));
		await until(() => told.length > 0);
		return told;
	}

	/** Asked at the node, wherever the institution lives. */
	board(node: NaruProcess): Promise<Board> {
		return this.ops(node, 'board');
	}

	/** An order of operators, or a question when there is no `body`. */
	async ops<T>(node: NaruProcess, what: string, body?: object): Promise<T> {
		const token = await this.#cluster.token('ops', ['ops']);
		const path = `/api/v1/institutions/${this.#institution}/${what}`;
		const key = body === undefined ? {} : { key: `${what}-${Math.random()}`, body };
		const answer = await rest(node.url, path, { token, ...key });
		if (answer.status !== 200) throw new Error(`${what}: ${answer.status}`);
		return answer.body as T;
	}

	/** The number of the node that owns the institution. */
	async owner(asked: NaruProcess): Promise<string> {
		const path = `actors/institution/${this.#institution}`;
		return (await this.#cluster.ops<{ node: string }>(path, asked)).node;
	}

	/** Numbers of the nodes, in their order. */
	async ids(): Promise<readonly string[]> {
		const { nodes } = this.#cluster;
		const all = await this.#cluster.ops<{ id: string; url: string }[]>(
			'nodes',
			nodes.find(({ isRunning }) => isRunning) as NaruProcess,
		);
		return nodes.map(({ url }) => all.find((one) => one.url === url)?.id ?? '');
	}

	/** How the circuit has turned at that node, by its log, which may come somewhat late. */
	turns(node: NaruProcess): readonly Turn[] {
		return (
			node.output
				.split('\n')
				// The last line may not be whole yet.
				.slice(0, -1)
				.filter((line) => line.includes('a circuit has turned'))
				.map((line) => JSON.parse(line) as Record<string, string>)
				.filter(({ institution }) => institution === this.#institution)
				.map(({ time = '', circuit = '' }) => ({ at: Date.parse(time), circuit }))
		);
	}

	async #register(naru: Naru): Promise<JobStep> {
		const job = await naru.assets.register([this.#institution], { consent: dayConsent() });
		return new Promise((resolve, reject) => {
			job.on('step', (step) => {
				if (step.code !== undefined || step.state === 'done') resolve(step);
			});
			naru.assets.on('closed', reject);
		});
	}

	async #keep(node: NaruProcess): Promise<void> {
		while (!this.#isOver && node.isRunning) {
			// Whoever was at a node that was killed is gone with it.
			const asked = await Promise.race([this.ask(node).catch(() => undefined), node.ended]);
			if (asked === undefined) await sleep(100);
		}
	}
}

/** The most that happened in any span of that length. */
export function mostIn(times: readonly number[], spanMs: number): number {
	const sorted = times.toSorted((one, other) => one - other);
	let from = 0;
	let most = 0;
	for (const [index, at] of sorted.entries()) {
		while (at - (sorted[from] ?? at) >= spanMs) from++;
		most = Math.max(most, index - from + 1);
	}
	return most;
}

/** Calls that the institution has seen since then. */
export const callsSince = async (banks: SimulatedBanks, institution: string, since: number) =>
	(await banks.calls(institution)).filter(({ at }) => at >= since);
