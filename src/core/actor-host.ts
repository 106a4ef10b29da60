import type { ActorKey } from '../protocol/ids.ts';
import { type ActorKind, SYSTEM } from './actor-kind.ts';
import type { CommandRequest, OpenRequest, Subscriber } from './actor-port.ts';
import { ActorReads } from './actor-reads.ts';
import { CommandLoader } from './command-loader.ts';
import { Decider } from './decider.ts';
import {
	type CommandEntry,
	type Entry,
	type EphemeralEntry,
	type OpenEntry,
	refusal,
	refuse,
} from './entries.ts';
import { GatherLanes } from './gather-lanes.ts';
import type { HostEnvironment } from './host-environment.ts';
import { IntentRunner } from './intent-runner.ts';
import { Mailbox } from './mailbox.ts';
import {
	activate,
	FencedError,
	type Recovered,
	type RecoveryOptions,
	UnreadableError,
} from './recovery.ts';
import { RequestMemory } from './request-memory.ts';
import { SenderOrder } from './sender-order.ts';
import { Snapshotter } from './snapshotter.ts';
import type { ProjectedCommit } from './store.ts';
import { type Next, nextOf, type Turn } from './turn.ts';
import { type Phase, TurnRunner } from './turn-runner.ts';
import { Unprojected } from './unprojected.ts';
import { WakeKeeper } from './wake-keeper.ts';
import { WakeTimer } from './wake-timer.ts';

/** `unreadable`: journal or store did not answer while it loaded. */
export type StopReason = 'fenced' | 'crashed' | 'unreadable';

/** What the host tells its keeper. */
export interface HostObserver {
	/** Loaded, or created by its first commit. */
	activated(host: ActorHost): void;
	committed(host: ActorHost): void;
	/** Ended by itself; everything that waited is answered. */
	stopped(host: ActorHost, reason: StopReason): void;
}

const BUSY_MS = 200;
const MOVED = refusal('MOVED', 'the actor moves', 50);
const READ_ENTRY_BYTES = 64;
/**
 * A command may be on its way to this node for so long, while its sender has lost patience and had it
 * done by an earlier owner.
 */
const STRAY_MS = 60_000;

/** Runs one actor: takes in what is asked of it, activates it, and puts it away. */
export class ActorHost {
	readonly key: ActorKey;
	readonly kind: ActorKind;
	/** Random id of this host instance, in every commit that it writes. */
	readonly writer: string;
	readonly #env: HostEnvironment;
	readonly #observer: HostObserver;
	readonly #recovery: RecoveryOptions;
	readonly #mailbox = new Mailbox<Entry>();
	readonly #order = new SenderOrder();
	readonly #unprojected = new Unprojected();
	readonly #requests = new RequestMemory();
	readonly #reads: ActorReads;
	readonly #loader: CommandLoader;
	readonly #lanes: GatherLanes;
	readonly #wake: WakeKeeper;
	readonly #timer: WakeTimer;
	readonly #snapshots: Snapshotter;
	readonly #intents: IntentRunner;
	readonly #turns: TurnRunner;
	#lastActive: number;

	constructor(
		key: ActorKey,
		kind: ActorKind,
		options: { env: HostEnvironment; observer: HostObserver },
	) {
		const { env, observer } = options;
		this.key = key;
		this.kind = kind;
		this.writer = env.runtime.randomId();
		this.#env = env;
		this.#observer = observer;
		this.#lastActive = env.runtime.monotonic();
		const watermark = (actor: ActorKey) => env.projector.watermark(actor);
		this.#recovery = { key, kind, journal: env.journal, watermark };
		const back = (entries: readonly CommandEntry[]) => this.#back(entries);
		const tellBack = this.#tellSelf.bind(this);
		const look = this.look.bind(this);
		const parts = {
			...env,
			...this.#recovery,
			unprojected: this.#unprojected,
			requests: this.#requests,
			order: this.#order,
		};
		this.#reads = new ActorReads({ ...parts, look });
		this.#loader = new CommandLoader({ ...parts, back });
		this.#lanes = new GatherLanes(env.runtime, back);
		this.#wake = new WakeKeeper({ ...env, actor: key });
		this.#timer = new WakeTimer(env.runtime, () => tellBack('wake', {}));
		this.#snapshots = new Snapshotter({ ...parts, look });
		this.#intents = new IntentRunner({ ...env, key, tellBack });
		this.#turns = this.#makeTurns(new Decider(parts));
		void this.#start();
	}

	get phase(): Phase {
		return this.#turns.phase;
	}

	/** Whether the actor has a journal; `undefined` while it loads. */
	get exists(): boolean | undefined {
		return this.#turns.actor?.exists;
	}

	get epoch(): number {
		return this.#turns.epoch;
	}

	get position(): number {
		return this.#turns.actor?.position ?? 0;
	}

	get mailboxLength(): number {
		return this.#mailbox.length + this.#turns.undone + this.#loader.waiting + this.#lanes.waiting;
	}

	get subscribers(): ReadonlySet<Subscriber> {
		return this.#reads.subscribers;
	}

	/** Milliseconds since anything was asked of it. */
	get idleMs(): number {
		return this.#env.runtime.monotonic() - this.#lastActive;
	}

	/** Nothing waits, runs or listens, and the store has everything. */
	get quiet(): boolean {
		return this.phase === 'live' && this.#reads.subscribers.size === 0 && !this.#hasWork();
	}

	/** Commands wait, or a commit is in flight. */
	get isTaking(): boolean {
		return this.mailboxLength > 0 || this.phase === 'committing';
	}

	/** The kind's small picture of the state; empty while a commit is in flight. */
	figures(): Readonly<Record<string, unknown>> {
		const { actor, phase } = this.#turns;
		if (actor === undefined || phase !== 'live') return {};
		try {
			return this.kind.figures?.(actor.state) ?? {};
		} catch (error) {
			this.#env.log.error({ err: error, actor: this.key }, 'figures threw');
			return {};
		}
	}

	command(request: CommandRequest, answer: CommandEntry['answer'], internal = false): void {
		const { sender } = request;
		if (this.phase === 'stopped') answer(MOVED);
		else if (!internal && this.#full()) {
			if (sender !== undefined) this.#order.refused(sender.opening, sender.n);
			answer(this.#busy());
		} else if (sender !== undefined && !this.#order.enter(sender.opening, sender.n)) {
			answer(refusal('AGAIN', 'an earlier command of this opening is unanswered'));
		} else {
			this.#enqueue({ type: 'command', request, answer, bytes: request.bytes ?? 0 });
		}
	}

	open(request: OpenRequest, answer: OpenEntry['answer']): void {
		if (this.phase === 'stopped') answer(MOVED);
		else if (this.#full()) answer(this.#busy());
		else this.#enqueue({ type: 'open', request, answer, bytes: READ_ENTRY_BYTES });
	}

	/** Told if there is room: what is ephemeral may be lost. */
	ephemeral(entry: Pick<EphemeralEntry, 'caller' | 'event'>): void {
		const room = this.#mailbox.length < this.#env.limits.mailboxLengthMax / 10;
		if (room && this.phase !== 'stopped') {
			this.#enqueue({ type: 'ephemeral', ...entry, bytes: READ_ENTRY_BYTES });
		}
	}

	/** Looks at the actor between two commits; `dropped` when it stops before. */
	look(look: (actor: Recovered) => void, dropped: () => void): void {
		const run = () => look(this.#turns.actor as Recovered);
		if (this.phase === 'stopped') dropped();
		else this.#enqueue({ type: 'look', look: run, dropped, bytes: 0 });
	}

	closeOpening(opening: string): void {
		this.#order.close(opening);
	}

	unsubscribe(subscriber: Subscriber): void {
		this.#reads.unsubscribe(subscriber);
		this.#lastActive = this.#env.runtime.monotonic();
	}

	/** Keeps the wake row in line with the work that is left; called now and then. */
	async tend(): Promise<void> {
		this.#order.forgetClosed();
		const { actor, phase } = this.#turns;
		if (phase !== 'live' || actor?.exists !== true) return;
		const { commit } = actor;
		await this.#wake.tend({ commit, busy: this.#hasWork(), timerAt: this.#timer.at });
	}

	/**
	 * Puts the actor away: newest state as a snapshot when worth it, wake row in line with the work that
	 * is left. While a commit is in flight the state is ahead of the journal, and all stays as it is.
	 */
	async putAway(): Promise<void> {
		const { actor, phase } = this.#turns;
		const busy = this.#hasWorkLeft();
		this.stop();
		if (actor?.exists !== true || phase !== 'live') return;
		const { commit } = actor;
		if (this.#snapshots.worthwhile()) await this.#snapshots.take(actor);
		await this.#wake.tend({ commit, busy, timerAt: this.#timer.at });
	}

	/** Stops at once and answers everything that waits with `MOVED`; a commit in flight may still land. */
	stop(): void {
		if (this.phase === 'stopped') return;
		const undone = this.#turns.stop();
		this.#timer.stop();
		this.#intents.stop();
		const aside = [...this.#loader.clear(), ...this.#lanes.clear()];
		for (const entry of [...undone, ...this.#mailbox.clear(), ...aside]) refuse(entry, MOVED);
		this.#reads.stop();
	}

	#makeTurns(decider: Decider): TurnRunner {
		return new TurnRunner({
			key: this.key,
			kind: this.kind,
			writer: this.writer,
			env: this.#env,
			recovery: this.#recovery,
			mailbox: this.#mailbox,
			order: this.#order,
			unprojected: this.#unprojected,
			requests: this.#requests,
			reads: this.#reads,
			decider,
			loader: this.#loader,
			lanes: this.#lanes,
			wake: this.#wake,
			landed: (turn, created) => this.#landed(turn, created),
			finished: (next) => this.#finished(next),
			failed: (error) => this.#fail(error),
			restart: () => void this.#start(),
		});
	}

	async #start(): Promise<void> {
		const started = this.#env.runtime.monotonic();
		const startedAt = this.#env.runtime.now();
		try {
			const recovered = await activate({ ...this.#recovery, ...this.#env, writer: this.writer });
			if (this.phase === 'stopped') return;
			this.#env.meter.observe('activationMs', this.#env.runtime.monotonic() - started);
			if (recovered.exists) this.#takeUp(recovered);
			if (recovered.idsSince > startedAt - STRAY_MS) this.#loader.lookUpAll(STRAY_MS);
			this.#turns.begin(recovered);
			if (recovered.exists) this.#activated(nextOf(this.kind, recovered.state));
		} catch (error) {
			this.#fail(error);
		}
	}

	/** Takes up what an earlier owner left: the commits that the store does not have yet. */
	#takeUp(recovered: Recovered): void {
		this.#wake.begin();
		this.#snapshots.begin(recovered);
		this.#unprojected.projected(recovered.watermark);
		for (const { request, position } of recovered.requests.splice(0)) {
			this.#requests.keep(request, position);
		}
		for (const commit of recovered.unprojected.splice(0)) {
			for (const event of commit.events) this.#unprojected.push(event);
			this.#project(commit);
		}
	}

	#activated(next: Next): void {
		this.#env.meter.count('activations');
		this.#observer.activated(this);
		this.#finished(next);
	}

	#landed(turn: Turn, created: boolean): void {
		this.#project({ actor: this.key, position: turn.position, events: turn.rows });
		this.#snapshots.note(turn.events.length, turn.bytes);
		if (!created) return;
		this.#env.meter.count('activations');
		this.#observer.activated(this);
	}

	/** What a new state asks for: timer, intents, snapshot. */
	#finished({ wakeAt, intents }: Next): void {
		if (this.phase === 'stopped') return;
		this.#observer.committed(this);
		this.#timer.set(wakeAt);
		this.#intents.run(intents);
		if (this.#snapshots.due()) this.#snapshots.start();
	}

	#fail(error: unknown): void {
		if (this.phase === 'stopped') return;
		const reason = reasonOf(error);
		this.#env.log.error({ err: error, actor: this.key, reason }, 'an actor stopped');
		if (reason === 'fenced') this.#env.meter.count('fences');
		this.stop();
		this.#observer.stopped(this, reason);
	}

	#full(): boolean {
		const { mailboxLengthMax, mailboxBytesMax } = this.#env.limits;
		if (this.#requests.full) this.#requests.trim(this.#unprojected.floor);
		return (
			this.mailboxLength >= mailboxLengthMax ||
			this.#mailbox.bytes >= mailboxBytesMax ||
			this.#requests.full ||
			this.#env.projector.full
		);
	}

	#busy() {
		this.#env.meter.count('commandsRefused', 1, 'BUSY');
		return refusal('BUSY', 'too much waits here', BUSY_MS * (1 + this.#env.runtime.random()));
	}

	#enqueue(entry: Entry): void {
		this.#lastActive = this.#env.runtime.monotonic();
		this.#mailbox.push(entry);
		this.#turns.schedule();
	}

	/** Entries that waited aside come back in front. */
	#back(entries: readonly Entry[]): void {
		if (this.phase === 'stopped') {
			for (const entry of entries) refuse(entry, MOVED);
			return;
		}
		this.#mailbox.unshift(entries);
		this.#turns.schedule();
	}

	#project(commit: ProjectedCommit): void {
		this.#env.projector.push(commit, (position) => {
			this.#unprojected.projected(position);
			this.#requests.trim(this.#unprojected.floor);
			this.#snapshots.projected(position);
		});
	}

	#hasWork(): boolean {
		return (
			this.mailboxLength > 0 ||
			this.phase === 'committing' ||
			this.#reads.inFlight > 0 ||
			this.#hasWorkLeft()
		);
	}

	/** What an owner that comes later would have to take up, besides the timer. */
	#hasWorkLeft(): boolean {
		return this.#unprojected.watermark < this.position || this.#intents.running > 0;
	}

	#tellSelf(name: string, args: unknown, answer: CommandEntry['answer'] = () => {}): void {
		this.command({ caller: SYSTEM, name, args }, answer, true);
	}
}

function reasonOf(error: unknown): StopReason {
	if (error instanceof FencedError) return 'fenced';
	return error instanceof UnreadableError ? 'unreadable' : 'crashed';
}
