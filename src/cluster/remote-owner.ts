import type { Caller } from '../core/actor-kind.ts';
import type {
	CommandAnswer,
	CommandRequest,
	OpenAnswer,
	OpenRequest,
	ReopenAnswer,
	ReopenRequest,
	Subscriber,
} from '../core/actor-port.ts';
import { refusal } from '../core/entries.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { WireEvent } from '../protocol/wire.ts';
import type { NodeId } from './directory.ts';
import type { Switchboard } from './switchboard.ts';

/** Questions to one node that may wait for their answers; beyond it `BUSY`. */
const ASKED_MAX = 200_000;
const RETRY_MS = 100;

type Answer = OpenAnswer | CommandAnswer | ReopenAnswer;
type Refused = ReturnType<typeof refusal>;

/** One who listens there, under a number that this edge has given it. */
interface Ear {
	readonly number: number;
	readonly subscriber: Subscriber;
	/** Openings that are not answered yet. */
	asking: number;
	/** An opening was granted. */
	hears: boolean;
}

/** What this edge has under way at one other node, for the time of one session with it. */
export class RemoteOwner {
	readonly #node: NodeId;
	readonly #switchboard: Switchboard;
	readonly #asked = new Map<number, (answer: Answer) => void>();
	readonly #ears = new Map<number, Ear>();
	readonly #earOf = new Map<Subscriber, Ear>();
	#questions = 0;
	#earsMade = 0;

	constructor(node: NodeId, switchboard: Switchboard) {
		this.#node = node;
		this.#switchboard = switchboard;
	}

	open(key: ActorKey, request: OpenRequest, answer: (answer: OpenAnswer) => void): void {
		const { caller, args, resume, subscriber } = request;
		const ear = this.#ear(subscriber);
		const heard = (answered: OpenAnswer) => {
			this.#opened(key, ear, answered.ok);
			answer(answered);
		};
		this.#ask(heard, (question) =>
			this.#send('open', question, key, ear.number, caller, args, resume),
		);
	}

	reopen(key: ActorKey, request: ReopenRequest, answer: (answer: ReopenAnswer) => void): void {
		const { callers, resume, subscriber } = request;
		const ear = this.#ear(subscriber);
		const heard = (answered: ReopenAnswer) => {
			this.#opened(key, ear, answered.ok && answered.how === 'resumed');
			answer(answered);
		};
		this.#ask(heard, (question) =>
			this.#send('reopen', question, key, ear.number, callers, resume),
		);
	}

	command(key: ActorKey, request: CommandRequest, answer: (answer: CommandAnswer) => void): void {
		this.#ask(answer, (question) => this.#send('command', question, key, request));
	}

	ephemeral(key: ActorKey, caller: Caller, event: WireEvent): void {
		this.#send('whisper', key, caller, event);
	}

	closeOpening(key: ActorKey, opening: string): void {
		this.#send('closeOpening', key, opening);
	}

	/** Whether the subscriber listens there; then it does no more. */
	unsubscribe(key: ActorKey, subscriber: Subscriber): boolean {
		const ear = this.#earOf.get(subscriber);
		if (ear === undefined) return false;
		this.#forget(ear);
		this.#send('unsubscribe', key, ear.number);
		return true;
	}

	/** The owner's answer to a question. */
	answered(question: number, answer: Answer): void {
		const asked = this.#asked.get(question);
		this.#asked.delete(question);
		asked?.(answer);
	}

	/** Who listens under this number. */
	heardBy(ear: number): Subscriber | undefined {
		return this.#ears.get(ear)?.subscriber;
	}

	/** The owner is gone for one of those who listen. */
	closed(number: number): void {
		const ear = this.#ears.get(number);
		if (ear === undefined) return;
		this.#forget(ear);
		ear.subscriber.closed();
	}

	/** The session is over: what was asked is answered `MOVED` in its order, and nobody hears more. */
	down(): void {
		const asked = [...this.#asked.values()];
		const ears = [...this.#ears.values()];
		this.#asked.clear();
		this.#ears.clear();
		this.#earOf.clear();
		for (const answer of asked) answer(LOST);
		for (const { subscriber } of ears) subscriber.closed();
	}

	#send(name: string, ...args: readonly unknown[]): void {
		this.#switchboard.send(this.#node, name, ...args);
	}

	#ear(subscriber: Subscriber): Ear {
		const known = this.#earOf.get(subscriber);
		if (known !== undefined) {
			known.asking++;
			return known;
		}
		const ear = { number: ++this.#earsMade, subscriber, asking: 1, hears: false };
		this.#ears.set(ear.number, ear);
		this.#earOf.set(subscriber, ear);
		return ear;
	}

	/** Whoever was refused, and asks for nothing more, is not kept at either side; nor who is gone by now. */
	#opened(key: ActorKey, ear: Ear, granted: boolean): void {
		ear.asking--;
		ear.hears ||= granted;
		const isHere = this.#earOf.get(ear.subscriber) === ear;
		if (isHere ? ear.hears || ear.asking > 0 : !granted) return;
		if (isHere) this.#forget(ear);
		this.#send('unsubscribe', key, ear.number);
	}

	#ask<A extends Answer>(
		answer: (answer: A | Refused) => void,
		send: (question: number) => void,
	): void {
		if (this.#asked.size >= ASKED_MAX) {
			answer(refusal('BUSY', 'too much waits for another node', RETRY_MS));
			return;
		}
		const question = ++this.#questions;
		this.#asked.set(question, answer as (answer: Answer) => void);
		send(question);
	}

	#forget({ number, subscriber }: Ear): void {
		this.#ears.delete(number);
		this.#earOf.delete(subscriber);
	}
}

const LOST = refusal('MOVED', 'the owner is not heard any more', RETRY_MS);
