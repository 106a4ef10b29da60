import { splitKey } from '../protocol/ids.ts';
import type { Command } from './actor-kind.ts';
import { type CommandEntry, type Loaded, refusal } from './entries.ts';
import type { Log } from './log.ts';
import type { Meter } from './meter.ts';
import type { Recovered, RecoveryOptions } from './recovery.ts';
import type { Runtime } from './runtime.ts';
import type { SenderOrder } from './sender-order.ts';
import { REQUESTS, type Reads, type Row } from './store.ts';
import type { Unprojected } from './unprojected.ts';

export interface LoaderOptions extends RecoveryOptions {
	readonly store: Reads;
	readonly runtime: Runtime;
	readonly unprojected: Unprojected;
	readonly order: SenderOrder;
	readonly log: Log;
	readonly meter: Meter;
	/** Puts entries back in front of the mailbox. */
	readonly back: (entries: readonly CommandEntry[]) => void;
}

/**
 * Reads from the store what a command needs before it can be decided: rows of the past, and the
 * request id of a re-send. Later commands of the same sender wait behind it.
 */
export class CommandLoader {
	readonly #options: LoaderOptions;
	/** What is loading, each with the read whose answer it waits for. */
	readonly #loading = new Map<CommandEntry, symbol>();
	/** By opening: what waits behind a command that is loading. */
	readonly #behind = new Map<string, CommandEntry[]>();
	#waiting = 0;
	#lookUpAllUntil = -Infinity;

	constructor(options: LoaderOptions) {
		this.#options = options;
	}

	/** Commands that are loading or wait behind one. */
	get waiting(): number {
		return this.#loading.size + this.#waiting;
	}

	/**
	 * Looks up every request id for a while: what an earlier owner did lately is not all in memory, and
	 * a command that reaches this one late does not say that it was sent again elsewhere.
	 */
	lookUpAll(forMs: number): void {
		this.#lookUpAllUntil = this.#options.runtime.monotonic() + forMs;
	}

	/** Keeps the entry back if an earlier command of its sender is loading. */
	holdsBack(entry: CommandEntry): boolean {
		const behind = this.#behind.get(entry.request.sender?.opening ?? '');
		if (behind === undefined) return false;
		behind.push(entry);
		this.#waiting++;
		return true;
	}

	/** Starts to load if the command needs it; true when it has to wait. */
	load(entry: CommandEntry, actor: Recovered): boolean {
		if (entry.failed === true || entry.loaded !== undefined) return false;
		const needs = this.#needs(entry, actor);
		if (needs === undefined || (needs.length === 0 && !this.#hasToLookUp(entry))) return false;
		const read = Symbol();
		this.#loading.set(entry, read);
		const opening = entry.request.sender?.opening;
		if (opening !== undefined) this.#behind.set(opening, []);
		void this.#read(entry, needs, read);
		return true;
	}

	/** Takes out everything, loading or waiting. */
	clear(): CommandEntry[] {
		const entries = [...this.#loading.keys(), ...[...this.#behind.values()].flat()];
		this.#loading.clear();
		this.#behind.clear();
		this.#waiting = 0;
		return entries;
	}

	/** Rows that the command needs; `undefined` when its kind cannot say, which fails the command. */
	#needs(entry: CommandEntry, actor: Recovered): Loaded['needs'] | undefined {
		const { kind, key, log } = this.#options;
		const { name, args, caller, requestId } = entry.request;
		const command: Command = { name, args, caller, requestId };
		try {
			return kind.needs?.(actor.state, command, splitKey(key).id) ?? [];
		} catch (error) {
			log.error({ err: error, actor: key, command: name }, 'needs threw');
			entry.failed = true;
			return undefined;
		}
	}

	#hasToLookUp({ request, lookedUp }: CommandEntry): boolean {
		const { name, requestId, resend } = request;
		const { kind, runtime } = this.#options;
		return (
			(resend === true || runtime.monotonic() < this.#lookUpAllUntil) &&
			requestId !== undefined &&
			lookedUp === undefined &&
			kind.contract.commands[name]?.requests !== 'none'
		);
	}

	async #read(entry: CommandEntry, needs: Loaded['needs'], read: symbol): Promise<void> {
		const { store, unprojected, meter } = this.#options;
		const release = unprojected.pin();
		meter.count('storeReads');
		try {
			const [kept, ...rows] = await Promise.all([
				this.#lookUp(entry),
				...needs.map(([collection, key]) => store.get(collection, key)),
			]);
			if (this.#loading.get(entry) === read) this.#loaded(entry, kept, { needs, rows, release });
			else release();
		} catch (error) {
			release();
			if (this.#loading.get(entry) === read) this.#failed(entry, error);
		}
	}

	#lookUp(entry: CommandEntry): Promise<Row | undefined> {
		const { key, store } = this.#options;
		const { requestId, caller } = entry.request;
		if (!this.#hasToLookUp(entry)) return Promise.resolve(undefined);
		return store.get(REQUESTS.name, [key, caller.userId, requestId as string]);
	}

	/** Decided or answered when its turn comes, behind a commit that may be in flight. */
	#loaded(entry: CommandEntry, kept: Row | undefined, loaded: Loaded): void {
		entry.loaded = loaded;
		entry.lookedUp = kept === undefined ? {} : { reply: kept.doc.reply };
		this.#back(entry);
	}

	#failed(entry: CommandEntry, error: unknown): void {
		const { key, log, order } = this.#options;
		log.warn({ err: error, actor: key, command: entry.request.name }, 'a command could not load');
		const { sender } = entry.request;
		if (sender !== undefined) order.goBack(sender.opening, sender.n);
		entry.answer(refusal('UNAVAILABLE', 'the store did not answer', 1_000));
		this.#back(entry, false);
	}

	#back(entry: CommandEntry, again = true): void {
		this.#loading.delete(entry);
		const opening = entry.request.sender?.opening ?? '';
		const behind = this.#behind.get(opening) ?? [];
		this.#behind.delete(opening);
		this.#waiting -= behind.length;
		this.#options.back(again ? [entry, ...behind] : behind);
	}
}
