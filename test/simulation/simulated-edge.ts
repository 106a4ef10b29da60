import type {
	CommandAnswer,
	CommandRequest,
	OpenAnswer,
	Publication,
	Subscriber,
} from '../../src/core/actor-port.ts';
import type { ActorSystem } from '../../src/core/actor-system.ts';
import { hears } from '../../src/core/show.ts';
import { ERRORS } from '../../src/protocol/errors.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import type { Resume, WireEvent } from '../../src/protocol/wire.ts';
import type { Sabotage } from './sabotages.ts';
import type { Act, Script } from './script.ts';
import type { ActorTruth, Truth } from './truth.ts';

/** A numbered command on its way. */
export interface Frame {
	readonly n: number;
	readonly act: Act;
	readonly requestId: string;
	readonly resend: boolean;
}

/** What an edge sends its client. */
export interface EdgeListener {
	answered(n: number, answer: CommandAnswer): void;
	opened(answer: OpenAnswer): void;
	told(events: readonly WireEvent[], resume: Resume): void;
	closed(): void;
}

export interface EdgeOptions {
	readonly key: ActorKey;
	readonly userId: string;
	readonly opening: string;
	readonly system: ActorSystem;
	readonly script: Script;
	readonly truth: Truth;
	readonly sabotage: Sabotage;
	readonly listener: EdgeListener;
}

/**
 * The place of one client at a node: keeps the rules that a gateway keeps with the actor port (numbers
 * go back with a retryable refusal, events wait for the answer of the opening), and compares all that
 * the port answers and tells with the truth.
 */
export class SimulatedEdge {
	readonly #options: EdgeOptions;
	#ear: Ear | undefined;
	#next = 1;

	constructor(options: EdgeOptions) {
		this.#options = options;
	}

	command(frame: Frame): void {
		const { key, system, listener } = this.#options;
		const { n } = frame;
		if (n > this.#next) {
			listener.answered(n, { ok: false, code: 'AGAIN' });
			return;
		}
		if (n < this.#next) return;
		this.#next = n + 1;
		system.command(key, this.#request(frame), (answer) => {
			if (!answer.ok && ERRORS[answer.code].retryable) this.#next = Math.min(this.#next, n);
			this.#check(frame, answer);
			listener.answered(n, answer);
		});
	}

	open(resume: Resume | undefined): void {
		const { key, system, userId, sabotage } = this.#options;
		this.#leave();
		const ear = new Ear(this.#options);
		this.#ear = ear;
		const acknowledged = this.#truth.acknowledged;
		const asked = resume && (sabotage.resume?.(resume, this.#truth) ?? resume);
		const request = { caller: caller(userId), args: {}, resume: asked, subscriber: ear };
		system.open(key, request, (answer) => {
			if (ear !== this.#ear) return;
			if (answer.ok) {
				this.#checkOpened(answer, resume);
				this.#checkFresh(answer.position, acknowledged);
			}
			ear.answered(answer);
		});
	}

	/** The client is gone. */
	close(): void {
		this.#leave();
		this.#options.system.closeOpening(this.#options.key, this.#options.opening);
	}

	get #truth(): ActorTruth {
		return this.#options.truth.of(this.#options.key);
	}

	#leave(): void {
		if (this.#ear !== undefined) this.#options.system.unsubscribe(this.#options.key, this.#ear);
		this.#ear = undefined;
	}

	#complain(what: string): void {
		this.#options.truth.complain(`${this.#options.opening}: ${what}`);
	}

	#request({ n, act, requestId, resend }: Frame): CommandRequest {
		const { userId, opening } = this.#options;
		return {
			caller: caller(userId),
			name: act.name,
			args: act.args,
			requestId: act.hasId ? requestId : undefined,
			resend,
			sender: { opening, n },
		};
	}

	/** Acknowledged is what the journal has, with the reply that it has. */
	#check({ act, requestId }: Frame, answer: CommandAnswer): void {
		if (!answer.ok) return;
		const truth = this.#truth;
		const wrong = this.#options.script.wrong(act, answer.reply, truth);
		if (wrong !== undefined) this.#complain(`${act.name}: ${wrong}`);
		if (!act.writes || !act.hasId) return;
		const request = truth.requests.get(`${this.#options.userId} ${requestId}`);
		if (request === undefined) {
			this.#complain(`${requestId} acknowledged, but not in the journal`);
			return;
		}
		if (request.reply !== JSON.stringify(answer.reply)) this.#complain(`${requestId}: other reply`);
		truth.acknowledged = Math.max(truth.acknowledged, request.position);
	}

	/** A view is the state at its position; a resume brings exactly what was missed. */
	#checkOpened(answer: Extract<OpenAnswer, { ok: true }>, resume: Resume | undefined): void {
		const { script, userId } = this.#options;
		const truth = this.#truth;
		const { position } = answer;
		if (position > truth.position) this.#complain('opened ahead of the journal');
		if (answer.how === 'resumed') {
			const missed = truth.between(resume?.[0] ?? 0, position);
			const wanted = missed.filter((one) => hears(one, userId)).map(({ event }) => event);
			if (!same(answer.events, wanted)) this.#complain('a resume is not what was missed');
			return;
		}
		const figures = JSON.stringify(script.figuresOf(answer.view));
		if (figures !== truth.figures[position]) this.#complain(`a view of ${figures} never was`);
		const page = script.wrong({ name: 'history' } as Act, answer.view, truth);
		if (page !== undefined && 'messages' in (answer.view as object)) this.#complain(page);
	}

	/** What was acknowledged before a question is in the answer of whoever owns the actor. */
	#checkFresh(position: number, acknowledged: number): void {
		const { key, system } = this.#options;
		const writer = system.hosts.get(key)?.writer ?? '';
		const truth = this.#truth;
		const first = truth.firstCommit(writer) ?? Infinity;
		const isOwner = !truth.records.some((one) => one.commit > first && one.writer !== writer);
		if (isOwner && position < acknowledged) this.#complain('the owner answers from the past');
	}
}

/** Hears one actor, from the answer of its opening on. */
class Ear implements Subscriber {
	readonly #options: EdgeOptions;
	#position: number | undefined;
	#early: Publication[] = [];
	#isClosed = false;

	constructor(options: EdgeOptions) {
		this.#options = options;
	}

	answered(answer: OpenAnswer): void {
		const { listener } = this.#options;
		listener.opened(answer);
		if (!answer.ok) return;
		this.#position = answer.position;
		const early = this.#early.filter(({ position }) => position > answer.position);
		this.#early = [];
		for (const publication of early) this.#pass(publication);
	}

	committed(publication: Publication): void {
		this.#check(publication);
		if (this.#position === undefined) this.#early.push(publication);
		else this.#pass(publication);
	}

	ephemeral(): void {}

	closed(): void {
		if (!this.#isClosed) this.#options.listener.closed();
		this.#isClosed = true;
	}

	#pass({ told, position, writer }: Publication): void {
		const { userId, listener } = this.#options;
		const events = told.filter((one) => hears(one, userId)).map(({ event }) => event);
		if (position <= (this.#position ?? 0)) this.#complain('told twice');
		this.#position = position;
		listener.told(events, [position, writer]);
	}

	/** Told is what the journal has, all of it, in its order. */
	#check({ position, writer, told }: Publication): void {
		const truth = this.#options.truth.of(this.#options.key);
		const record = truth.records.find(
			(one) => one.position === position && one.events.length > 0 && one.writer === writer,
		);
		if (record === undefined) {
			this.#complain('told what the journal has not');
			return;
		}
		const from = position - record.events.length;
		const last = this.#early.at(-1)?.position ?? this.#position ?? from;
		if (last !== from) this.#complain('told with a hole');
		if (!same(told, truth.between(from, position))) this.#complain('told otherwise than written');
	}

	#complain(what: string): void {
		this.#options.truth.complain(`${this.#options.opening}: ${what}`);
	}
}

const caller = (userId: string) => ({ userId, roles: ['user'] });

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
