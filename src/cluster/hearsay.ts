import type { Runtime } from '../core/runtime.ts';
import type { NodeId } from './directory.ts';
import { betweenMs, elapsedMs, type Moment, momentNow } from './moment.ts';
import type { NodeBeat } from './node-beat.ts';

/** More nodes than this are not kept; those heard longest ago go first. */
const NODES_MAX = 1_000;

interface Heard {
	at: Moment;
	/** When it said last that the directory does not answer it. */
	awayAt: Moment | undefined;
	beat: NodeBeat;
}

/** What nodes say over the relay, and for how long it is to be believed. */
export class Hearsay {
	readonly #clocks: Pick<Runtime, 'now' | 'monotonic'>;
	readonly #self: NodeId;
	readonly #staleMs: number;
	/** Least recently heard first. */
	readonly #heard = new Map<NodeId, Heard>();
	/** Since when what this node tells has come back to it without a long gap. */
	#steadyFrom: Moment | undefined;

	constructor(options: {
		readonly clocks: Pick<Runtime, 'now' | 'monotonic'>;
		readonly self: NodeId;
		/**
		 * How long what was said counts, in milliseconds; a node has to tell six times within it. Whoever
		 * is silent for two thirds of it is passed over, and who hears nothing any more gives up after half
		 * of it. So a node that told nothing for half of it must not claim before it has told again for all
		 * of it: until then it may have been passed over by one that is deaf since, and serves on.
		 */
		readonly staleMs: number;
	}) {
		this.#clocks = options.clocks;
		this.#self = options.self;
		this.#staleMs = options.staleMs;
	}

	heard(beat: NodeBeat): void {
		const { id } = beat.node;
		const at = momentNow(this.#clocks);
		if (id === this.#self && !this.#isHeard) this.#steadyFrom = at;
		const awayAt = beat.directoryAway ? at : this.#heard.get(id)?.awayAt;
		this.#heard.delete(id);
		this.#heard.set(id, { at, awayAt, beat });
		if (this.#heard.size <= NODES_MAX) return;
		for (const oldest of this.#heard.keys()) {
			this.#heard.delete(oldest);
			return;
		}
	}

	/** What a node said last, however long ago. */
	last(id: NodeId): NodeBeat | undefined {
		return this.#heard.get(id)?.beat;
	}

	forget(id: NodeId): void {
		this.#heard.delete(id);
	}

	/** Whether what this node tells came back to itself lately: then it hears what others tell. */
	get relayWorks(): boolean {
		return this.#leftMs(this.#echoAt) > 0;
	}

	/** Whether nobody who hears can have passed this node over: it told all the time. */
	get isHeardByAll(): boolean {
		if (this.#steadyFrom === undefined || !this.#isHeard) return false;
		return elapsedMs(this.#clocks, this.#steadyFrom) >= this.#staleMs;
	}

	/** Whether another node was heard as long as the relay has worked. */
	get hearsOthers(): boolean {
		return this.#others().length > 0;
	}

	/**
	 * For how long from now nobody who is heard can be on the way to become an owner, in milliseconds:
	 * each has said lately that the directory is away for it too. A node that gets it back waits for a
	 * lease before it claims, which is longer than its word counts here. 0 when somebody has not said
	 * so, or when the relay carries nothing. Without news it only falls.
	 */
	excuseMs(): number {
		let leftMs = Math.max(0, this.#leftMs(this.#echoAt) - this.#staleMs / 2);
		for (const { awayAt } of this.#others()) leftMs = Math.min(leftMs, this.#leftMs(awayAt));
		return leftMs;
	}

	get #isHeard(): boolean {
		const echoAt = this.#echoAt;
		return echoAt !== undefined && elapsedMs(this.#clocks, echoAt) < this.#staleMs / 2;
	}

	get #echoAt(): Moment | undefined {
		return this.#heard.get(this.#self)?.at;
	}

	/**
	 * Who had not been silent for long when the relay last proved to work. Silence since then tells
	 * nothing of them, for this process may have been paused; nor does silence from before it proved to
	 * work again, for this node was deaf.
	 */
	#others(): Heard[] {
		const silentMs = (this.#staleMs * 2) / 3;
		const others: Heard[] = [];
		for (const [id, heard] of this.#heard) {
			if (id !== this.#self && this.#silenceMs(heard) < silentMs) others.push(heard);
		}
		return others;
	}

	/** For how long the relay has proved to work without bringing anything of it. */
	#silenceMs({ at }: Heard): number {
		const echoAt = this.#echoAt;
		const steadyFrom = this.#steadyFrom;
		if (echoAt === undefined || steadyFrom === undefined) return 0;
		return Math.min(betweenMs(at, echoAt), betweenMs(steadyFrom, echoAt));
	}

	#leftMs(since: Moment | undefined): number {
		if (since === undefined) return 0;
		return Math.max(0, this.#staleMs - elapsedMs(this.#clocks, since));
	}
}
