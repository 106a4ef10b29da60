import { z } from 'zod';
import { Rounds } from '../core/rounds.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Announcements } from '../gateway/ports.ts';
import { pack, unpack } from '../protocol/codec.ts';
import { type ActorKey, splitKey } from '../protocol/ids.ts';
import type { NodeId } from './directory.ts';
import type { Relay } from './relay.ts';

/** Raised when an older node could no longer read what a newer one tells. */
const VERSION = 1;
/** What is told is told again after this time, for whoever had just begun to listen. */
const AGAIN_AFTER_MS = 2_000;
const AGAIN_MAX = 10_000;
/** How often somebody who listens is told to look, in case the relay lost something. */
const LOOK_EVERY_MS = 120_000;
const LOOKS_PER_SECOND_MAX = 100;
/** After this node could not hear. */
const HURRIED_LOOKS_PER_SECOND_MAX = 500;

const schema = z.object({
	version: z.literal(VERSION),
	type: z.literal('awake'),
	node: z.string(),
});

type Heard = (what: 'awake' | 'perhaps') => void;

export interface RelayAnnouncementsOptions {
	readonly self: NodeId;
	readonly relay: Relay;
	readonly runtime: Pick<Runtime, 'after' | 'monotonic' | 'random'>;
	/** Kinds whose actors are announced: those with `own`. */
	readonly kinds: ReadonlySet<string>;
	/** What subjects begin with; an actor's goes on with its kind and id. */
	readonly subjects: string;
}

/**
 * Tells edges at other nodes that an actor has come alive: handles that wait for it, because nothing
 * was written yet or its owner had put it away, open then. Whatever is lost is found by looking.
 */
export class RelayAnnouncements implements Announcements {
	readonly #options: RelayAnnouncementsOptions;
	readonly #ears = new Set<Heard>();
	readonly #rounds: Rounds<Heard>;
	readonly #undo: () => void;
	/** What is to be told once more, by the time. */
	#again: { readonly at: number; readonly key: ActorKey }[] = [];
	#cancelAgain: (() => void) | undefined;

	constructor(options: RelayAnnouncementsOptions) {
		const { relay, runtime } = options;
		this.#options = options;
		this.#rounds = new Rounds({
			runtime,
			items: this.#ears,
			visit: (heard) => heard('perhaps'),
			roundMs: LOOK_EVERY_MS,
			perSecondMax: LOOKS_PER_SECOND_MAX,
			hurriedPerSecondMax: HURRIED_LOOKS_PER_SECOND_MAX,
		});
		this.#undo = relay.onStatus((connected) => {
			if (connected) this.#rounds.hurry();
		});
	}

	/** An actor has come alive on this node. */
	announce(key: ActorKey): void {
		const { kinds, runtime } = this.#options;
		if (!kinds.has(splitKey(key).kind)) return;
		this.#tell(key);
		if (this.#again.length >= AGAIN_MAX) return;
		this.#again.push({ at: runtime.monotonic() + AGAIN_AFTER_MS, key });
		this.#tellAgainLater();
	}

	listen(key: ActorKey, heard: Heard): () => void {
		const { relay, self } = this.#options;
		const ear: Heard = (what) => heard(what);
		this.#ears.add(ear);
		const end = relay.subscribe(this.#subjectOf(key), (bytes) => {
			const node = read(bytes);
			if (node !== undefined && node !== self) ear('awake');
		});
		return () => {
			this.#ears.delete(ear);
			end();
		};
	}

	stop(): void {
		this.#undo();
		this.#rounds.stop();
		this.#cancelAgain?.();
	}

	#subjectOf(key: ActorKey): string {
		const { kind, id } = splitKey(key);
		return `${this.#options.subjects}.${kind}.${id}`;
	}

	#tell(key: ActorKey): void {
		const { relay, self } = this.#options;
		relay.publish(this.#subjectOf(key), pack({ version: VERSION, type: 'awake', node: self }));
	}

	#tellAgainLater(): void {
		const [first] = this.#again;
		if (first === undefined || this.#cancelAgain !== undefined) return;
		const { runtime } = this.#options;
		this.#cancelAgain = runtime.after(first.at - runtime.monotonic(), () => {
			this.#cancelAgain = undefined;
			const now = runtime.monotonic();
			const due = this.#again.filter(({ at }) => at <= now);
			this.#again = this.#again.slice(due.length);
			for (const { key } of due) this.#tell(key);
			this.#tellAgainLater();
		});
	}
}

/** Which node it was; `undefined` for anything else that travels there. */
function read(bytes: Uint8Array): NodeId | undefined {
	try {
		return schema.safeParse(unpack(bytes)).data?.node;
	} catch {
		return undefined;
	}
}
