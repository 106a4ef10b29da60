import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { LoopDelay } from './loop-delay.ts';

/** With a loop that is never idle, and late by so much, what comes waits longer than it should. */
const BUSY_SHARE = 0.95;
const DELAY_MS = 100;
/** So many reads in a row have to say so: a single pause is none. */
const READS = 3;
const RECENT_MS = 1_000;

/** What a read tells. */
interface Load {
	readonly sockets: number;
	readonly actors: number;
	readonly loopDelayMs: number;
	readonly overloaded: boolean;
}

/** How busy this process is, as other nodes learn of it. Read about once a second. */
export class LoadMeter {
	readonly #delay = new LoopDelay();
	readonly #figures: () => { readonly sockets: number; readonly actors: number };
	#utilization: EventLoopUtilization = performance.eventLoopUtilization();
	#busyReads = 0;
	#last: { readonly at: number; readonly load: Load } | undefined;

	constructor(figures: () => { readonly sockets: number; readonly actors: number }) {
		this.#figures = figures;
	}

	/** Sockets and actors now, event-loop delay (p99, in milliseconds) since the last read. */
	read(): Load {
		const now = performance.eventLoopUtilization();
		const { utilization } = performance.eventLoopUtilization(now, this.#utilization);
		this.#utilization = now;
		const loopDelayMs = this.#delay.quantileMs(0.99);
		this.#delay.reset();
		const busy = utilization > BUSY_SHARE && loopDelayMs > DELAY_MS;
		this.#busyReads = busy ? this.#busyReads + 1 : 0;
		const load = { ...this.#figures(), loopDelayMs, overloaded: this.#busyReads >= READS };
		this.#last = { at: performance.now(), load };
		return load;
	}

	/** The last read, with the present numbers; reads anew when that is more than a second ago. */
	recent(): Load {
		const last = this.#last;
		const isFresh = last !== undefined && performance.now() - last.at < RECENT_MS;
		return isFresh ? { ...last.load, ...this.#figures() } : this.read();
	}

	close(): void {
		this.#delay.close();
	}
}
