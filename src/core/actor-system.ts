import { type ActorKey, splitKey } from '../protocol/ids.ts';
import type { WireEvent } from '../protocol/wire.ts';
import { ActorHost, type StopReason } from './actor-host.ts';
import type { ActorKind, Caller } from './actor-kind.ts';
import { type ActorObserver, ActorObservers } from './actor-observers.ts';
import type {
	ActorPort,
	CommandAnswer,
	CommandRequest,
	OpenAnswer,
	OpenRequest,
	ReopenAnswer,
	ReopenRequest,
	Subscriber,
} from './actor-port.ts';
import { DueWork } from './due-work.ts';
import { refusal } from './entries.ts';
import type { EventFeed } from './event-feed.ts';
import { EventPublishers } from './event-publishers.ts';
import { HOST_LIMITS, type HostEnvironment, type HostLimits } from './host-environment.ts';
import type { IntentPorts } from './intent-runner.ts';
import type { Journal } from './journal.ts';
import { JournalWriters } from './journal-writers.ts';
import { type Log, SILENT } from './log.ts';
import { type Meter, NO_METER } from './meter.ts';
import { withoutPublishing } from './outbox-rows.ts';
import { Projectors } from './projectors.ts';
import type { Recovered } from './recovery.ts';
import { Restarts } from './restarts.ts';
import type { Runtime } from './runtime.ts';
import type { Store } from './store.ts';
import { ONE_SHARD, type StoreShards } from './store-shards.ts';
import { timeIds } from './time-ids.ts';
import { NOTHING_UNWRITTEN, type Unwritten } from './unwritten.ts';

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
	/** Where domain events leave (P30); default: nowhere, and nothing is kept for it. */
	readonly events?: EventFeed;
	readonly limits?: Partial<HostLimits>;
	readonly idleMs?: number;
	readonly hostsMax?: number;
	/** Where tells of one actor to another go, given the actors of this system; default: to those. */
	readonly actors?: (own: ActorPort) => ActorPort;
	/** Asked before a host is made; where it says no, the answer is `MOVED`. Default: always. */
	readonly mayActivate?: (key: ActorKey) => boolean;
	/** Asked before an actor with due work is taken up; default: always. */
	readonly mayWake?: (key: ActorKey) => Promise<boolean>;
}

const TEND_MS = 5_000;
const IDLE_MS = 300_000;
const HOSTS_MAX = 200_000;

/** A host on its way out. */
interface Leaving {
	readonly host: ActorHost;
	/** What waits until it has ended. */
	readonly waiting: (() => void)[];
}

/**
 * The actors of one node: makes a host for each key that is asked for, keeps at most one, puts idle
 * ones away, takes up those with due work, and restarts crashed ones with back-off.
 */
export class ActorSystem implements ActorPort {
	readonly journalWriter: JournalWriters;
	readonly projector: Projectors;
	/** Absent where events do not leave. */
	readonly publisher: EventPublishers | undefined;
	readonly #shards: StoreShards;
	/** By shard; they differ in writer and projector only. */
	readonly #envs: readonly HostEnvironment[];
	readonly #env: HostEnvironment;
	readonly #kinds: ReadonlyMap<string, ActorKind>;
	readonly #idleMs: number;
	readonly #hostsMax: number;
	readonly #hosts = new Map<ActorKey, ActorHost>();
	readonly #leaving = new Map<ActorKey, Leaving>();
	readonly #restarts: Restarts;
	readonly #mayActivate: (key: ActorKey) => boolean;
	readonly #observers: ActorObservers;
	readonly #dueWork: DueWork;
	#cancelTend = () => {};
	#stopped = false;

	constructor(options: ActorSystemOptions) {
		const log = options.log ?? SILENT;
		const meter = options.meter ?? NO_METER;
		const { journal, store, runtime } = options;
		this.#shards = options.shards ?? ONE_SHARD;
		const { count } = this.#shards;
		this.journalWriter = new JournalWriters(count, { journal, runtime, log, meter });
		this.projector = new Projectors(count, { store, runtime, log });
		const { events: feed } = options;
		this.publisher = feed && new EventPublishers(count, { feed, store, runtime, log, meter });
		const kinds = feed === undefined ? options.kinds.map(withoutPublishing) : options.kinds;
		this.#kinds = new Map(kinds.map((kind) => [kind.contract.kind, kind]));
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
			actors: options.actors?.(this) ?? this,
		};
		this.#envs = Array.from({ length: count }, (_, shard) => ({
			...shared,
			journalWriter: this.journalWriter.at(shard),
			projector: this.projector.at(shard),
			publisher: this.publisher?.at(shard),
		}));
		this.#env = this.#envs[0] as HostEnvironment;
		this.#observers = new ActorObservers(runtime);
		this.#restarts = new Restarts(runtime, meter);
		this.#mayActivate = options.mayActivate ?? (() => true);
		const mayWake = options.mayWake ?? (() => Promise.resolve(true));
		const takeUp = async (key: ActorKey) => {
			if (await mayWake(key)) await this.inspect(key, () => {});
		};
		this.#dueWork = new DueWork({
			journal,
			runtime,
			takeUp: (key) => (this.#hosts.has(key) ? undefined : takeUp(key)),
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
		this.#with(key, answer, (host) => host.door.open(request, answer));
	}

	reopen(key: ActorKey, request: ReopenRequest, answer: (answer: ReopenAnswer) => void): void {
		this.#with(key, answer, (host) => host.door.reopen(request, answer));
	}

	command(key: ActorKey, request: CommandRequest, answer: (answer: CommandAnswer) => void): void {
		this.#with(key, answer, (host) => host.door.command(request, answer));
	}

	ephemeral(key: ActorKey, caller: Caller, event: WireEvent): void {
		this.#hosts.get(key)?.door.ephemeral({ caller, event });
	}

	closeOpening(key: ActorKey, opening: string): void {
		this.#hosts.get(key)?.closeOpening(opening);
	}

	unsubscribe(key: ActorKey, subscriber: Subscriber): void {
		const host = this.#hosts.get(key) ?? this.#leaving.get(key)?.host;
		host?.unsubscribe(subscriber);
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
			this.#with(key, nothing, (host) => host.door.look(run(host), nothing));
		});
	}

	/**
	 * Takes up actors with due work that nobody may be visiting; resolves when they serve, with how many
	 * rows there were. `dueMax`: at the start of the only node every row is taken, for no owner is alive.
	 */
	async wakeDue(dueMax = this.#env.runtime.now()): Promise<number> {
		return await this.#dueWork.sweep(dueMax);
	}

	/**
	 * Hands an actor over: the commit in flight is told and answered, everything else gets `MOVED`, the
	 * subscribers are `closed`. Its host is gone when this resolves; what is asked meanwhile waits for
	 * that. Worth a snapshot, it takes one before, while it still serves.
	 */
	async release(key: ActorKey): Promise<void> {
		const host = this.#hosts.get(key);
		await host?.prepareRelease();
		if (host !== undefined && this.#hosts.get(key) === host) {
			await this.#leave(host, () => host.release());
			return;
		}
		const leaving = this.#leaving.get(key);
		if (leaving !== undefined) await new Promise<void>((end) => leaving.waiting.unshift(end));
	}

	/**
	 * Stops an actor at once, for it belongs to another owner: everything gets `MOVED`, nothing more is
	 * written. A commit that has left may still land; no host of the key is made before that is known.
	 */
	stop(key: ActorKey): void {
		const host = this.#hosts.get(key);
		if (host !== undefined) void this.#leave(host, async () => host.stop());
		else this.#leaving.get(key)?.host.stop();
	}

	/** Stops all actors at once. */
	stopAll(): void {
		for (const key of [...this.#hosts.keys(), ...this.#leaving.keys()]) this.stop(key);
	}

	/** Resolves when no activation or commit is under way and the store has everything. */
	async settle(): Promise<void> {
		await this.#until(() => [...this.#hosts.values()].every(({ phase }) => phase !== 'loading'));
		await this.journalWriter.drained();
		await this.projector.settle();
	}

	/**
	 * Ends orderly: no more commands, what is decided lands, snapshots where worth it. When `gaveUp`
	 * resolves before, it ends as by {@link kill}; answers what was left then.
	 */
	async close(gaveUp: Promise<unknown> = new Promise(() => {})): Promise<Unwritten> {
		this.#halt();
		const isDone = this.#finish().then(() => true);
		if (!(await Promise.race([isDone, gaveUp.then(() => false)]))) return this.#abandon();
		this.projector.close();
		this.publisher?.close();
		return NOTHING_UNWRITTEN;
	}

	/** Ends as a crash would: nothing more is written by this node's hosts. */
	kill(): void {
		this.#halt();
		this.journalWriter.close();
		this.projector.close();
		this.publisher?.close();
		for (const host of this.#hosts.values()) host.stop();
		this.#hosts.clear();
	}

	#halt(): void {
		this.#stopped = true;
		this.#dueWork.stop();
		this.#cancelTend();
		this.#observers.stop();
	}

	async #finish(): Promise<void> {
		await this.#until(() => [...this.#hosts.values()].every((host) => !host.isTaking));
		await this.settle();
		await this.publisher?.drain();
		await Promise.all(
			[...this.#hosts.values()].map((host) => this.#leave(host, () => host.putAway())),
		);
		await this.journalWriter.drained();
	}

	#abandon(): Unwritten {
		const hosts = [...this.#hosts.values(), ...[...this.#leaving.values()].map(({ host }) => host)];
		const actors = hosts.filter((host) => host.isTaking).length;
		const unwritten = { actors, events: this.projector.backlog };
		this.kill();
		return unwritten;
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
		const leaving = this.#leaving.get(key);
		const refused = this.#whyNot(key, host, leaving);
		if (refused !== undefined) refuse(refused);
		else if (host !== undefined) use(host);
		else if (leaving !== undefined) leaving.waiting.push(() => this.#with(key, refuse, use));
		else use(this.#host(key));
	}

	#whyNot(key: ActorKey, host: ActorHost | undefined, leaving: Leaving | undefined) {
		if (!this.#kinds.has(splitKey(key).kind)) return refusal('NOT_FOUND');
		if (this.#stopped) return refusal('MOVED');
		if (host !== undefined) return undefined;
		const waiting = leaving?.waiting.length ?? 0;
		if (waiting >= this.#env.limits.mailboxLengthMax) return refusal('BUSY');
		if (leaving === undefined && !this.#mayActivate(key)) return refusal('MOVED');
		if (this.#hosts.size >= this.#hostsMax) return refusal('BUSY');
		const waitMs = this.#restarts.waitMs(key);
		return waitMs > 0 ? refusal('UNAVAILABLE', 'it has failed and rests', waitMs) : undefined;
	}

	#host(key: ActorKey): ActorHost {
		const kind = this.#kinds.get(splitKey(key).kind) as ActorKind;
		const host = new ActorHost(key, kind, {
			env: this.#envs[this.#shards.of(key)] ?? this.#env,
			observer: {
				activated: () => this.#observers.activated(host),
				committed: () => this.#observers.committed(host),
				stopped: (_, reason) => this.#hostStopped(host, reason),
			},
		});
		this.#hosts.set(key, host);
		return host;
	}

	#hostStopped(host: ActorHost, reason: StopReason): void {
		const { key } = host;
		if (this.#hosts.get(key) === host) this.#hosts.delete(key);
		this.#observers.closed(key);
		this.#restarts.stopped(key, reason);
	}

	/** Takes a host out; what is asked meanwhile waits until nothing of it is on its way any more. */
	async #leave(host: ActorHost, end: () => Promise<void>): Promise<void> {
		const { key } = host;
		const leaving: Leaving = { host, waiting: [] };
		this.#hosts.delete(key);
		this.#leaving.set(key, leaving);
		await end();
		await this.journalWriter.at(this.#shards.of(key)).withdraw(key);
		this.#leaving.delete(key);
		if (host.exists === true) this.#observers.closed(key);
		// At once and in order, before anything that comes later.
		for (const goOn of leaving.waiting) goOn();
	}

	#tendLater(): void {
		this.#cancelTend = this.#env.runtime.after(TEND_MS, () => {
			void this.#tend().finally(() => {
				if (!this.#stopped) this.#tendLater();
			});
		});
	}

	async #tend(): Promise<void> {
		// Apart, so that a store that hangs holds up its own actors only.
		const shards = Array.from({ length: this.#shards.count }, (): ActorHost[] => []);
		for (const host of this.#hosts.values()) shards[this.#shards.of(host.key)]?.push(host);
		await Promise.all(shards.map((hosts) => this.#tendAll(hosts)));
		this.#restarts.forgetOld();
		// Not waited for: a store that hangs must not keep live actors from being tended.
		this.wakeDue().catch((error) => {
			if (!this.#stopped) this.#env.log.warn({ err: error }, 'due work could not be read');
		});
	}

	async #tendAll(hosts: readonly ActorHost[]): Promise<void> {
		for (const host of hosts) {
			if (this.#hosts.get(host.key) !== host) continue;
			const idleMs = host.exists === true ? this.#idleMs : 0;
			const isIdle = host.quiet && host.door.idleMs >= idleMs;
			if (isIdle) void this.#leave(host, () => host.putAway());
			else await host.tend();
		}
	}
}
