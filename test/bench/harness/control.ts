/**
 * What the driver and a server process say to each other over IPC. Everything carries `bench`, since
 * a library in the server process may send messages of its own on the same channel.
 */

/** What a server process can be asked. */
export interface Questions {
	/** Begins to count CPU time. */
	mark: null;
	/** What was counted since `mark`. */
	read: Spent;
	/** Begins to watch the event loop, which by itself costs 2 % of a core: never while CPU is counted. */
	watch: null;
	/** What was seen since `watch`; ends it. */
	watched: LoopDelay;
	/** Memory after an ordinary collection: V8 keeps much of what a rush of clients made it take. */
	resident: Memory;
	/** Memory after a complete one that gives free pages back: what is really held. */
	live: Memory;
	/** How circuits have turned at a node, the oldest first. */
	turns: readonly CircuitTurn[];
}

/** From then on the node lets calls to the institution through as the circuit says. */
export interface CircuitTurn {
	readonly institution: string;
	readonly circuit: string;
	/** Milliseconds since 1970. */
	readonly at: number;
}

export interface Spent {
	/** User and system time of all threads of the process. */
	readonly cpuMicros: number;
	readonly elapsedMs: number;
}

/** Delay of the main event loop, less the resolution of the clock. */
export interface LoopDelay {
	readonly p99Ms: number;
	readonly maxMs: number;
}

export interface Memory {
	readonly rssBytes: number;
	readonly heapBytes: number;
}

export type Question = keyof Questions;

export interface Ask {
	readonly bench: 'ask';
	readonly id: number;
	readonly question: Question | 'stop';
}

/** `bye`: the last word, with the CPU time of the whole process. */
export interface Told {
	readonly bench: 'ready' | 'answer' | 'bye';
	readonly id: number;
	readonly answer: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null;

export const isAsk = (value: unknown): value is Ask => isObject(value) && value.bench === 'ask';

export const isTold = (value: unknown): value is Told =>
	isObject(value) && ['ready', 'answer', 'bye'].includes(String(value.bench));
