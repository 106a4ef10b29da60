/**
 * The turns of one actor. The phases:
 *
 *     loading ──▶ live ⇄ committing
 *        ▲         │         │ fenced
 *        └─ undo ──┴──▶ stopped ◀┘
 *
 * A turn takes what waits, decides and evolves one after another, appends all events as one commit,
 * and only then answers, tells and reads. Nobody learns of what the journal does not have (P11).
 */
import type { ActorKey } from '../protocol/ids.ts';
import type { ActorKind } from './actor-kind.ts';
import type { Publication } from './actor-port.ts';
import type { ActorReads } from './actor-reads.ts';
import type { CommandLoader } from './command-loader.ts';
import type { Decider } from './decider.ts';
import { type CommandEntry, type Entry, refusal, release } from './entries.ts';
import type { GatherLanes } from './gather-lanes.ts';
import type { HostEnvironment } from './host-environment.ts';
import type { Mailbox } from './mailbox.ts';
import { FencedError, load, type Recovered, type RecoveryOptions } from './recovery.ts';
import type { RequestMemory } from './request-memory.ts';
import type { SenderOrder } from './sender-order.ts';
import { type Next, nextOf, Turn } from './turn.ts';
import type { Unprojected } from './unprojected.ts';
import type { WakeKeeper } from './wake-keeper.ts';

export type Phase = 'loading' | 'live' | 'committing' | 'stopped';

/** The parts of a host that its turns work with. */
export interface TurnParts {
	readonly key: ActorKey;
	readonly kind: ActorKind;
	readonly writer: string;
	readonly env: HostEnvironment;
	readonly recovery: RecoveryOptions;
	readonly mailbox: Mailbox<Entry>;
	readonly order: SenderOrder;
	readonly unprojected: Unprojected;
	readonly requests: RequestMemory;
	readonly reads: ActorReads;
	readonly decider: Decider;
	readonly loader: CommandLoader;
	readonly lanes: GatherLanes;
	readonly wake: WakeKeeper;
	/** A commit has landed; `created`: it was the actor's first. */
	readonly landed: (turn: Turn, created: boolean) => void;
	/** All that the commit leads to was told. */
	readonly finished: (next: Next) => void;
	/** The state is lost or another owner wrote: the host has to end. */
	readonly failed: (error: unknown) => void;
	/** Nothing is known of the key any more: begin as at the first time. */
	readonly restart: () => void;
}

/** What a look-up in the store has found. */
const found = (lookedUp: CommandEntry['lookedUp']) =>
	lookedUp !== undefined && 'reply' in lookedUp ? lookedUp : undefined;

export class TurnRunner {
	readonly #parts: TurnParts;
	#phase: Phase = 'loading';
	#actor: Recovered | undefined;
	#epoch = 0;
	#scheduled = false;
	/** What an undone turn had taken: it comes first when the actor is loaded again. */
	#undone: readonly Entry[] = [];
	/** The turn whose commit is in flight, or that pauses. */
	#inFlight: Turn | undefined;
	/** No turn begins any more; called when there is none in flight. */
	#left: (() => void) | undefined;

	constructor(parts: TurnParts) {
		this.#parts = parts;
	}

	get phase(): Phase {
		return this.#phase;
	}

	get actor(): Recovered | undefined {
		return this.#actor;
	}

	/** Number of the activation commit; 0 before the first. */
	get epoch(): number {
		return this.#epoch;
	}

	/** Entries of an undone turn, while the actor is loaded again. */
	get undone(): number {
		return this.#undone.length;
	}

	/** Begins to serve. */
	begin(actor: Recovered): void {
		this.#actor = actor;
		this.#phase = 'live';
		if (actor.exists) this.#epoch = actor.commit;
		this.#resume();
	}

	/**
	 * Ends at once; gives, in order, what is not answered: the turn in flight (whatever becomes of its
	 * commit: who asks again with an id learns it), and what waited to be taken again.
	 */
	stop(): readonly Entry[] {
		this.#phase = 'stopped';
		const unanswered = [...(this.#inFlight?.entries ?? []), ...this.#undone];
		this.#inFlight = undefined;
		this.#undone = [];
		this.#left?.();
		return unanswered;
	}

	/** Begins no more turns; resolves when the one in flight is told and answered, or is lost. */
	leave(): Promise<void> {
		return new Promise((resolve) => {
			this.#left = resolve;
			if (this.#phase !== 'committing') resolve();
		});
	}

	schedule(): void {
		if (this.#scheduled || this.#phase !== 'live' || this.#parts.mailbox.length === 0) return;
		if (this.#left !== undefined) return;
		this.#scheduled = true;
		this.#parts.env.runtime.defer(() => {
			this.#scheduled = false;
			const isLive = this.#phase === 'live' && this.#left === undefined;
			if (isLive) this.#run(this.#actor as Recovered);
		});
	}

	#run(actor: Recovered): void {
		const { runtime, meter } = this.#parts.env;
		const turn = new Turn(actor.position, Math.max(actor.at, runtime.now()));
		meter.count('turns');
		meter.observe('mailboxDepth', this.#parts.mailbox.length);
		this.#fill(turn, actor);
	}

	/** Takes what waits, for a limited time. */
	#fill(turn: Turn, actor: Recovered): void {
		const { limits, runtime } = this.#parts.env;
		const end = runtime.monotonic() + limits.turnMsMax;
		do {
			const entry = this.#parts.mailbox.shift();
			if (entry === undefined) break;
			if (entry.type !== 'command') turn.reads.push(entry);
			else if (this.#take(entry, actor, turn) === 'broken') {
				this.#undo(turn, actor);
				return;
			}
		} while (!this.#full(turn) && runtime.monotonic() < end);
		if (this.#isGathered() && !this.#full(turn)) this.#pause(turn, actor);
		else if (turn.events.length > 0) this.#end(turn, actor);
		else this.#finish(turn, actor);
	}

	/** Lets the loop breathe: commands that were gathered share one commit, however many they are. */
	#pause(turn: Turn, actor: Recovered): void {
		this.#begin(turn);
		this.#parts.env.runtime.defer(() => {
			if (this.#phase !== 'committing') return;
			this.#phase = 'live';
			this.#fill(turn, actor);
		});
	}

	/** Nothing else runs until the turn is over. */
	#begin(turn: Turn): void {
		this.#phase = 'committing';
		this.#inFlight = turn;
	}

	/** Whether the next entry has waited with its like for a common commit. */
	#isGathered(): boolean {
		const next = this.#parts.mailbox.first;
		return next?.type === 'command' && next.gathered === true;
	}

	#full(turn: Turn): boolean {
		const { turnCommandsMax, turnBytesMax } = this.#parts.env.limits;
		return (
			(turn.length >= turnCommandsMax && !this.#isGathered()) ||
			turn.bytes >= turnBytesMax ||
			turn.commands.at(-1)?.alone === true
		);
	}

	/** Asks the state what it leads to; a state that cannot say was broken by a command of this turn. */
	#end(turn: Turn, actor: Recovered): void {
		const { kind, key, env } = this.#parts;
		let next: Next;
		try {
			next = nextOf(kind, actor.state);
		} catch (error) {
			env.log.error({ err: error, actor: key }, 'a state is broken; the turn is undone');
			for (const entry of turn.commands) {
				if (turn.commands.length > 1) entry.alone = true;
				else entry.failed = true;
			}
			this.#undo(turn, actor);
			return;
		}
		this.#commit(turn, actor, next);
	}

	/** Takes one command into the turn, or puts it aside. */
	#take(entry: CommandEntry, actor: Recovered, turn: Turn): 'taken' | 'broken' {
		const { kind, key, loader, lanes } = this.#parts;
		const { name } = entry.request;
		if (loader.holdsBack(entry)) return 'taken';
		if (!this.#isNext(entry)) {
			this.#goBack(entry);
			turn.answer(entry, refusal('AGAIN', 'an earlier command has to come again first'));
			return 'taken';
		}
		const contract = kind.contract.commands[name];
		if (!actor.exists && turn.events.length === 0 && contract?.creates !== true) {
			turn.answer(entry, refusal('NOT_FOUND', `there is no ${key}`));
		} else if (contract?.query === true) {
			turn.reads.push(entry);
		} else if (contract?.gatherMs !== undefined && entry.gathered !== true) {
			entry.gathered = true;
			lanes.add(name, contract.gatherMs, entry);
		} else {
			return this.#decide(entry, actor, turn);
		}
		this.#taken(entry);
		return 'taken';
	}

	#decide(entry: CommandEntry, actor: Recovered, turn: Turn): 'taken' | 'broken' {
		const { decider, loader, requests } = this.#parts;
		const { requestId, caller } = entry.request;
		const known =
			requestId === undefined
				? undefined
				: (requests.find(caller.userId, requestId) ?? found(entry.lookedUp));
		if (known === undefined && loader.load(entry, actor)) return 'taken';
		turn.commands.push(entry);
		if (known !== undefined) {
			turn.answer(entry, { ok: true, reply: known.reply });
			this.#taken(entry);
			return 'taken';
		}
		const verdict = decider.decide(entry, actor, turn);
		if (verdict === 'broken') return 'broken';
		if (verdict === 'answered') this.#taken(entry);
		else this.#goBack(entry);
		return 'taken';
	}

	#isNext({ request: { sender }, gathered }: CommandEntry): boolean {
		return (
			sender === undefined ||
			gathered === true ||
			this.#parts.order.isNext(sender.opening, sender.n)
		);
	}

	#taken({ request: { sender } }: CommandEntry): void {
		if (sender !== undefined) this.#parts.order.take(sender.opening, sender.n);
	}

	#goBack({ request: { sender } }: CommandEntry): void {
		if (sender !== undefined) this.#parts.order.goBack(sender.opening, sender.n);
	}

	/** Forgets a turn whose state is broken or whose key was taken: reloads, takes its commands again. */
	#undo(turn: Turn, actor: Recovered): void {
		const { requests, unprojected, recovery, restart, failed } = this.#parts;
		this.#phase = 'loading';
		this.#inFlight = undefined;
		unprojected.rollback(turn.startPosition);
		for (const request of turn.requests) requests.drop(request);
		const again = new Set<CommandEntry>(turn.commands);
		for (const { entry, answer } of turn.answers) if (!again.has(entry)) entry.answer(answer);
		this.#setAside(turn);
		this.#left?.();
		if (!actor.exists) {
			restart();
			return;
		}
		load(recovery).then((loaded) => this.#reloaded(loaded, actor), failed);
	}

	/**
	 * Keeps all that waits until the actor is loaded again: first the turn, then what was loading, for it
	 * may have been sent behind a command of the turn. What was loaded is loaded anew: another owner may
	 * have written since.
	 */
	#setAside(turn: Turn): void {
		const { loader, mailbox } = this.#parts;
		this.#undone = [...turn.commands, ...loader.clear(), ...turn.reads, ...mailbox.clear()];
		for (const entry of this.#undone) if (entry.type === 'command') release(entry);
	}

	#reloaded(loaded: Recovered, actor: Recovered): void {
		if (this.#phase === 'stopped') return;
		if (loaded.commit !== actor.commit) {
			this.#parts.failed(new FencedError(`${this.#parts.key}: another owner wrote`));
			return;
		}
		actor.state = loaded.state;
		this.#phase = 'live';
		this.#resume();
	}

	/** In front of all that came meanwhile, so that the order of each sender stays. */
	#resume(): void {
		this.#parts.mailbox.unshift(this.#undone);
		this.#undone = [];
		this.schedule();
	}

	#commit(turn: Turn, actor: Recovered, next: Next): void {
		const { env, key, wake, writer } = this.#parts;
		const commit = actor.commit + 1;
		const record = turn.record(key, commit, writer);
		const row = wake.forCommit(commit, next.wakeAt);
		this.#begin(turn);
		env.journalWriter.append({ record, ...(row && { wake: row }) }, (outcome) => {
			// Stopped meanwhile: everything is answered.
			if (this.#phase !== 'committing') return;
			if (outcome === 'landed') this.#landed(turn, actor, next);
			else if (!actor.exists) this.#undo(turn, actor);
			else this.#parts.failed(new FencedError(`${key}: another owner wrote`));
		});
	}

	#landed(turn: Turn, actor: Recovered, next: Next): void {
		const { env, writer, landed, finished } = this.#parts;
		const created = !actor.exists;
		const from = actor.position + 1;
		env.meter.count('commits');
		env.meter.count('events', turn.events.length);
		actor.exists = true;
		actor.commit++;
		actor.position = turn.position;
		actor.at = turn.at;
		actor.writer = writer;
		if (created) this.#epoch = actor.commit;
		const publication = turn.publication(writer);
		actor.history.push(publication, from, turn.bytes);
		this.#phase = 'live';
		landed(turn, created);
		this.#finish(turn, actor, publication);
		finished(next);
	}

	/** The sender is answered before anybody is told; what reads sees the state behind both. */
	#finish(turn: Turn, actor: Recovered, publication?: Publication): void {
		const { env, reads } = this.#parts;
		this.#inFlight = undefined;
		for (const { entry, answer } of turn.answers) {
			if (!answer.ok) env.meter.count('commandsRefused', 1, answer.code);
			this.#safely(() => entry.answer(answer));
		}
		if (publication !== undefined) {
			for (const subscriber of reads.subscribers) {
				this.#safely(() => subscriber.committed(publication));
			}
		}
		const now = Math.max(actor.at, env.runtime.now());
		for (const entry of turn.reads) this.#safely(() => reads.serve(entry, actor, now));
		this.#left?.();
		this.schedule();
	}

	/** One listener that throws must not keep the others from being told. */
	#safely(tell: () => void): void {
		try {
			tell();
		} catch (error) {
			this.#parts.env.log.error({ err: error, actor: this.#parts.key }, 'a listener threw');
		}
	}
}
