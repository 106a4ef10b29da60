import type { Config } from './config.ts';
import type { ActorKind } from './core/actor-kind.ts';
import type { Log } from './core/log.ts';

/** What a node is started with. */
export interface ServerOptions {
	readonly config: Config;
	readonly log: Log;
	/**
	 * `memory`: nothing is kept; for tests. `memory-journal`: neither, but with the read side on its
	 * threads as ever, so that a bench sees what durability costs.
	 */
	readonly storage?: 'sqlite' | 'memory' | 'memory-journal';
	/** Kinds of actors besides Naru's own; each needs a kind name and collections of its own. */
	readonly kinds?: readonly ActorKind[];
	/** Added to every commit, as by a slow disk; for benches. */
	readonly commitDelayMs?: number;
	/** How long frames for one socket are gathered; 0: one turn of the event loop. */
	readonly flushWindowMs?: number;
	/** The storage is lost: the process has to end. */
	readonly onFailed?: (error: Error) => void;
	/** An operator wants this node to be closed, and its process to end; default: it is closed. */
	readonly onDrain?: () => void;
}
