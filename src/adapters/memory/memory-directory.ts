import type { Directory, NodeId, NodeRecord, Renewal } from '../../cluster/directory.ts';
import { DirectoryError } from '../../cluster/directory-error.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { ActorKey } from '../../protocol/ids.ts';

/** As long as a real one is waited for. */
const TIMEOUT_MS = 1_000;

interface Lease {
	readonly record: NodeRecord;
	readonly until: number;
}

/** A directory in this process, which several nodes share; tests may break it. */
export class MemoryDirectoryStore {
	/** Whether it is away for all nodes. */
	isAway = false;
	/** From the question to the answer; beyond a second nodes give up, and yet it is done. */
	delayMs = 0;
	readonly #clock: Pick<Runtime, 'now'>;
	readonly #leases = new Map<NodeId, Lease>();
	readonly #owners = new Map<ActorKey, NodeId>();
	#bornAt: number | undefined;
	#settlesAt = 0;

	constructor(clock: Pick<Runtime, 'now'>) {
		this.#clock = clock;
	}

	/** As one node sees it; `runtime` is that node's own. */
	connect(runtime: Pick<Runtime, 'after' | 'defer'>): MemoryDirectory {
		return new MemoryDirectory(this, runtime);
	}

	/** Loses everything. */
	flush(): void {
		this.#leases.clear();
		this.#owners.clear();
		this.#bornAt = undefined;
	}

	renew(node: NodeRecord, leaseMs: number): Renewal {
		const now = this.#clock.now();
		for (const [id, { until }] of this.#leases) if (until <= now) this.#leases.delete(id);
		if (this.#bornAt === undefined || this.#leases.size === 0) {
			this.#bornAt = now;
			this.#settlesAt = now + leaseMs;
		}
		const held = this.#leases.has(node.id);
		this.#leases.set(node.id, { record: node, until: now + leaseMs });
		const nodes = [...this.#leases.values()].map(({ record }) => record);
		return { now, nodes, held, ageMs: Math.max(0, now - this.#bornAt) };
	}

	leave(id: NodeId): void {
		this.#leases.delete(id);
	}

	owner(key: ActorKey): NodeId | undefined {
		const id = this.#owners.get(key);
		return id !== undefined && this.#lives(id) ? id : undefined;
	}

	claim(id: NodeId, key: ActorKey): NodeId | undefined {
		const isSettled = this.#bornAt !== undefined && this.#clock.now() >= this.#settlesAt;
		return isSettled ? this.register(id, key) : this.owner(key);
	}

	/** As a claim, of a node that owned it before. */
	register(id: NodeId, key: ActorKey): NodeId | undefined {
		if (this.owner(key) === undefined && this.#lives(id)) this.#owners.set(key, id);
		return this.owner(key);
	}

	release(id: NodeId, key: ActorKey): void {
		if (this.#owners.get(key) === id) this.#owners.delete(key);
	}

	#lives(id: NodeId): boolean {
		const lease = this.#leases.get(id);
		return lease !== undefined && lease.until > this.#clock.now();
	}
}

/** One node's way to a {@link MemoryDirectoryStore}. */
export class MemoryDirectory implements Directory {
	/** Whether it is away for this node. */
	isAway = false;
	readonly #store: MemoryDirectoryStore;
	readonly #runtime: Pick<Runtime, 'after' | 'defer'>;

	constructor(store: MemoryDirectoryStore, runtime: Pick<Runtime, 'after' | 'defer'>) {
		this.#store = store;
		this.#runtime = runtime;
	}

	renew(node: NodeRecord, leaseMs: number): Promise<Renewal> {
		return this.#ask(() => this.#store.renew(node, leaseMs));
	}

	leave(id: NodeId): Promise<void> {
		return this.#ask(() => this.#store.leave(id));
	}

	owners(keys: readonly ActorKey[]): Promise<readonly (NodeId | undefined)[]> {
		return this.#ask(() => keys.map((key) => this.#store.owner(key)));
	}

	claim(id: NodeId, keys: readonly ActorKey[]): Promise<readonly (NodeId | undefined)[]> {
		return this.#ask(() => keys.map((key) => this.#store.claim(id, key)));
	}

	verify(id: NodeId, keys: readonly ActorKey[]): Promise<readonly ActorKey[]> {
		return this.#ask(() =>
			keys.filter((key) => {
				const owner = this.#store.register(id, key);
				return owner !== undefined && owner !== id;
			}),
		);
	}

	release(id: NodeId, keys: readonly ActorKey[]): Promise<void> {
		return this.#ask(() => {
			for (const key of keys) this.#store.release(id, key);
		});
	}

	close(): Promise<void> {
		this.isAway = true;
		return Promise.resolve();
	}

	/** Half of the delay is on the way there, half on the way back. */
	#ask<A>(work: () => A): Promise<A> {
		return new Promise((resolve, reject) => {
			const { delayMs } = this.#store;
			const wait = (ms: number, run: () => void) =>
				ms > 0 ? this.#runtime.after(ms, run) : this.#runtime.defer(run);
			if (delayMs > TIMEOUT_MS) {
				wait(TIMEOUT_MS, () => reject(new DirectoryError('no answer in time', 'TIMEOUT')));
			}
			wait(delayMs / 2, () => {
				if (this.isAway || this.#store.isAway) {
					reject(new DirectoryError('the directory is away'));
					return;
				}
				const answer = work();
				wait(delayMs / 2, () => resolve(answer));
			});
		});
	}
}
