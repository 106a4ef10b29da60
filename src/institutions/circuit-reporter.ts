import type { CommandAnswer } from '../core/actor-port.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Gate, Report, Reported } from '../protocol/institution-nodes.ts';
import type { ActorClock } from './actor-clock.ts';
import type { Circuit } from './circuit-gate.ts';

const REPORT_MS = 1_000;
/** Reports that wait for their answer at a time, until the last of them is given up. */
const UNANSWERED_MAX = 3;
const ANSWER_MS = 3_000;
/** Behind the last call, the actor's time goes on until its minute was counted. */
const TAIL_MS = 150_000;
const TAIL_REPORT_MS = 5_000;

export interface CircuitReporterOptions {
	readonly circuit: Circuit;
	readonly runtime: Runtime;
	readonly incarnation: string;
	readonly clock: ActorClock;
	readonly send: (report: Report, answer: (answer: CommandAnswer) => void) => void;
	/** A gate that came with an answer. */
	readonly gate: (gate: Gate) => void;
}

/**
 * Tells the actor of one institution once a second what became of this node's calls (I10); without
 * calls only that it lives, while that matters. Totals are told until they have arrived.
 */
export class CircuitReporter {
	readonly #options: CircuitReporterOptions;
	#dueAt: number;
	#sentAt = Number.NEGATIVE_INFINITY;
	#unanswered = 0;
	/** The actor has heard of this process. */
	#isKnown = false;

	constructor(options: CircuitReporterOptions) {
		this.#options = options;
		const { runtime } = options;
		// Institutions and nodes that begin together do not report together.
		this.#dueAt = runtime.monotonic() + runtime.random() * REPORT_MS;
	}

	/** Reports when it is time to. */
	tick(): void {
		const { runtime } = this.#options;
		const now = runtime.monotonic();
		if (now < this.#dueAt) return;
		this.#dueAt = Math.max(this.#dueAt + REPORT_MS, now);
		if (now - this.#sentAt >= ANSWER_MS) this.#unanswered = 0;
		if (this.#unanswered >= UNANSWERED_MAX) return;
		this.#report(now);
	}

	#report(now: number): void {
		const { circuit, incarnation, clock, send } = this.#options;
		const [cells, arrived] = circuit.tally.news(now);
		if (cells.length === 0 && !this.#hasToLive(now)) return;
		const time = clock.at(now);
		const known = time === undefined ? {} : { time };
		this.#unanswered++;
		this.#sentAt = now;
		send({ incarnation, version: circuit.gate.version, cells, ...known }, (answer) => {
			this.#unanswered = Math.max(0, this.#unanswered - 1);
			if (!answer.ok) return;
			this.#isKnown = true;
			const reply = answer.reply as Reported;
			if (reply.isKept) arrived();
			this.#answered(reply);
		});
	}

	/** Whether a report without calls is of use. */
	#hasToLive(now: number): boolean {
		const { gate, tally } = this.#options.circuit;
		if (gate.circuit === 'open' || gate.circuit === 'recovering') return true;
		if (now - this.#sentAt < TAIL_REPORT_MS) return false;
		// Who is known before its first calls need not be waited for when they fail.
		return !this.#isKnown || now - tally.lastAt < TAIL_MS;
	}

	#answered({ time, gate }: Reported): void {
		const { clock, runtime } = this.#options;
		clock.hear(time, runtime.monotonic());
		if (gate !== undefined) this.#options.gate(gate);
	}
}
