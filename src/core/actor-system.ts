import type { ErrorCode } from '../protocol/errors.ts';
import { type ActorKey, splitKey } from '../protocol/ids.ts';
import type { WireEvent } from '../protocol/wire.ts';
import { ActorHost, type StopReason } from './actor-host.ts';
import type { ActorKind, Caller } from './actor-kind.ts';
import type {
	ActorPort,
	CommandAnswer,
	CommandRequest,
	OpenAnswer,
	OpenRequest,
	Subscriber,
} from './actor-port.ts';
import { DueWork } from './due-work.ts';
import { refusal } from './entries.ts';
import { HOST_LIMITS, type HostEnvironment, type HostLimits } from './host-environment.ts';
import type { IntentPorts } from './intent-runner.ts';
import type { Journal } from './journal.ts';
import { JournalWriters } from './journal-writers.ts';
import { type Log, SILENT } from './log.ts';
import { type Meter, NO_METER } from './meter.ts';
import { Projectors } from './projectors.ts';
import type { Recovered } from './recovery.ts';
import type { Runtime } from './runtime.ts';
import type { Store } from './store.ts';
import { ONE_SHARD, type StoreShards } from './store-shards.ts';
import { timeIds } from './time-ids.ts';

export interface ActorSystemOptions {
	readonly kinds: readonly ActorKind[];
	readonly journal: Journal;
	readonly store: Store;
	/** How journal and store are split into parts that fail apart; default: not at all. */
	readonly shards?: StoreShards;
	readonly runtime: Runtime;
	readonly log?: Log;
	readonly meter?: Meter;
	readonly intents?: IntentPorts;
	readonly limits?: Partial<HostLimits>;
	readonly idleMs?: number;
	readonly hostsMax?: number;
}

/** What others hear of the life of actors on this node. */
export interface ActorObserver {
	activated?(key: ActorKey): void;
	/** At most once a second per actor, with its {@link ActorKind.figures}. */
	figures?(key: ActorKey, figures: Readonly<Record<string, unknown>>): void;
	closed?(key: ActorKey): void;
}

const TEND_MS = 5_000;
const IDLE_MS = 300_000;
const HOSTS_MAX = 200_000;
const FIGURES_MS = 1_000;
const RESTART_FIRST_MS = 100;
const RESTART_MAX_MS = 2_000;
/** After so many failed activations in a row the actor rests for {@link QUARANTINE_MS}. */
const FAILURES_MAX = 5;
const QUARANTINE_MS = 60_000;
/** A crash is forgotten when the actor has run so long since it might be restarted. */
const CRASH_KEPT_MS = 60_000;

interface Crash {
	readonly failures: number;
	readonly retryAt: number;
}

/**
 * The actors of one node: makes a host for each key that is asked for, keeps at most one, puts idle
 * ones away, takes up those with due work, and restarts crashed ones with back-off.
 */
export class ActorSystem implements ActorPort {
	readonly journalWriter: JournalWriters;
	readonly projector: Projectors;
	readonly #shards: StoreShards;
	/** By shard; they differ in writer and projector only. */
	readonly #envs: readonly HostEnvironment[];
	readonly #env: HostEnvironment;
	readonly #kinds: ReadonlyMap<string, ActorKind>;
	readonly #idleMs: number;
	readonly #hostsMax: number;
	readonly #hosts = new Map<ActorKey, ActorHost>();
	/** Hosts on their way out, with what waits until they have ended. */
	readonly #closing = new Map<ActorKey, (() => void)[]>();
	readonly #crashes = new Map<ActorKey, Crash>();
	readonly #figuresDue = new Map<ActorKey, ActorHost>();
	readonly #observers = new Set<ActorObserver>();
	readonly #dueWork: DueWork;
	#cancelTend = () => {};
	#cancelFigures: (() => void) | undefined;
	#stopped = false;

	constructor(options: ActorSystemOptions) {
		const log = options.log ?? SILENT;
		const meter = options.meter ?? NO_METER;
		const { journal, store, runtime } = options;
		this.#shards = options.shards ?? ONE_SHARD;
		const { count } = this.#shards;
		this.journalWriter = new JournalWriters(count, { journal, runtime, log, meter });
		this.projector = new Projectors(count, { store, runtime, log });
		this.#kinds = new Map(options.kinds.map((kind) => [kind.contract.kind, kind]));
		this.#idleMs = options.idleMs ?? IDLE_MS;
		this.#hostsMax = options.hostsMax ?? HOSTS_MAX;
		const shared = {
			journal,
			store,
			runtime,
			log,
			meter,
			limits: { ...HOST_LIMITS, ...options.limits },
			newId: timeIds(runtime),
			intents: options.intents ?? {},
			actors: this,
		};
		this.#envs = Array.from({ length: count }, (_, shard) => ({
			...shared,
			journalWriter: this.journalWriter.at(shard),
			projector: this.projector.at(shard),
		}));
		this.#env = this.#envs[0] as HostEnvironment;
		this.#dueWork = new DueWork({
			journal,
			runtime,
			takeUp: (key) => (this.#hosts.has(key) ? undefined : this.inspect(key, () => {})),
		});
		this.#tendLater();
	}

	/** Live hosts, for metrics and the inspector. */
	get hosts(): ReadonlyMap<ActorKey, ActorHost> {
		return this.#hosts;
	}

	observe(observer: ActorObserver): void {
		this.#observers.add(observer);
	}

	open(key: ActorKey, request: OpenRequest, answer: (answer: OpenAnswer) => void): void {
		this.#with(key, answer, (host) => host.open(request, answer));
	}

	command(key: ActorKey, request: CommandRequest, answer: (answer: CommandAnswer) => void): void {
		this.#with(key, answer, (host) => host.command(request, answer));
	}

	ephemeral(key: ActorKey, caller: Caller, event: WireEvent): void {
		this.#hosts.get(key)?.ephemeral({ caller, event });
	}

	closeOpening(key: ActorKey, opening: string): void {
		this.#hosts.get(key)?.closeOpening(opening);
	}

	unsubscribe(key: ActorKey, subscriber: Subscriber): void {
		this.#hosts.get(key)?.unsubscribe(subscriber);
	}

	async peek(key: ActorKey): Promise<{ position: number; writer: string } | undefined> {
		const head = await this.#env.journal.head(key);
		return head && { position: head.position, writer: head.writer };
	}

	/** Looks at an actor between two commits; activates it if it has a journal. */
	inspect<T>(
		key: ActorKey,
		look: (host: ActorHost, actor: Recovered) => T,
	): Promise<T | undefined> {
		return new Promise((resolve) => {
			const nothing = () => resolve(undefined);
			const run = (host: ActorHost) => (actor: Recovered) =>
				resolve(actor.exists ? look(host, actor) : undefined);
			this.#with(key, nothing, (host) => host.look(run(host), nothing));
		});
	}

	/**
	 * Takes up actors with due work that nobody may be visiting; resolves when they serve, with how many
	 * rows there were. `dueMax`: at the start of the only node every row is taken, for no owner is alive.
	 */
	async wakeDue(dueMax = this.#env.runtime.now()): Promise<number> {
		return await this.#dueWork.sweep(dueMax);
	}

	/** Resolves when no activation or commit is under way and the store has everything. */
	async settle(): Promise<void> {
		await this.#until(() => [...this.#hosts.values()].every(({ phase }) => phase !== 'loading'));
		await this.journalWriter.drained();
		await this.projector.settle();
	}

	/** Ends orderly: no more commands, what is decided lands, snapshots where worth it. */
	async close(): Promise<void> {
		this.#stopped = true;
		this.#dueWork.stop();
		this.#cancelTend();
		this.#cancelFigures?.();
		await this.#until(() => [...this.#hosts.values()].every((host) => !host.isTaking));
		await this.settle();
		await Promise.all([...this.#hosts.values()].map((host) => this.#putAway(host)));
		await this.journalWriter.drained();
		this.projector.close();
	}

	/** Ends as a crash would: nothing more is written by this node's hosts. */
	kill(): void {
		this.#stopped = true;
		this.#dueWork.stop();
		this.#cancelTend();
		this.#cancelFigures?.();
		this.journalWriter.close();
		this.projector.close();
		for (const host of this.#hosts.values()) host.stop();
		this.#hosts.clear();
	}

	async #until(done: () => boolean): Promise<void> {
		while (!done()) await new Promise<void>((resolve) => this.#env.runtime.after(5, resolve));
	}

	#with(
		key: ActorKey,
		refuse: (answer: ReturnType<typeof refusal>) => void,
		use: (host: ActorHost) => void,
	): void {
		const host = this.#hosts.get(key);
		const code = this.#whyNot(key, host);
		const closing = this.#closing.get(key);
		if (code !== undefined) refuse(refusal(code, undefined, this.#retryAfterMs(key)));
		else if (host !== undefined) use(host);
		else if (closing !== undefined) closing.push(() => this.#with(key, refuse, use));
		else use(this.#host(key));
	}

	#whyNot(key: ActorKey, host: ActorHost | undefined): ErrorCode | undefined {
		if (!this.#kinds.has(splitKey(key).kind)) return 'NOT_FOUND';
		if (this.#stopped) return 'MOVED';
		if (host !== undefined) return undefined;
		const waiting = this.#closing.get(key)?.length ?? 0;
		if (waiting >= this.#env.limits.mailboxLengthMax) return 'BUSY';
		if (this.#hosts.size >= this.#hostsMax) return 'BUSY';
		const crash = this.#crashes.get(key);
		if (crash !== undefined && crash.retryAt > this.#env.runtime.monotonic()) return 'UNAVAILABLE';
		return undefined;
	}

	#retryAfterMs(key: ActorKey): number | undefined {
		const crash = this.#crashes.get(key);
		return crash && Math.max(0, crash.retryAt - this.#env.runtime.monotonic());
	}

	#host(key: ActorKey): ActorHost {
		const kind = this.#kinds.get(splitKey(key).kind) as ActorKind;
		const host = new ActorHost(key, kind, {
			env: this.#envs[this.#shards.of(key)] ?? this.#env,
			observer: {
				activated: () => this.#activated(host),
				committed: () => this.#figuresLater(host),
				stopped: (_, reason) => this.#hostStopped(host, reason),
			},
		});
		this.#hosts.set(key, host);
		return host;
	}

	#activated(host: ActorHost): void {
		for (const observer of this.#observers) observer.activated?.(host.key);
		this.#figuresLater(host);
	}

	#hostStopped(host: ActorHost, reason: StopReason): void {
		const { key } = host;
		if (this.#hosts.get(key) === host) this.#hosts.delete(key);
		this.#closed(key);
		if (reason === 'fenced') return;
		const failures = (this.#crashes.get(key)?.failures ?? 0) + 1;
		const backOffMs = Math.min(RESTART_MAX_MS, RESTART_FIRST_MS * 2 ** (failures - 1));
		// An actor is not put in quarantine because the journal or the store is away.
		const quarantined = reason === 'crashed' && failures >= FAILURES_MAX;
		if (quarantined) this.#env.meter.count('quarantines');
		const waitMs = quarantined ? QUARANTINE_MS : backOffMs;
		this.#crashes.set(key, { failures, retryAt: this.#env.runtime.monotonic() + waitMs });
	}

	#closed(key: ActorKey): void {
		this.#figuresDue.delete(key);
		for (const observer of this.#observers) observer.closed?.(key);
	}

	#figuresLater(host: ActorHost): void {
		if (this.#observers.size === 0) return;
		this.#figuresDue.set(host.key, host);
		this.#cancelFigures ??= this.#env.runtime.after(FIGURES_MS, () => {
			this.#cancelFigures = undefined;
			for (const [key, due] of this.#figuresDue) {
				const figures = due.figures();
				for (const observer of this.#observers) observer.figures?.(key, figures);
			}
			this.#figuresDue.clear();
		});
	}

	async #putAway(host: ActorHost): Promise<void> {
		const { key } = host;
		const waiting: (() => void)[] = [];
		this.#hosts.delete(key);
		this.#closing.set(key, waiting);
		await host.putAway();
		this.#closing.delete(key);
		if (host.exists === true) this.#closed(key);
		// At once and in order, before anything that comes later.
		for (const goOn of waiting) goOn();
	}

	#tendLater(): void {
		this.#cancelTend = this.#env.runtime.after(TEND_MS, () => {
			void this.#tend().finally(() => {
				if (!this.#stopped) this.#tendLater();
			});
		});
	}

	async #tend(): Promise<void> {
		for (const host of [...this.#hosts.values()]) {
			const idleMs = host.exists === true ? this.#idleMs : 0;
			if (host.quiet && host.idleMs >= idleMs) void this.#putAway(host);
			else await host.tend();
		}
		const now = this.#env.runtime.monotonic();
		for (const [key, crash] of this.#crashes) {
			if (crash.retryAt + CRASH_KEPT_MS < now) this.#crashes.delete(key);
		}
		// Not waited for: a store that hangs must not keep live actors from being tended.
		this.wakeDue().catch((error) => {
			if (!this.#stopped) this.#env.log.warn({ err: error }, 'due work could not be read');
		});
	}
}
