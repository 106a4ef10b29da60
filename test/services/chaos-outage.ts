import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosLoad, Sender } from './chaos-load.ts';
import type { ClusterNodes, Ways } from './cluster-nodes.ts';
import type { TcpProxy } from './tcp-proxy.ts';

/** Longer than a lease and the patience of links. The issue asks for 30 s: `CHAOS_OUTAGE_MS=30000 vitest run --project services test/services/chaos-…`. */
const OUTAGE_MS = Number(process.env.CHAOS_OUTAGE_MS ?? 6_000);
export const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);

/** Users whose sockets stay, as somebody at each node sees them: who was told to be offline. */
export class Flaps {
	readonly offline: string[] = [];

	/** Begins when everybody was seen at every node. */
	static async watch(load: ChaosLoad): Promise<Flaps> {
		const flaps = new Flaps();
		const users = load.devices.map(({ userId }) => userId);
		await Promise.all(load.cluster.nodes.map((_, n) => flaps.#watchAt(load, n, users)));
		return flaps;
	}

	#watchAt(load: ChaosLoad, node: number, users: readonly string[]): Promise<void> {
		const { presence } = load.cluster.device(`watcher${node}`, node).naru;
		const seen = new Set<string>();
		return new Promise((resolve) => {
			presence.watch(users, (changes) => {
				for (const { userId, state } of changes) {
					if (state !== 'offline') seen.add(userId);
					else if (seen.has(userId)) this.offline.push(`${userId} at ${node} ${Date.now()}`);
				}
				if (seen.size === users.length) resolve();
			});
		});
	}
}

/** How long it took from the server's return until each kind of sender was served again. */
export interface Outage {
	readonly sdkMs: number;
	readonly bareMs: number;
	readonly backendMs: number;
	/** For whatever else. */
	readonly waitedMs?: number;
	/** By channel, the longest time in which nobody was answered. */
	readonly pauses: ReadonlyMap<string, number>;
}

/** Takes a server away from some nodes for a while, and waits until everybody writes again. */
export async function outage(
	load: ChaosLoad,
	ways: readonly TcpProxy[],
	meanwhile: () => Promise<void> = async () => {},
): Promise<Outage> {
	const began = Date.now();
	for (const way of ways) way.cut();
	await Promise.all([sleep(OUTAGE_MS), meanwhile()]);
	for (const way of ways) way.restore();
	const restored = Date.now();
	const back = async (senders: readonly Sender[]) => {
		await load.flows(senders);
		return Date.now() - restored;
	};
	const [sdkMs, bareMs, backendMs] = await Promise.all([
		back(load.sdk),
		back(load.bare),
		back(load.backend),
	]);
	return { sdkMs, bareMs, backendMs, pauses: load.pauses(began) };
}

/** Tells what was measured, in one line. */
export function measured(what: string, { pauses, ...times }: Partial<Outage>): void {
	const pauseMs = Math.max(0, ...(pauses?.values() ?? []));
	console.info(`${what}: ${JSON.stringify({ ...times, pauseMs })}`);
}

/** The way of every node to one of the servers. */
export const all = (cluster: ClusterNodes, server: keyof Ways): TcpProxy[] =>
	cluster.ways.map((ways) => ways[server]);

/** Channels by the node that owns them. */
export async function ownersOf(load: ChaosLoad): Promise<ReadonlyMap<string, number>> {
	const owners = new Map<string, number>();
	for (const id of load.options.channels) owners.set(id, await load.cluster.ownerOf(id));
	return owners;
}
