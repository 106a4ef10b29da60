import type { Caller } from '../../../src/core/actor-kind.ts';
import type {
	ActorPort,
	CommandAnswer,
	CommandRequest,
	OpenAnswer,
	OpenRequest,
	Publication,
	ReopenAnswer,
	ReopenRequest,
	Subscriber,
} from '../../../src/core/actor-port.ts';
import type { ActorKey } from '../../../src/protocol/ids.ts';
import type { Resume, WireEvent } from '../../../src/protocol/wire.ts';
import type { Script } from '../script.ts';
import type { ActorTruth, Truth } from '../truth.ts';

export interface WatchOptions {
	readonly actors: ActorPort;
	readonly script: Script;
	readonly truth: Truth;
	/** For complaints. */
	readonly name: string;
}

/** Passes everything on; what is to be checked is overridden. */
class PassedOn implements ActorPort {
	protected readonly options: WatchOptions;

	constructor(options: WatchOptions) {
		this.options = options;
	}

	open(key: ActorKey, request: OpenRequest, answer: (answer: OpenAnswer) => void): void {
		this.options.actors.open(key, request, answer);
	}

	reopen(key: ActorKey, request: ReopenRequest, answer: (answer: ReopenAnswer) => void): void {
		this.options.actors.reopen(key, request, answer);
	}

	command(key: ActorKey, request: CommandRequest, answer: (answer: CommandAnswer) => void): void {
		this.options.actors.command(key, request, answer);
	}

	ephemeral(key: ActorKey, caller: Caller, event: WireEvent): void {
		this.options.actors.ephemeral(key, caller, event);
	}

	closeOpening(key: ActorKey, opening: string): void {
		this.options.actors.closeOpening(key, opening);
	}

	unsubscribe(key: ActorKey, subscriber: Subscriber): void {
		this.options.actors.unsubscribe(key, subscriber);
	}

	peek(key: ActorKey): ReturnType<ActorPort['peek']> {
		return this.options.actors.peek(key);
	}

	protected complain(key: ActorKey, what: string): void {
		this.options.truth.complain(`${key} at ${this.options.name}: ${what}`);
	}

	/** What a client was told to be done under this id, if it was told of such a request. */
	protected effect(key: ActorKey, { caller, requestId }: CommandRequest) {
		if (requestId?.startsWith('does-') !== true) return undefined;
		return { request: this.options.truth.of(key).requests.get(`${caller.userId} ${requestId}`) };
	}
}

/** The actors of an owner: what leaves it is in the journal. */
export class WatchedOwner extends PassedOn {
	readonly #ears = new WeakMap<Subscriber, Subscriber>();

	override open(key: ActorKey, request: OpenRequest, answer: (answer: OpenAnswer) => void): void {
		const subscriber = this.#ear(key, request.subscriber);
		super.open(key, { ...request, subscriber }, answer);
	}

	override reopen(
		key: ActorKey,
		request: ReopenRequest,
		answer: (answer: ReopenAnswer) => void,
	): void {
		const subscriber = this.#ear(key, request.subscriber);
		super.reopen(key, { ...request, subscriber }, answer);
	}

	override unsubscribe(key: ActorKey, subscriber: Subscriber): void {
		super.unsubscribe(key, this.#ear(key, subscriber));
	}

	override command(
		key: ActorKey,
		request: CommandRequest,
		answer: (answer: CommandAnswer) => void,
	): void {
		super.command(key, request, (answered) => {
			const effect = answered.ok ? this.effect(key, request) : undefined;
			if (effect !== undefined && effect.request === undefined) {
				this.complain(key, `${request.requestId} answered, but not in the journal`);
			}
			answer(answered);
		});
	}

	#ear(key: ActorKey, subscriber: Subscriber): Subscriber {
		const known = this.#ears.get(subscriber);
		if (known !== undefined) return known;
		const ear: Subscriber = {
			committed: (publication) => {
				this.#check(key, publication);
				subscriber.committed(publication);
			},
			ephemeral: (event, audience) => subscriber.ephemeral(event, audience),
			closed: () => subscriber.closed(),
		};
		this.#ears.set(subscriber, ear);
		return ear;
	}

	#check(key: ActorKey, { position, writer, told }: Publication): void {
		const truth = this.options.truth.of(key);
		const record = truth.records.findLast(
			(one) => one.position === position && one.events.length > 0 && one.writer === writer,
		);
		if (record === undefined) {
			this.complain(key, 'told what the journal has not');
			return;
		}
		const wanted = truth.between(position - record.events.length, position);
		if (JSON.stringify(told) !== JSON.stringify(wanted)) {
			this.complain(key, 'told otherwise than written');
		}
	}
}

export interface EdgeWatchOptions extends WatchOptions {
	/** Whether a deposed owner may answer from the past, for a while. */
	readonly mayBeStale: boolean;
	readonly resume?: ((resume: Resume, truth: ActorTruth) => Resume) | undefined;
}

/**
 * Actors as an edge has them: whatever it is answered is not older than what was acknowledged, to
 * anybody, before it asked.
 */
export class WatchedEdge extends PassedOn {
	readonly #resume: EdgeWatchOptions['resume'];
	readonly #mayBeStale: boolean;

	constructor({ resume, mayBeStale, ...options }: EdgeWatchOptions) {
		super(options);
		this.#resume = resume;
		this.#mayBeStale = mayBeStale;
	}

	override open(key: ActorKey, request: OpenRequest, answer: (answer: OpenAnswer) => void): void {
		const truth = this.options.truth.of(key);
		const { acknowledged } = truth;
		const resume = request.resume && (this.#resume?.(request.resume, truth) ?? request.resume);
		super.open(key, { ...request, resume }, (answered) => {
			if (answered.ok) this.#checkFresh(key, answered.position, acknowledged);
			answer(answered);
		});
	}

	override reopen(
		key: ActorKey,
		request: ReopenRequest,
		answer: (answer: ReopenAnswer) => void,
	): void {
		const { acknowledged } = this.options.truth.of(key);
		super.reopen(key, request, (answered) => {
			if (answered.ok && answered.how === 'resumed') {
				this.#checkFresh(key, answered.position, acknowledged);
			}
			answer(answered);
		});
	}

	override command(
		key: ActorKey,
		request: CommandRequest,
		answer: (answer: CommandAnswer) => void,
	): void {
		const { acknowledged } = this.options.truth.of(key);
		super.command(key, request, (answered) => {
			if (answered.ok) this.#checkReply(key, request, { reply: answered.reply, acknowledged });
			answer(answered);
		});
	}

	#checkReply(
		key: ActorKey,
		request: CommandRequest,
		{ reply, acknowledged }: { reply: unknown; acknowledged: number },
	): void {
		const { truth, script } = this.options;
		const actor = truth.of(key);
		const { name, args } = request;
		const wrong = script.wrong(
			{ name, args: args as object, hasId: false, writes: false },
			reply,
			actor,
		);
		if (wrong !== undefined) this.complain(key, `${name}: ${wrong}`);
		const seen = script.latest(name, reply, actor);
		if (seen !== undefined) this.#checkFresh(key, seen, acknowledged);
		const effect = this.effect(key, request)?.request;
		if (effect === undefined) return;
		if (effect.reply !== JSON.stringify(reply))
			this.complain(key, `${request.requestId}: other reply`);
		actor.acknowledged = Math.max(actor.acknowledged, effect.position);
	}

	#checkFresh(key: ActorKey, position: number, acknowledged: number): void {
		if (position >= acknowledged || this.#mayBeStale) return;
		this.complain(key, `answered from the past: ${position}, not ${acknowledged}`);
	}
}
