import type { System } from '../clients/member.ts';
import { alternate } from './alternate.ts';
import { Crowd } from './crowd.ts';
import type { Bench } from './row.ts';
import { type Salvo, Script } from './schedule.ts';
import { ServerProcess } from './server-process.ts';
import { median } from './statistics.ts';

/** A load of messages on one system. */
export interface Load {
	readonly members: number;
	readonly channels: readonly string[];
	/** Not measured: lets the server's code get hot. */
	readonly warm: readonly Salvo[];
	readonly measured: readonly Salvo[];
	/** Played once more, to watch the event loop. */
	readonly watched?: readonly Salvo[];
	/** Options of a system's server, by name of the system. */
	readonly serverOptions?: Readonly<Record<string, object>>;
	/** Measures memory from this many members up to all. */
	readonly memoryFrom?: number;
}

/** What one run of a load showed. */
export interface Delivery {
	readonly microsPerDelivery: number;
	readonly loopP99Ms: number;
	readonly kilobytesPerMember: number;
	readonly missed: number;
}

const KILOBYTE = 1_024;

/** Connects everybody; answers the growth of the server's resident memory per member, if asked for. */
async function gather(server: ServerProcess, crowd: Crowd, load: Load): Promise<number> {
	if (load.memoryFrom === undefined) {
		await crowd.grow(load.members);
		return Number.NaN;
	}
	await crowd.grow(load.memoryFrom);
	const before = await server.ask('resident');
	await crowd.grow(load.members);
	const after = await server.ask('resident');
	return (after.rssBytes - before.rssBytes) / (load.members - load.memoryFrom) / KILOBYTE;
}

/** One run of a load: a fresh server, fresh members. */
export async function deliver(bench: Bench, system: System, load: Load): Promise<Delivery> {
	await using server = await ServerProcess.start({
		file: system.file,
		profileDir: bench.profileDir,
		options: { channels: load.channels.length, ...load.serverOptions?.[system.name] },
	});
	using crowd = new Crowd(system, { url: server.url, channels: load.channels }, load.members);
	const kilobytesPerMember = await gather(server, crowd, load);
	const script = new Script(load.channels.length);
	await script.play(load.warm, crowd.say);
	await crowd.settle(script.said);
	await server.ask('mark');
	const lines = await script.play(load.measured, crowd.say);
	await crowd.settle(script.said);
	const { cpuMicros } = await server.ask('read');
	await server.ask('watch');
	await script.play(load.watched ?? [], crowd.say);
	const missed = await crowd.settle(script.said);
	const { p99Ms } = await server.ask('watched');
	return {
		microsPerDelivery: cpuMicros / (lines * load.members),
		loopP99Ms: load.watched === undefined ? Number.NaN : p99Ms,
		kilobytesPerMember,
		missed,
	};
}

/** Medians of one system's runs; `missed` is the sum. */
export interface Medians extends Delivery {
	readonly system: string;
}

/** Runs the load on all systems; medians in their order. */
export async function compare(
	bench: Bench,
	systems: readonly System[],
	load: Load,
): Promise<readonly Medians[]> {
	const runs = await alternate(bench, systems, async (system, label) => {
		const delivery = await deliver(bench, system, load);
		bench.progress(
			`${label} ${system.name}: ${delivery.microsPerDelivery.toFixed(2)} µs, ` +
				`${load.watched ? `loop p99 ${delivery.loopP99Ms.toFixed(1)} ms, ` : ''}` +
				`missed ${delivery.missed}`,
		);
		return delivery;
	});
	return systems.map((system, index) => mediansOf(system.name, runs[index] ?? []));
}

function mediansOf(system: string, runs: readonly Delivery[]): Medians {
	const of = (field: keyof Delivery) => median(runs.map((run) => run[field]));
	return {
		system,
		microsPerDelivery: of('microsPerDelivery'),
		loopP99Ms: of('loopP99Ms'),
		kilobytesPerMember: of('kilobytesPerMember'),
		missed: runs.reduce((sum, run) => sum + run.missed, 0),
	};
}
