import { expect } from 'vitest';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import {
	type ActorEvent,
	type ActorKind,
	type Caller,
	type Command,
	type EventMeta,
	type QueryPlan,
	ReadRefusedError,
	type Rejection,
	type Shown,
} from '../../src/core/actor-kind.ts';
import type { StoredEvent } from '../../src/core/journal.ts';
import { present } from '../../src/core/show.ts';
import type { EventRows, RowWrite } from '../../src/core/store.ts';
import { Unprojected } from '../../src/core/unprojected.ts';
import { pack, unpack } from '../../src/protocol/codec.ts';
import { actorKey } from '../../src/protocol/ids.ts';

/** What a subscriber of everything was told. */
export interface Heard extends Shown {
	readonly position: number;
}

export type Answer =
	| { readonly ok: true; readonly reply: unknown; readonly events: readonly ActorEvent[] }
	| Rejection;

export const person = (userId: string, more: Partial<Caller> = {}): Caller => ({
	userId,
	roles: ['user'],
	...more,
});

/**
 * Runs one pure actor as a host would, without journal and mailbox: load, decide, evolve, show, project;
 * with a clock of its own and serial ids. Checks on the way that `decide` changes nothing and that all
 * that leaves fits the contract.
 */
export class PureActor<S, E extends ActorEvent> {
	readonly id: string;
	readonly store: MemoryStore;
	readonly heard: Heard[] = [];
	readonly revoked: string[] = [];
	readonly events: E[] = [];
	state: S;
	now = 1_000_000;
	/** Rows wait until {@link catchUp}, as when the projector is behind. */
	lags = false;
	/** Of the commands that follow. */
	requestId: string | undefined;
	readonly #kind: ActorKind<S, E>;
	readonly #unprojected = new Unprojected();
	#waiting: EventRows[] = [];
	#ids = 0;

	constructor(kind: ActorKind<S, E>, id: string, store = new MemoryStore(kind.collections)) {
		this.#kind = kind;
		this.id = id;
		this.state = kind.initial(id);
		this.store = store;
	}

	get position(): number {
		return this.events.length;
	}

	get #key() {
		return actorKey(this.#kind.contract.kind, this.id);
	}

	get #reads() {
		return this.#unprojected.over(this.store);
	}

	async command(by: string | Caller, name: string, args: unknown = {}): Promise<Answer> {
		const caller = typeof by === 'string' ? person(by) : by;
		const contract = this.#kind.contract.commands[name];
		const checked = contract?.args.safeParse(args);
		if (checked?.success === false) return { ok: false, code: 'INVALID' };
		const { requestId } = this;
		const command: Command = { name, args: checked?.data ?? args, caller, requestId };
		const decision = await this.#decide(command);
		if (!decision.ok) return decision;
		for (const event of decision.events) this.apply(event);
		if (!this.lags) await this.catchUp();
		const reply = decision.reply ?? null;
		if (contract !== undefined) expect(contract.reply.parse(reply)).toEqual(reply);
		return { ok: true, reply, events: decision.events };
	}

	async query(by: string | Caller, name: string, args: unknown = {}): Promise<unknown> {
		const caller = typeof by === 'string' ? person(by) : by;
		const contract = this.#kind.contract.commands[name];
		const checked = contract?.args.parse(args);
		const plan = this.#kind.query?.(
			this.state,
			{ name, args: checked, caller },
			{ id: this.id, now: this.now },
		);
		const answer = await this.#run(plan);
		if (answer instanceof ReadRefusedError) return answer.rejection;
		if (plan?.ok) expect(contract?.reply.parse(answer)).toEqual(answer);
		return answer;
	}

	async open(by: string | Caller, args: unknown = {}): Promise<unknown> {
		const caller = typeof by === 'string' ? person(by) : by;
		const granted = this.#kind.grant(this.state, caller);
		if (!granted.ok) return granted;
		const checked = this.#kind.contract.openArgs.parse(args);
		const view = await this.#run(
			this.#kind.view(this.state, caller, { args: checked, now: this.now }),
		);
		expect(this.#kind.contract.view.parse(view)).toEqual(view);
		return view;
	}

	/** What is told of an ephemeral without data. */
	ephemeral(by: string, type: string): Shown | undefined {
		return this.#kind.ephemeral?.(this.state, person(by), type, {});
	}

	/** Brings all waiting rows into the store, and gives them. */
	async catchUp(): Promise<RowWrite[]> {
		const events = this.#waiting;
		this.#waiting = [];
		await this.store.project([{ actor: this.#key, position: this.position, events }]);
		this.#unprojected.projected(this.position);
		return events.flatMap(({ rows }) => rows);
	}

	/** Goes on with what a snapshot gives, taken by `cut` at once or earlier. */
	restart(cut: Iterable<unknown> = this.cut()): void {
		this.state = this.#kind.restore(this.id, packed([...cut]));
	}

	cut(): Iterable<unknown> {
		return this.#kind.cut(this.state);
	}

	apply(event: E): void {
		const stored = packed(event);
		const key = this.#key;
		this.events.push(stored);
		const meta: EventMeta = { key, id: this.id, position: this.position, at: this.now };
		this.state = this.#kind.evolve(this.state, stored, meta);
		for (const shown of this.#kind.show(stored, meta)) this.#hear(shown);
		const revoked = this.#kind.revokes?.(stored) ?? [];
		this.revoked.push(...(revoked === 'all' ? ['*'] : revoked));
		const rows = packed(this.#kind.project?.(this.state, stored, meta) ?? []);
		this.#waiting.push({ position: this.position, rows });
		this.#unprojected.push({ position: this.position, rows });
	}

	/** Applies what was stored once, as a host replays it. */
	replay(stored: StoredEvent): void {
		this.apply(present(this.#kind as ActorKind, stored) as E);
	}

	async #decide(command: Command) {
		const needs = this.#kind.needs?.(this.state, command, this.id) ?? [];
		const reads = this.#reads;
		const loaded = await Promise.all(needs.map(([name, key]) => reads.get(name, key)));
		const before = pack([...this.cut()]);
		const decision = this.#kind.decide(this.state, command, {
			key: this.#key,
			id: this.id,
			now: this.now,
			exists: this.position > 0,
			newId: () => `id${String(++this.#ids).padStart(8, '0')}`,
			loaded,
		});
		expect(Buffer.compare(pack([...this.cut()]), before)).toBe(0);
		return decision;
	}

	async #run(plan: QueryPlan | undefined): Promise<unknown> {
		if (plan === undefined || !plan.ok) return plan;
		try {
			return await plan.run(this.#reads);
		} catch (error) {
			if (error instanceof ReadRefusedError) return error;
			throw error;
		}
	}

	#hear(shown: Shown): void {
		const schema = this.#kind.contract.events[shown.type];
		expect(schema?.parse(shown.data)).toEqual(shown.data);
		this.heard.push({ ...shown, position: this.position });
	}
}

/** What is left of a value after it was stored. */
const packed = <T>(value: T): T => unpack(pack(value)) as T;
