import type { ActorKey } from '../protocol/ids.ts';
import type { ActorHost } from './actor-host.ts';
import type { Runtime } from './runtime.ts';

/** What others hear of the life of actors on this node. */
export interface ActorObserver {
	activated?(key: ActorKey): void;
	/** At most once a second per actor, with its {@link ActorKind.figures}. */
	figures?(key: ActorKey, figures: Readonly<Record<string, unknown>>): void;
	closed?(key: ActorKey): void;
}

const FIGURES_MS = 1_000;

/** Tells all who want to hear of the life of actors. */
export class ActorObservers {
	readonly #runtime: Pick<Runtime, 'after'>;
	readonly #observers = new Set<ActorObserver>();
	readonly #figuresDue = new Map<ActorKey, ActorHost>();
	#cancelFigures: (() => void) | undefined;

	constructor(runtime: Pick<Runtime, 'after'>) {
		this.#runtime = runtime;
	}

	add(observer: ActorObserver): void {
		this.#observers.add(observer);
	}

	activated(host: ActorHost): void {
		for (const observer of this.#observers) observer.activated?.(host.key);
		this.committed(host);
	}

	/** Figures follow within a second. */
	committed(host: ActorHost): void {
		if (this.#observers.size === 0) return;
		this.#figuresDue.set(host.key, host);
		this.#cancelFigures ??= this.#runtime.after(FIGURES_MS, () => {
			this.#cancelFigures = undefined;
			for (const [key, due] of this.#figuresDue) {
				const figures = due.figures();
				for (const observer of this.#observers) observer.figures?.(key, figures);
			}
			this.#figuresDue.clear();
		});
	}

	closed(key: ActorKey): void {
		this.#figuresDue.delete(key);
		for (const observer of this.#observers) observer.closed?.(key);
	}

	/** No figures are told any more. */
	stop(): void {
		this.#cancelFigures?.();
	}
}
