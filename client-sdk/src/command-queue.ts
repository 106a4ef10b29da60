import { pack } from '../../src/protocol/codec.ts';

import { MESSAGE_BYTES_MAX } from '../../src/protocol/frames.ts';
import type { CommandFrame, Open, WireRefusal } from '../../src/protocol/wire.ts';
import { afterMs, fullJitterMs } from './backoff.ts';
import type { Environment } from './environment.ts';
import type { CommandFlags, CommandOptions } from './kind-table.ts';
import { errorOf, isRetryable, NaruError } from './naru-error.ts';
import { isPlain, NOT_PLAIN } from './plain-args.ts';

/** Most commands of one client that wait for an answer, and their bytes. */
const WAITING_MAX = 100;
const WAITING_BYTES_MAX = 1024 * 1024;
/** Room for all of a frame but the arguments. */
const FRAME_HEAD_MAX = 512;
const REQUEST_ID_LENGTH_MAX = 64;

/** What all queues of a client share. */
export class WaitingBudget {
	#commands = 0;
	#bytes = 0;

	take(bytes: number): boolean {
		if (this.#commands + 1 > WAITING_MAX || this.#bytes + bytes > WAITING_BYTES_MAX) return false;
		this.#commands++;
		this.#bytes += bytes;
		return true;
	}

	give(bytes: number): void {
		this.#commands--;
		this.#bytes -= bytes;
	}
}

interface Waiting {
	readonly name: string;
	readonly args: unknown;
	readonly bytes: number;
	readonly creates: boolean;
	readonly requestId: string | undefined;
	resolve(result: unknown): void;
	reject(error: NaruError): void;
	timer: unknown;
	/** The number in the present opening, once sent; 0 for the one that travels with `open`. */
	n: number | undefined;
	isInFlight: boolean;
	/** It may have taken effect already: the server looks its request id up. */
	isResend: boolean;
	/** Its caller was told that it failed: in flight it keeps its number, but it is not sent again. */
	isAbandoned: boolean;
	refusal: WireRefusal | undefined;
}

export interface QueueWire {
	command(frame: CommandFrame): void;
	/** Server and client disagree about the numbers: the handle has to be opened anew. */
	disagreed(): void;
}

/** Refusals that say for sure that the command did not take effect. */
const UNTOUCHED: readonly string[] = ['AGAIN', 'BUSY', 'RATE_LIMITED', 'RETRY_LATER'];

/**
 * The unanswered commands of one handle, in order. A retryable refusal of one sends the queue back
 * to it: the server takes a number only after the one before, so that all behind it comes back too.
 */
export class CommandQueue {
	readonly #environment: Environment;
	readonly #budget: WaitingBudget;
	readonly #wire: QueueWire;
	#waiting: Waiting[] = [];
	#isOpen = false;
	#nextN = 1;
	/** When to go on after a refusal; nothing new is sent before. */
	#backAt: number | undefined;
	#backTimer: unknown;
	#refusals = 0;

	constructor(environment: Environment, budget: WaitingBudget, wire: QueueWire) {
		this.#environment = environment;
		this.#budget = budget;
		this.#wire = wire;
	}

	get isEmpty(): boolean {
		return this.#waiting.length === 0;
	}

	/** Whether the first command may make what it is for. */
	get startsByCreating(): boolean {
		return this.#waiting[0]?.creates === true;
	}

	/** Rejects with the final refusal, `TIMEOUT`, `QUEUE_FULL`, or before it is sent. */
	add(
		name: string,
		given: { args: unknown; flags: CommandFlags; options: CommandOptions },
	): Promise<unknown> {
		const { args, flags, options } = given;
		const bytes = sizeOf(args);
		const unfit = unfitness(bytes, options.requestId);
		if (unfit) return Promise.reject(unfit);
		if (!this.#budget.take(bytes)) return Promise.reject(new NaruError('QUEUE_FULL'));
		const keepsId = !flags.query && flags.requests !== 'none';
		return new Promise((resolve, reject) => {
			const command: Waiting = {
				name,
				args,
				bytes,
				creates: flags.creates === true,
				requestId: keepsId ? (options.requestId ?? this.#environment.newId()) : undefined,
				resolve: (result) => {
					options.replied?.(result);
					resolve(result);
				},
				reject,
				timer: undefined,
				n: undefined,
				isInFlight: false,
				isResend: options.resend === true,
				isAbandoned: false,
				refusal: undefined,
			};
			if (options.timeoutMs !== undefined) {
				const run = () => this.#timeOut(command);
				command.timer = this.#environment.setTimeout(run, options.timeoutMs);
			}
			this.#waiting.push(command);
			this.#pump();
		});
	}

	/** The command that may travel with `open`, if the first one may. */
	takeOpener(): Open['with'] {
		const first = this.#waiting[0];
		if (!first?.creates) return undefined;
		first.n = 0;
		first.isInFlight = true;
		const { name, args, requestId, isResend } = first;
		return {
			name,
			args,
			...(requestId === undefined ? {} : { requestId }),
			...(isResend ? { resend: true } : {}),
		};
	}

	/** The handle is open: all that waits is sent, in order, numbered from 1. */
	opened(reply: unknown): void {
		this.reply(0, reply);
		this.#isOpen = true;
		this.#nextN = 1;
		this.#pump();
	}

	/** The opening is gone; whatever was in flight may have taken effect. */
	detached(): void {
		this.#isOpen = false;
		this.#stopBack();
		for (const command of this.#waiting.filter((one) => one.isAbandoned)) this.#remove(command);
		for (const command of this.#waiting) {
			if (command.isInFlight) command.isResend = true;
			command.isInFlight = false;
			command.n = undefined;
		}
	}

	/** An answer to number `n`; one to an unknown number is none. */
	reply(n: number, result: unknown, refusal?: WireRefusal): void {
		const command = this.#waiting.find((one) => one.n === n && one.isInFlight);
		if (!command) return;
		if (refusal && isRetryable(refusal)) {
			this.#refused(command, refusal);
			return;
		}
		this.#refusals = 0;
		this.#remove(command);
		if (refusal) command.reject(errorOf(refusal));
		else command.resolve(result);
		this.#goOn();
	}

	/** Rejects all that waits. */
	fail(error: NaruError): void {
		this.#stopBack();
		for (const command of [...this.#waiting]) {
			this.#remove(command);
			command.reject(error);
		}
	}

	#pump(): void {
		if (!this.#isOpen || this.#backAt !== undefined) return;
		for (const command of this.#waiting) {
			if (!command.isInFlight) this.#send(command);
		}
	}

	#send(command: Waiting): void {
		command.n ??= this.#nextN++;
		command.isInFlight = true;
		command.refusal = undefined;
		const { n, name, args, requestId } = command;
		if (requestId === undefined) this.#wire.command([n, name, args]);
		else if (command.isResend) this.#wire.command([n, name, args, requestId, true]);
		else this.#wire.command([n, name, args, requestId]);
	}

	#refused(command: Waiting, refusal: WireRefusal): void {
		command.isInFlight = false;
		command.refusal = refusal;
		if (!UNTOUCHED.includes(refusal.code)) command.isResend = true;
		if (refusal.code === 'AGAIN' && command === this.#waiting.find((one) => one.n !== undefined)) {
			this.#wire.disagreed();
			return;
		}
		// What comes back behind a refused one goes again with it: that one says when.
		if (refusal.code === 'AGAIN' && this.#backAt !== undefined) {
			this.#goOn();
			return;
		}
		const waitMs =
			refusal.retryAfterMs === undefined
				? fullJitterMs(this.#refusals, this.#environment.random)
				: afterMs(refusal.retryAfterMs, this.#environment.random);
		if (this.#backAt === undefined) this.#refusals++;
		this.#backAt = Math.max(this.#backAt ?? 0, this.#environment.now() + waitMs);
		this.#goOn();
	}

	/** Sends again from the first refused one on, when it is time and all behind it came back. */
	#goOn(): void {
		if (this.#backAt === undefined || !this.#isOpen) return;
		const waitMs = this.#backAt - this.#environment.now();
		if (waitMs > 0) {
			this.#environment.clearTimeout(this.#backTimer);
			this.#backTimer = this.#environment.setTimeout(() => this.#goOn(), waitMs);
			return;
		}
		const first = this.#waiting.findIndex((one) => one.n !== undefined && !one.isInFlight);
		const isOnTheWay = first >= 0 && this.#waiting.slice(first).some((one) => one.isInFlight);
		if (isOnTheWay) return;
		if (first >= 0) this.#renumber(this.#waiting.slice(first));
		this.#stopBack();
		this.#pump();
	}

	/** What was given up is not sent again: the next command takes its number. */
	#renumber(refused: readonly Waiting[]): void {
		let n = refused[0]?.n ?? this.#nextN;
		for (const command of refused) {
			if (command.isAbandoned) this.#remove(command);
			else if (command.n !== undefined) command.n = n++;
		}
		this.#nextN = n;
	}

	#stopBack(): void {
		this.#environment.clearTimeout(this.#backTimer);
		this.#backAt = undefined;
	}

	#timeOut(command: Waiting): void {
		const { isInFlight, refusal } = command;
		command.isAbandoned = true;
		// Without its number the server would wait for it for ever.
		if (command.n === undefined) this.#remove(command);
		const isKnown = !isInFlight && refusal !== undefined;
		command.reject(isKnown ? errorOf(refusal) : new NaruError('TIMEOUT'));
	}

	#remove(command: Waiting): void {
		const at = this.#waiting.indexOf(command);
		if (at < 0) return;
		this.#waiting.splice(at, 1);
		this.#environment.clearTimeout(command.timer);
		this.#budget.give(command.bytes);
	}
}

/** In bytes; not a number for what is no plain data. */
function sizeOf(args: unknown): number {
	return isPlain(args) ? pack(args).length : Number.NaN;
}

/** Why a command is not sent at all: it would cost the socket, with all other handles on it. */
function unfitness(bytes: number, requestId: string | undefined): NaruError | undefined {
	if (Number.isNaN(bytes)) return new NaruError('INVALID', NOT_PLAIN);
	if (bytes + FRAME_HEAD_MAX > MESSAGE_BYTES_MAX) return new NaruError('TOO_LARGE');
	const { length } = requestId ?? ' ';
	if (length > 0 && length <= REQUEST_ID_LENGTH_MAX) return undefined;
	return new NaruError('INVALID', `an id has 1 to ${REQUEST_ID_LENGTH_MAX} characters`);
}
