import { hears } from '../../../src/core/show.ts';
import { unpack } from '../../../src/protocol/codec.ts';
import { decodeFrames, type Frame, OP } from '../../../src/protocol/frames.ts';
import type { Data, Open, Opened, Resume, Resumed, WireEvent } from '../../../src/protocol/wire.ts';
import type { Act, Script } from '../script.ts';
import type { ActorTruth } from '../truth.ts';

/** What the client of a socket opened, and what it was told of that. */
interface Opening {
	readonly id: number;
	readonly resume: Resume | undefined;
	missed: WireEvent[];
	down?: number;
	/** Up to where it was told; nothing before the opening is answered. */
	position?: number;
}

export interface JudgeOptions {
	readonly userId: string;
	readonly script: Script;
	/** Of the actor that the client has open. */
	readonly truth: () => ActorTruth;
	readonly complain: (what: string) => void;
}

/**
 * Reads along on one socket with one handle: a fresh state is what is true at its position, and from
 * there the client is told everything that happened, once and in order.
 */
export class WireJudge {
	readonly #options: JudgeOptions;
	#opening: Opening | undefined;

	constructor(options: JudgeOptions) {
		this.#options = options;
	}

	sent(bytes: Uint8Array): void {
		for (const { handle, op, payload } of decodeFrames(bytes)) {
			if (op === OP.open) {
				this.#opening = { id: handle, resume: (unpack(payload) as Open).resume, missed: [] };
			} else if (op === OP.close) this.#opening = undefined;
		}
	}

	heard(bytes: Uint8Array): void {
		for (const frame of decodeFrames(bytes)) {
			if (this.#opening !== undefined) this.#heard(frame, this.#opening);
		}
	}

	#heard({ handle, op, payload }: Frame, opening: Opening): void {
		if (op === OP.data) {
			if (handle === opening.down) this.#data(unpack(payload) as Data, opening);
		} else if (handle !== opening.id) return;
		else if (op === OP.opened || op === OP.reset) this.#opened(unpack(payload) as Opened, opening);
		else if (op === OP.resume) this.#resumed(unpack(payload) as Resumed, opening);
		else if (op === OP.error || op === OP.close) this.#opening = undefined;
	}

	#opened({ position, view, down }: Opened, opening: Opening): void {
		const { script, complain } = this.#options;
		const truth = this.#options.truth();
		opening.position = position;
		opening.down = down;
		const figures = JSON.stringify(script.figuresOf(view));
		if (figures !== truth.figures[position]) complain(`a view of ${figures} never was`);
		if (!('messages' in (view as object))) return;
		const wrong = script.wrong({ name: 'history' } as Act, view, truth);
		if (wrong !== undefined) complain(`the view: ${wrong}`);
	}

	#resumed({ position, events, more, down }: Resumed, opening: Opening): void {
		opening.missed.push(...events);
		if (more) return;
		const from = opening.position ?? opening.resume?.[0] ?? 0;
		this.#check({ from, to: position, events: opening.missed }, 'a resume');
		opening.missed = [];
		opening.position = position;
		opening.down = down;
	}

	#data({ p, e }: Data, opening: Opening): void {
		const { position = 0 } = opening;
		if (p < position) this.#options.complain(`data of ${p} behind ${position}`);
		this.#check({ from: position, to: p, events: e }, 'data');
		opening.position = p;
	}

	#check(
		{ from, to, events }: { from: number; to: number; events: readonly WireEvent[] },
		what: string,
	): void {
		const { userId, complain, truth } = this.#options;
		const missed = truth().between(from, to);
		const wanted = missed.filter((one) => hears(one, userId)).map(({ event }) => event);
		if (JSON.stringify(events) === JSON.stringify(wanted)) return;
		complain(`${what} from ${from} to ${to} is not what happened`);
	}
}
