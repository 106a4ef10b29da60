import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { Told } from '../../src/core/actor-port.ts';
import type { CommitRecord } from '../../src/core/journal.ts';
import { present, tell } from '../../src/core/show.ts';
import { type ActorKey, splitKey } from '../../src/protocol/ids.ts';

/** What everybody may know of one actor: all that its journal holds, and what follows from it. */
export class ActorTruth {
	readonly key: ActorKey;
	readonly records: CommitRecord[] = [];
	/** What is told of the event at a position. */
	readonly told: (readonly Told[])[] = [[]];
	/** The kind's figures of the state behind a position, as text. */
	readonly figures: string[];
	/** Requests that took effect, by `user id`. */
	readonly requests = new Map<string, { readonly reply: string; readonly position: number }>();
	/** Highest position whose effect a client was told to be done. */
	acknowledged = 0;
	state: unknown;
	readonly #kind: ActorKind;
	readonly #complain: (what: string) => void;
	readonly #serials = new Map<string, number>();
	/** The host that began to serve last, and how many records there were then. */
	#server: { readonly writer: string; readonly from: number } | undefined;

	constructor(key: ActorKey, kind: ActorKind, complain: (what: string) => void) {
		this.key = key;
		this.#kind = kind;
		this.#complain = (what) => complain(`${key}: ${what}`);
		this.state = kind.initial(splitKey(key).id);
		this.figures = [this.#figures()];
	}

	get position(): number {
		return this.told.length - 1;
	}

	/** The journal has taken a record in: it must follow on the one before. */
	landed(record: CommitRecord): void {
		const before = this.records.at(-1);
		if (record.commit !== (before?.commit ?? 0) + 1)
			this.#complain(`commit ${record.commit} twice`);
		if (record.position !== this.position + record.events.length) {
			this.#complain(`positions of commit ${record.commit} do not follow`);
		}
		if (record.at < (before?.at ?? 0)) this.#complain('time goes back');
		this.#oneWriter(record);
		this.records.push(record);
		for (const stored of record.events) this.#happened(record, stored);
		for (const request of record.requests) {
			const name = `${request.userId} ${request.requestId}`;
			if (this.requests.has(name)) this.#complain(`${name} took effect twice`);
			this.requests.set(name, {
				reply: JSON.stringify(request.reply),
				position: record.position,
			});
			this.#inOrder(request.userId, request.requestId);
		}
	}

	/** A host begins to serve: from here on nobody writes who began before. */
	serves(writer: string): void {
		const own = this.records.findLastIndex((record) => record.writer === writer);
		// It may not know yet that another has begun behind it.
		const from = this.records.length;
		if (own < 0 || own === from - 1) this.#server = { writer, from };
	}

	/** What is told behind `from` up to `to`. */
	between(from: number, to: number): readonly Told[] {
		return this.told.slice(from + 1, to + 1).flat();
	}

	/** Number of the first commit of a writer; undefined when it has none. */
	firstCommit(writer: string): number | undefined {
		return this.records.find((record) => record.writer === writer)?.commit;
	}

	#oneWriter({ writer, commit, events }: CommitRecord): void {
		if (events.length === 0 || this.#server === undefined || writer === this.#server.writer) return;
		// Its activation may have deposed the one that serves, and it has not said so yet.
		const since = this.records.slice(this.#server.from);
		if (since.some((record) => record.writer === writer && record.events.length === 0)) return;
		this.#complain(`${writer} writes commit ${commit} while ${this.#server.writer} serves`);
	}

	#happened(record: CommitRecord, stored: CommitRecord['events'][number]): void {
		const event = present(this.#kind, stored);
		const { id } = splitKey(this.key);
		const meta = { key: this.key, id, position: this.told.length, at: record.at, by: stored.by };
		this.told.push(tell(this.#kind, event, meta));
		this.state = this.#kind.evolve(this.state, event, meta);
		this.figures.push(this.#figures());
	}

	/**
	 * Request ids end in the number that the sender gave them. Those that begin with `may` can be refused,
	 * of which nothing is kept: sent again, they are decided anew, and may come behind later ones.
	 */
	#inOrder(sender: string, requestId: string): void {
		if (requestId.startsWith('may')) return;
		const dash = requestId.lastIndexOf('-');
		const name = `${sender} ${requestId.slice(0, dash)}`;
		const serial = Number(requestId.slice(dash + 1));
		if (serial <= (this.#serials.get(name) ?? 0)) this.#complain(`${requestId} out of order`);
		this.#serials.set(name, serial);
	}

	#figures(): string {
		return JSON.stringify(this.#kind.figures?.(this.state));
	}
}

/** The truth about all actors of a run, and what was found to contradict it. */
export class Truth {
	readonly violations: string[] = [];
	readonly #kinds: readonly ActorKind[];
	readonly #actors = new Map<ActorKey, ActorTruth>();

	constructor(kinds: readonly ActorKind[]) {
		this.#kinds = kinds;
	}

	get actors(): Iterable<ActorTruth> {
		return this.#actors.values();
	}

	of(key: ActorKey): ActorTruth {
		const there = this.#actors.get(key);
		if (there !== undefined) return there;
		const kind = this.#kinds.find(({ contract }) => contract.kind === splitKey(key).kind);
		const made = new ActorTruth(key, kind as ActorKind, (what) => this.complain(what));
		this.#actors.set(key, made);
		return made;
	}

	complain(what: string): void {
		this.violations.push(what);
	}

	/** The journal was replaced by an older copy: only what that holds is true. */
	restart(records: Iterable<CommitRecord>): void {
		this.#actors.clear();
		for (const record of records) this.of(record.actor).landed(record);
	}
}
