import { setTimeout as sleep } from 'node:timers/promises';
import type { InstitutionInfo } from '../../../src/protocol/institution.ts';
import type { SeenCall } from '../../support/simulated-banks.ts';
import { Registrant } from '../clients/registrant.ts';
import { Cluster } from './cluster.ts';
import type { CircuitTurn } from './control.ts';
import type { Bench } from './row.ts';
import { ServerProcess } from './server-process.ts';
import { Stores } from './stores.ts';
import { tokenFor } from './token.ts';

const POLL_MS = 50;
const ANSWER_MAX_MS = 30_000;

/** What operators are shown of an institution. */
export interface Board {
	readonly info: InstitutionInfo;
	readonly badNodes: readonly string[];
	readonly gate: { readonly canaries: readonly string[] };
}

export interface InstitutionClusterOptions {
	readonly bench: Bench;
	readonly nodes: number;
	/** How the node at a place reaches the institutions, when not straight. */
	readonly way?: (place: number, url: string) => string | Promise<string>;
}

/** Node processes on real servers, before simulated institutions in a process of their own. */
export class InstitutionCluster implements AsyncDisposable {
	readonly cluster: Cluster;
	readonly #banks: ServerProcess;
	readonly #stores: Stores;
	#ids: Promise<readonly { readonly id: string; readonly url: string }[]> | undefined;
	#users = 0;

	private constructor(parts: { cluster: Cluster; banks: ServerProcess; stores: Stores }) {
		this.cluster = parts.cluster;
		this.#banks = parts.banks;
		this.#stores = parts.stores;
	}

	static async start(options: InstitutionClusterOptions): Promise<InstitutionCluster> {
		const { bench, nodes, way = (_, url) => url } = options;
		const stores = new Stores();
		const banks = await ServerProcess.start({
			file: 'institutions.ts',
			options: { latencyMs: 20 },
		});
		const places = Array.from({ length: nodes }, (_, place) => place);
		const ways = await Promise.all(places.map((place) => way(place, banks.url)));
		const cluster = await Cluster.start({
			...{ bench, stores, nodes },
			env: { SIMULATORS: 'off', LOG_LEVEL: 'error' },
			envAt: (place) => ({ INSTITUTIONS_URL: ways[place] ?? banks.url }),
		});
		return new InstitutionCluster({ cluster, banks, stores });
	}

	/** Disturbs an institution. */
	async control(institution: string, faults: object): Promise<void> {
		const answer = await fetch(`${this.#banks.url}/control`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ institution, ...faults }),
		});
		if (!answer.ok) throw new Error(`the simulator refused: ${await answer.text()}`);
	}

	/** Calls that reached the institution behind that time. */
	async callsSince(institution: string, since: number): Promise<readonly SeenCall[]> {
		const answer = await fetch(`${this.#banks.url}/calls?institution=${institution}`);
		return ((await answer.json()) as SeenCall[]).filter(({ at }) => at > since);
	}

	/** Somebody new registers through the node of a place; resolves with the first word of it. */
	async register(place: number, institution: string): Promise<string | undefined> {
		const { url } = this.cluster.at(place);
		const user = await Registrant.enter(url, `r${++this.#users}`);
		try {
			await user.register([institution]);
			const until = performance.now() + ANSWER_MAX_MS;
			while (performance.now() < until) {
				const [step] = (await user.jobs())[0]?.steps ?? [];
				if (step?.code !== undefined || step?.state === 'done') return step.code ?? 'OK';
				await sleep(POLL_MS);
			}
			return undefined;
		} finally {
			user.leave();
		}
	}

	/** An order of operators to the institution, by way of the node of a place. */
	order<T>(place: number, institution: string, [what, args]: readonly [string, object]) {
		return this.#ops<T>(place, `institutions/${institution}/${what}`, args);
	}

	board(place: number, institution: string): Promise<Board> {
		return this.#ops<Board>(place, `institutions/${institution}/board`);
	}

	/** The number of the node at a place. */
	async idAt(place: number): Promise<string> {
		this.#ids ??= this.#ops<readonly { id: string; url: string }[]>(0, 'ops/nodes');
		const { url } = this.cluster.at(place);
		return (await this.#ids).find((node) => node.url === url)?.id ?? '';
	}

	/** How the circuit of an institution has turned at each node since then. */
	async turnsSince(institution: string, since: number): Promise<readonly CircuitTurn[][]> {
		const all = await Promise.all(this.cluster.nodes.map((node) => node.ask('turns')));
		return all.map((turns) =>
			turns.filter((turn) => turn.institution === institution && turn.at >= since),
		);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.cluster[Symbol.asyncDispose]();
		await this.#banks[Symbol.asyncDispose]();
		await this.#stores[Symbol.asyncDispose]();
	}

	async #ops<T>(place: number, path: string, args?: object): Promise<T> {
		const authorization = `Bearer ${await tokenFor('operator', ['ops'])}`;
		const order = {
			method: 'POST',
			headers: { authorization, 'content-type': 'application/json' },
			body: JSON.stringify(args),
		};
		const { url } = this.cluster.at(place);
		const answer = await fetch(
			`${url}/api/v1/${path}`,
			args === undefined ? { headers: { authorization } } : order,
		);
		if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
		return (await answer.json()) as T;
	}
}

/** Registrations through all nodes, one after another at each, until it is told to end. */
export function keepRegistering(
	banks: InstitutionCluster,
	{ institution, pauseMs }: { readonly institution: () => string; readonly pauseMs: number },
): () => Promise<void> {
	let isOver = false;
	const keep = async (place: number) => {
		while (!isOver) {
			// A node that starts or is very busy is asked again: what counts is in the access log.
			await banks.register(place, institution()).catch(() => undefined);
			await sleep(pauseMs);
		}
	};
	const all = banks.cluster.nodes.map((_, place) => keep(place));
	return async () => {
		isOver = true;
		await Promise.all(all);
	};
}
