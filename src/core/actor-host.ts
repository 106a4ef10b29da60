import type { ActorKey } from '../protocol/ids.ts';
import type { ActorKind } from './actor-kind.ts';
import type { Subscriber } from './actor-port.ts';
import { ActorReads } from './actor-reads.ts';
import { CommandLoader } from './command-loader.ts';
import { Decider } from './decider.ts';
import { Door, MOVED } from './door.ts';
import { type CommandEntry, type Entry, refuse } from './entries.ts';
import { GatherLanes } from './gather-lanes.ts';
import type { HostEnvironment } from './host-environment.ts';
import { IntentRunner } from './intent-runner.ts';
import { Mailbox } from './mailbox.ts';
import type { Outbox } from './outbox.ts';
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

/** How long an actor that is handed over waits for its snapshot, while it still serves. */
const SNAPSHOT_WAIT_MS = 2_000;
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
	/** The way in. */
	readonly door: Door;
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
	/** Absent where nothing of the kind leaves. */
	readonly #outbox: Outbox | undefined;
	readonly #turns: TurnRunner;

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
		const watermark = (actor: ActorKey) => env.projector.watermark(actor);
		const { journal, runtime } = env;
		this.#recovery = { key, kind, journal, runtime, watermark };
		const back = (entries: readonly CommandEntry[]) => this.#back(entries);
		const parts = {
			...env,
			...this.#recovery,
			unprojected: this.#unprojected,
			requests: this.#requests,
			order: this.#order,
		};
		this.door = new Door({
			...parts,
			env,
			mailbox: this.#mailbox,
			turns: () => this.#turns,
			waiting: () => this.mailboxLength,
		});
		const look = this.door.look.bind(this.door);
		const tellBack = this.door.tellSelf.bind(this.door);
		this.#reads = new ActorReads({ ...parts, look });
		this.#loader = new CommandLoader({ ...parts, back });
		this.#lanes = new GatherLanes(env.runtime, back);
		this.#wake = new WakeKeeper({ ...env, actor: key });
		this.#timer = new WakeTimer(env.runtime, () => tellBack('wake', {}));
		this.#snapshots = new Snapshotter({ ...parts, look });
		this.#intents = new IntentRunner({ ...env, key, tellBack });
		const { publishing } = kind;
		this.#outbox = publishing && env.publisher?.add({ key, publishing });
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

	closeOpening(opening: string): void {
		this.#order.close(opening);
	}

	unsubscribe(subscriber: Subscriber): void {
		this.#reads.unsubscribe(subscriber);
		this.door.used();
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
		await this.#end(true);
	}

	/** Takes a snapshot while it serves, when worth it, so that the next owner has little to replay. */
	async prepareRelease(): Promise<void> {
		if (this.phase === 'stopped' || !this.#snapshots.worthwhile()) return;
		const { runtime } = this.#env;
		await new Promise<void>((resolve) => {
			const cancel = runtime.after(SNAPSHOT_WAIT_MS, resolve);
			void this.#snapshots.start().then(() => {
				cancel();
				resolve();
			});
		});
	}

	/** Ends for another owner: what is being committed is told and answered, all else gets `MOVED`. */
	async release(): Promise<void> {
		await this.#turns.leave();
		await this.#end(false);
	}

	/**
	 * Stops at once: subscribers are told, and everything that waits is answered with `MOVED`, the turn in
	 * flight first, so that each sender hears in order. A commit in flight may still land.
	 */
	stop(): void {
		if (this.phase === 'stopped') return;
		const undone = this.#turns.stop();
		this.#timer.stop();
		this.#intents.stop();
		this.#reads.stop();
		if (this.#outbox !== undefined) this.#env.publisher?.remove(this.#outbox);
		const aside = [...this.#loader.clear(), ...this.#lanes.clear()];
		for (const entry of [...undone, ...aside, ...this.#mailbox.clear()]) {
			this.#safely(() => refuse(entry, MOVED));
		}
	}

	async #end(takesSnapshot: boolean): Promise<void> {
		const { actor, phase } = this.#turns;
		const busy = this.#hasWorkLeft();
		this.stop();
		if (actor?.exists !== true || phase !== 'live') return;
		const { commit } = actor;
		if (takesSnapshot && this.#snapshots.worthwhile()) await this.#snapshots.take(actor);
		await this.#wake.tend({ commit, busy, timerAt: this.#timer.at });
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
			const isWanted = () => this.phase !== 'stopped';
			const { writer } = this;
			const recovered = await activate({ ...this.#recovery, ...this.#env, writer, isWanted });
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
		this.#outbox?.begin(recovered.watermark);
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
		if (this.#snapshots.due()) void this.#snapshots.start();
	}

	#fail(error: unknown): void {
		if (this.phase === 'stopped') return;
		const reason = reasonOf(error);
		this.#env.log.error({ err: error, actor: this.key, reason }, 'an actor stopped');
		if (reason === 'fenced') this.#env.meter.count('fences');
		// Whoever asks again while being told of the end meets the next host.
		this.#observer.stopped(this, reason);
		this.stop();
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
		this.#outbox?.note(commit);
		this.#env.projector.push(commit, (position) => {
			this.#unprojected.projected(position);
			this.#requests.trim(this.#unprojected.floor);
			this.#snapshots.projected(position);
			this.#outbox?.projected(position);
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
		return (
			this.#unprojected.watermark < this.position ||
			this.#intents.running > 0 ||
			this.#outbox?.isBusy === true
		);
	}

	/** One caller that throws must not keep the others from their answers. */
	#safely(tell: () => void): void {
		try {
			tell();
		} catch (error) {
			this.#env.log.error({ err: error, actor: this.key }, 'a listener threw');
		}
	}
}

function reasonOf(error: unknown): StopReason {
	if (error instanceof FencedError) return 'fenced';
	return error instanceof UnreadableError ? 'unreadable' : 'crashed';
}
