/** What a feature that stands on actors, services and calls of its own adds to a node. */
import type { Config } from './config.ts';
import type { ActorKind } from './core/actor-kind.ts';
import type { ActorPort } from './core/actor-port.ts';
import type { ActorSystem } from './core/actor-system.ts';
import type { IntentPorts } from './core/intent-runner.ts';
import type { Journal } from './core/journal.ts';
import type { Log } from './core/log.ts';
import type { Series } from './core/meter.ts';
import type { Projectors } from './core/projectors.ts';
import type { Runtime } from './core/runtime.ts';
import type { Collection, Store } from './core/store.ts';
import type { Announcements, Service } from './gateway/ports.ts';
import type { SeatDefinition } from './gateway/seats/seat-definition.ts';
import type { RestPorts } from './rest/ports.ts';

/** What a feature stands on before there are actors. */
export interface FeatureGround {
	readonly config: Config;
	/** Signs the tokens of this node; absent where an identity provider does. */
	readonly secret: string | undefined;
	readonly journal: Journal;
	readonly store: Store;
	readonly runtime: Runtime;
	readonly log: Log;
	/** This node's name. */
	readonly node: string;
}

/** What it works with when there are. */
export interface FeatureParts {
	/** Actors, wherever they live. */
	readonly actors: ActorPort;
	/** What this node's actors project. */
	readonly feed: Projectors;
	/** Actors that are awake on this node. */
	readonly awake: ActorSystem['hosts'];
	/** Whether this node may act for them now: another may have taken over from one that was paused. */
	readonly mayServe: () => boolean;
	/** Where actors come alive at other nodes. */
	readonly announcements?: Announcements | undefined;
}

export interface OpenedFeature {
	readonly services?: readonly Service[];
	readonly seats?: readonly SeatDefinition[];
	readonly rest?: Partial<RestPorts>;
	readonly series?: readonly Series[];
	close(): unknown;
}

/** A feature whose actors may call outside now. */
export interface PreparedFeature {
	readonly intents: IntentPorts;
	open(parts: FeatureParts): OpenedFeature | Promise<OpenedFeature>;
}

/** One feature: what its actors are, what they call, and what stands before them. */
export interface Feature {
	readonly kinds: readonly ActorKind[];
	/** Besides those of its kinds. */
	readonly collections: readonly Collection[];
	prepare(ground: FeatureGround): PreparedFeature;
}

/** Opens all; what was open is closed again when one fails. */
export async function openFeatures(features: readonly PreparedFeature[], parts: FeatureParts) {
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
		rest: Object.assign({}, ...opened.map(({ rest }) => rest)) as Partial<RestPorts>,
		series: opened.flatMap(({ series = [] }) => series),
		close,
	};
}
