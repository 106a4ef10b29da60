import { MemoryJournal, MemoryJournalState } from '../../src/adapters/memory/memory-journal.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { CommandAnswer, OpenAnswer, Subscriber, Told } from '../../src/core/actor-port.ts';
import { ActorSystem, type ActorSystemOptions } from '../../src/core/actor-system.ts';
import type { CommitRecord, Journal, StoredEvent } from '../../src/core/journal.ts';
import { OUTBOX } from '../../src/core/outbox-rows.ts';
import { REQUESTS, type Store } from '../../src/core/store.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import { counterKind } from './counter-kind.ts';
import { type Hooks, hooked } from './hooked.ts';
import { VirtualRuntime } from './virtual-runtime.ts';

/** An ear that keeps all it was told. */
export class Ear implements Subscriber {
	readonly told: Told[] = [];
	readonly ephemerals: unknown[] = [];
	closings = 0;

	committed({ told }: { told: readonly Told[] }): void {
		this.told.push(...told);
	}

	ephemeral(event: readonly [string, unknown]): void {
		this.ephemerals.push(event);
	}

	closed(): void {
		this.closings++;
	}
}

/** Name and arguments of a command. */
export type Asked = readonly [name: string, args: unknown];

type BenchOptions = Partial<ActorSystemOptions> & {
	readonly shared?: CoreBench;
	readonly data?: CoreBench;
	readonly seed?: number;
};

/** A node's actors on embedded parts in virtual time; several may share one journal and store. */
export class CoreBench {
	readonly runtime: VirtualRuntime;
	readonly state: MemoryJournalState;
	readonly journal: MemoryJournal;
	readonly store: MemoryStore;
	/** What becomes of this node's calls; may be set while it runs. */
	readonly journalHooks: Hooks<Journal> = {};
	readonly storeHooks: Hooks<Store> = {};
	readonly system: ActorSystem;

	/** `shared`: on the same data. `data`: on the same journal, with a read side of its own. */
	constructor(options: BenchOptions = {}) {
		const { shared, data = shared, seed, ...rest } = options;
		const kinds: readonly ActorKind[] = options.kinds ?? [counterKind as ActorKind];
		this.runtime = data?.runtime ?? new VirtualRuntime(seed === undefined ? {} : { seed });
		this.state = data?.state ?? new MemoryJournalState();
		this.journal = new MemoryJournal(this.state);
		this.store =
			shared?.store ??
			new MemoryStore([REQUESTS, OUTBOX, ...kinds.flatMap((kind) => kind.collections)]);
		this.system = new ActorSystem({
			journal: hooked<Journal>(this.journal, this.journalHooks),
			store: hooked<Store>(this.store, this.storeHooks),
			runtime: this.runtime,
			...rest,
			kinds,
		});
	}

	/** Sends without waiting; the answer is in the array when it is there. */
	post(key: ActorKey, [name, args]: Asked, more: object = {}): CommandAnswer[] {
		const answers: CommandAnswer[] = [];
		const caller = { userId: 'ann', roles: ['user'] };
		this.system.command(key, { caller, name, args, ...more }, (answer) => answers.push(answer));
		return answers;
	}

	async send(key: ActorKey, asked: Asked, more: object = {}): Promise<CommandAnswer> {
		const answers = this.post(key, asked, more);
		await this.runtime.until(() => answers.length > 0);
		return answers[0] as CommandAnswer;
	}

	async open(key: ActorKey, more: object = {}): Promise<{ answer: OpenAnswer; ear: Ear }> {
		const ear = new Ear();
		const answers: OpenAnswer[] = [];
		const caller = { userId: 'ann', roles: ['user'] };
		const request = { caller, args: {}, subscriber: ear, ...more };
		this.system.open(key, request, (answer) => answers.push(answer));
		await this.runtime.until(() => answers.length > 0);
		return { answer: answers[0] as OpenAnswer, ear };
	}

	/** What the journal holds of an actor. */
	async records(key: ActorKey): Promise<readonly CommitRecord[]> {
		return (await this.journal.read(key, { commit: 0 }, { bytesMax: Infinity })).records;
	}

	async events(key: ActorKey): Promise<readonly StoredEvent[]> {
		return (await this.records(key)).flatMap(({ events }) => events);
	}

	/** Ends the node as by `kill -9`, and begins another on the same data. */
	restart(options: Partial<ActorSystemOptions> = {}): CoreBench {
		this.system.kill();
		return new CoreBench({ shared: this, ...options });
	}

	/** Ends the node orderly, with the time that it takes. */
	async close(): Promise<void> {
		let closed = false;
		const closing = this.system.close().then(() => {
			closed = true;
		});
		await this.runtime.until(() => closed);
		await closing;
	}
}
