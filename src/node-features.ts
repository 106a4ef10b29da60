/** What a feature that stands on actors, services and calls of its own adds to a node. */
import type { Config } from './config.ts';
import type { ActorKind } from './core/actor-kind.ts';
import type { ActorPort } from './core/actor-port.ts';
import type { IntentPorts } from './core/intent-runner.ts';
import type { Log } from './core/log.ts';
import type { Projectors } from './core/projectors.ts';
import type { Runtime } from './core/runtime.ts';
import type { Collection, Store } from './core/store.ts';
import type { Service } from './gateway/ports.ts';
import type { SeatDefinition } from './gateway/seats/seat-definition.ts';

/** What a feature works with. */
export interface FeatureParts {
	readonly config: Config;
	/** Actors, wherever they live. */
	readonly actors: ActorPort;
	readonly store: Store;
	/** What this node's actors project. */
	readonly feed: Projectors;
	readonly runtime: Runtime;
	readonly log: Log;
	/** This node's name. */
	readonly node: string;
}

export interface OpenedFeature {
	readonly services?: readonly Service[];
	readonly seats?: readonly SeatDefinition[];
	close(): unknown;
}

/** One feature: what it adds before the node's actors can live, and what behind that. */
export interface Feature {
	readonly kinds: readonly ActorKind[];
	/** Besides those of its kinds. */
	readonly collections: readonly Collection[];
	/** Work outside that its actors ask for. */
	readonly intents: IntentPorts;
	open(parts: FeatureParts): OpenedFeature | Promise<OpenedFeature>;
}

/** Opens all; what was open is closed again when one fails. */
export async function openFeatures(features: readonly Feature[], parts: FeatureParts) {
	const opened: OpenedFeature[] = [];
	const close = async () => {
		for (const feature of opened.reverse()) await feature.close();
	};
	try {
		for (const feature of features) opened.push(await feature.open(parts));
	} catch (error) {
		await close();
		throw error;
	}
	return {
		services: opened.flatMap(({ services = [] }) => services),
		seats: opened.flatMap(({ seats = [] }) => seats),
		close,
	};
}
