import { type Frame, OP, type Op } from '../../src/protocol/frames.ts';
import type { WaitingBudget } from './command-queue.ts';
import type { Environment } from './environment.ts';
import type { Handle } from './handle.ts';
import { NaruError } from './naru-error.ts';

/** What a session needs of the connection. */
export interface SessionLink {
	readonly isReady: boolean;
	readonly userId: string | undefined;
	send(handle: number, op: Op, payload: Uint8Array): void;
}

/** All handles of one client: who has which id on the present socket, and who hears which frames. */
export class Session {
	readonly environment: Environment;
	readonly budget: WaitingBudget;
	readonly timeoutMs: number;
	readonly #link: SessionLink;
	readonly #handles = new Set<Handle>();
	#byId = new Map<number, Handle>();
	#byDown = new Map<number, Handle>();
	#nextId = 1;
	#ended: NaruError | undefined;

	constructor(
		environment: Environment,
		link: SessionLink,
		bounds: { budget: WaitingBudget; timeoutMs: number },
	) {
		this.environment = environment;
		this.#link = link;
		this.budget = bounds.budget;
		this.timeoutMs = bounds.timeoutMs;
	}

	get isReady(): boolean {
		return this.#link.isReady;
	}

	/** How many handles are open on the present socket. */
	get openCount(): number {
		let count = 0;
		for (const handle of this.#handles) if (handle.isOpen) count++;
		return count;
	}

	/** Why no handle will ever open again. */
	get ended(): NaruError | undefined {
		return this.#ended;
	}

	/** The signed-in user; only asked while the session is ready. */
	get userId(): string {
		return this.#link.userId ?? '';
	}

	send(handle: number, op: Op, payload: Uint8Array): void {
		this.#link.send(handle, op, payload);
	}

	add(handle: Handle): void {
		this.#handles.add(handle);
	}

	remove(handle: Handle): void {
		this.#handles.delete(handle);
	}

	/** An id for a new opening; ids of a socket are not used twice. */
	enter(handle: Handle): number {
		const id = this.#nextId++;
		this.#byId.set(id, handle);
		return id;
	}

	leave(id: number): void {
		this.#byId.delete(id);
	}

	hear(down: number, handle: Handle): void {
		this.#byDown.set(down, handle);
	}

	unhear(down: number, handle: Handle): void {
		if (this.#byDown.get(down) === handle) this.#byDown.delete(down);
	}

	/** A fresh socket: every handle that is wanted opens on it. */
	attach(): void {
		for (const handle of this.#handles) handle.attach();
	}

	detach(): void {
		this.#byId = new Map();
		this.#byDown = new Map();
		this.#nextId = 1;
		for (const handle of this.#handles) handle.detach();
	}

	end(error: NaruError): void {
		this.#ended = error;
		for (const handle of [...this.#handles]) handle.end(error);
	}

	/** Frames of handles that were closed meanwhile are passed over. */
	receive(frame: Frame): void {
		const isShared = frame.op === OP.data || frame.op === OP.ephemeral;
		(isShared ? this.#byDown : this.#byId).get(frame.handle)?.receive(frame);
	}

	/** Throws what every call on an ended client is refused with. */
	check(): void {
		if (this.#ended) throw new NaruError(this.#ended.code, this.#ended.message);
	}
}
