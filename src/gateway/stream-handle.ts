import type { CommandAnswer, CommandRequest, OpenAnswer } from '../core/actor-port.ts';
import { ERRORS } from '../protocol/errors.ts';
import { OP } from '../protocol/frames.ts';
import type { CommandFrame, Resume, WireEvent } from '../protocol/wire.ts';
import { checkCommand } from './check-command.ts';
import type { ClientConnection } from './client-connection.ts';
import { ClientHandle } from './client-handle.ts';
import { CommandNumbers } from './command-numbers.ts';
import type { GatewayContext } from './gateway-context.ts';
import { resumeParts } from './resume-parts.ts';
import type { HandleFigures } from './socket-figures.ts';
import type { Share } from './socket-writer.ts';
import type { Stream } from './stream.ts';
import type { Subscription } from './subscription.ts';

export type StreamHandleState = 'opening' | 'asking' | 'catching' | 'live' | 'dormant';

export interface StreamOpening {
	readonly id: number;
	readonly stream: Stream;
	readonly args: unknown;
	readonly resume: Resume | undefined;
}

interface WaitingCommand {
	readonly frame: CommandFrame;
	readonly bytes: number;
}

/** A handle on an actor: its place in the actor's stream, and the numbered commands of its client. */
export class StreamHandle extends ClientHandle implements Share {
	readonly stream: Stream;
	readonly openArgs: unknown;
	/** Kept by {@link Stream}. */
	state: StreamHandleState = 'opening';
	/** What the client has, as long as the handle is not live; −1: nothing. */
	position: number;
	writer: string;
	/** Index in the stream's list of live handles. */
	slot = -1;
	attempts = 0;
	episode = 0;
	episodeBytes = 0;
	/** The owner went, and the next has not answered: commands in flight may have to come again first. */
	isMoving = false;
	/** Under which an owner let its user in. Kept by {@link Stream}. */
	grantedBy: Subscription | undefined;
	/** The client was answered to its `open`. */
	isTold = false;
	/** The answer to `with`, until it is told. */
	withReply: unknown;
	readonly #context: GatewayContext;
	/** Counts the openings of this socket, whose ids a client may use again. */
	readonly #number: number;
	/** Made when the first command needs it: many handles never send one. */
	#openingName: string | undefined;
	/** Commands that came before the opening was answered. */
	#early: WaitingCommand[] | undefined;
	readonly #numbers = new CommandNumbers();
	/** When the ephemerals taken so far would be spread out at the allowed rate. */
	#ephemeralsUntil = 0;

	constructor(connection: ClientConnection, context: GatewayContext, opening: StreamOpening) {
		super(connection, opening.id, opening.stream.key);
		this.#context = context;
		this.#number = connection.nextOpening();
		this.stream = opening.stream;
		this.openArgs = opening.args;
		this.position = opening.resume?.[0] ?? -1;
		this.writer = opening.resume?.[1] ?? '';
	}

	/** What the client has; `undefined` before its first answer without a resume of its own. */
	get resume(): Resume | undefined {
		return this.position < 0 ? undefined : [this.position, this.writer];
	}

	/** Tells the client a fresh state. */
	opened(answer: Pick<Extract<OpenAnswer, { view: unknown }>, 'how' | Told>): void {
		const { position, writer, view } = answer;
		const op = this.isTold || answer.how === 'reset' ? OP.reset : OP.opened;
		const reply = this.#takeReply();
		this.send(op, { down: this.stream.down, position, writer, view, ...reply });
		this.#told(position, writer);
	}

	/** Tells the client what it missed. */
	resumed({ position, writer, events }: Resumption): void {
		const isNews = !this.isTold || events.length > 0 || writer !== this.writer;
		if (isNews || position !== this.position) {
			const head = { down: this.stream.down, position, writer, ...this.#takeReply() };
			for (const part of resumeParts(events, head)) this.sendPacked(OP.resume, part);
		}
		this.#told(position, writer);
	}

	command(frame: CommandFrame, bytes: number): void {
		const [n, name, args] = frame;
		if (!this.isTold) {
			this.#wait({ frame, bytes });
			return;
		}
		if (n < this.#numbers.next) return; // taken already: its answer has come or will come
		const busy = this.#refusesNow(n);
		if (busy !== undefined) {
			this.reply(n, busy);
			return;
		}
		const checked = checkCommand(this.stream.contract, name, args);
		if (!checked.ok) {
			this.#numbers.takenHere();
			this.reply(n, checked);
			return;
		}
		if (this.state === 'dormant' && checked.contract.creates !== true) {
			this.#numbers.takenHere();
			this.reply(n, NOTHING_YET);
			return;
		}
		const taken = this.#numbers.take();
		if (taken === undefined) return; // in flight still: its answer will come
		const isRead = checked.contract.query === true;
		this.connection.began(bytes, isRead);
		const request = this.#request({ frame, bytes }, checked.args, taken);
		this.#context.actors.command(this.stream.key, request, (answer) => {
			this.connection.ended(bytes, isRead);
			this.#answered(n, answer);
		});
	}

	override ephemeral([type, data]: WireEvent): void {
		const { contract, key } = this.stream;
		const schema = Object.hasOwn(contract.ephemerals, type) ? contract.ephemerals[type] : undefined;
		const parsed = schema?.safeParse(data);
		if (this.state !== 'live' || parsed?.success !== true || !this.#takesEphemeral()) return;
		this.#context.actors.ephemeral(key, this.connection.identity, [type, parsed.data]);
	}

	override rolesChanged(): void {
		this.stream.recheck(this);
	}

	figures(): HandleFigures {
		const { id, key, state, stream } = this;
		const known = Math.max(0, this.position);
		const reached = stream.reached ?? known;
		// A live handle has all that the stream has; its own position stands still.
		const position = state === 'live' ? reached : known;
		return { id, key, style: 'stream', state, position, lag: Math.max(0, reached - position) };
	}

	/** The reader is there again. */
	unparked(): void {
		if (this.state === 'catching') this.stream.bringUp(this);
		else this.stream.ask(this);
	}

	protected released(): void {
		if (!this.isTold) this.connection.ended(0, true);
		for (const { bytes } of this.#early ?? []) this.connection.ended(bytes, false);
		this.#early = undefined;
		if (this.#numbers.isUsed) this.#context.actors.closeOpening(this.stream.key, this.#opening);
		this.stream.detach(this);
	}

	/** Its name for the owner. */
	get #opening(): string {
		this.#openingName ??= `${this.connection.id}.${this.#number}`;
		return this.#openingName;
	}

	#told(position: number, writer: string): void {
		if (position > this.position) this.attempts = 0;
		this.position = position;
		this.writer = writer;
		this.isMoving = false;
		if (this.isTold) return;
		this.isTold = true;
		this.connection.ended(0, true);
		const early = this.#early ?? [];
		this.#early = undefined;
		for (const { frame, bytes } of early) {
			this.connection.ended(bytes, false);
			if (!this.isClosed) this.command(frame, bytes);
		}
	}

	#takeReply(): { readonly reply?: unknown } {
		const reply = this.withReply;
		this.withReply = undefined;
		return reply === undefined ? {} : { reply };
	}

	#wait(command: WaitingCommand): void {
		this.#early ??= [];
		if (this.#early.length >= this.#context.limits.commandsWaitingMax) {
			this.reply(command.frame[0], BUSY);
			return;
		}
		this.connection.began(command.bytes, false);
		this.#early.push(command);
	}

	/** A refusal that asks the client to go back to this number. */
	#refusesNow(n: number): CommandAnswer | undefined {
		const { next, waiting } = this.#numbers;
		if (n > next) return { ok: false, code: 'AGAIN', message: `command ${next} is next` };
		if (this.isMoving || this.stream.isReopening) {
			return { ...MOVED, retryAfterMs: this.stream.movingRetryMs };
		}
		return waiting >= this.#context.limits.commandsWaitingMax ? BUSY : undefined;
	}

	#request(
		{ frame, bytes }: WaitingCommand,
		args: unknown,
		taken: { readonly n: number; readonly first: number },
	): CommandRequest {
		const [, name, , requestId, resend] = frame;
		return {
			caller: this.connection.identity,
			name,
			args,
			requestId: requestId ?? undefined,
			resend: resend ?? undefined,
			bytes,
			sender: { opening: this.#opening, ...taken },
		};
	}

	/** A retryable refusal counts as unanswered: the numbers go back to it. */
	#answered(n: number, answer: CommandAnswer): void {
		const isFinal = answer.ok || !ERRORS[answer.code].retryable;
		const isAhead = !answer.ok && answer.code === 'AGAIN';
		const told = isAhead && this.#numbers.isFirst(n) ? CAUGHT_UP : answer;
		if (isFinal) this.#numbers.answered(n);
		else this.#numbers.refused(n);
		if (answer.ok && this.state === 'dormant') this.stream.announced();
		this.reply(n, told);
	}

	#takesEphemeral(): boolean {
		const { limits, runtime } = this.#context;
		const now = runtime.monotonic();
		const spacingMs = 1_000 / limits.ephemeralsPerSecondMax;
		const until = Math.max(this.#ephemeralsUntil, now) + spacingMs;
		if (until > now + spacingMs * limits.ephemeralsBurstMax) return false;
		this.#ephemeralsUntil = until;
		return true;
	}
}

type Told = 'position' | 'writer' | 'view';
type Resumption = Pick<Extract<OpenAnswer, { events: unknown }>, 'position' | 'writer' | 'events'>;

const BUSY: CommandAnswer = {
	ok: false,
	code: 'BUSY',
	message: 'too many commands of this handle wait',
	retryAfterMs: 200,
};
const NOTHING_YET: CommandAnswer = {
	ok: false,
	code: 'NOT_FOUND',
	message: 'there is nothing yet',
};
/** A new owner has waited for what the one before answered after all: the client has done nothing wrong. */
const CAUGHT_UP: CommandAnswer = {
	ok: false,
	code: 'RETRY_LATER',
	message: 'the owner has changed; send it again',
	retryAfterMs: 50,
};
const MOVED = {
	ok: false,
	code: 'MOVED',
	message: 'the owner changes; send it again',
} as const;
