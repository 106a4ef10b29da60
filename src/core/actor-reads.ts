import { pack } from '../protocol/codec.ts';
import { splitKey } from '../protocol/ids.ts';
import type { WireEvent } from '../protocol/wire.ts';
import { type ActorKind, type Caller, type QueryPlan, ReadRefusedError } from './actor-kind.ts';
import type { CommandAnswer, OpenAnswer, Subscriber, Told } from './actor-port.ts';
import {
	type CommandEntry,
	type EphemeralEntry,
	type LookEntry,
	type OpenEntry,
	type ReadEntry,
	refusal,
	refuse,
} from './entries.ts';
import type { Log } from './log.ts';
import type { Meter } from './meter.ts';
import { MISSED_BYTES_MAX, MissedReader } from './missed-reader.ts';
import type { Recovered, RecoveryOptions } from './recovery.ts';
import { Reopener } from './reopener.ts';
import type { Runtime } from './runtime.ts';
import { hears } from './show.ts';
import type { Reads } from './store.ts';
import type { Unprojected } from './unprojected.ts';

const READS_IN_FLIGHT_MAX = 1_000;

export interface ReadsOptions extends RecoveryOptions {
	readonly store: Reads;
	readonly unprojected: Unprojected;
	readonly runtime: Runtime;
	readonly log: Log;
	readonly meter: Meter;
	/** Calls back between two commits, or says that the host has stopped. */
	readonly look: (look: (actor: Recovered) => void, dropped: () => void) => void;
}

/**
 * Answers what reads an actor: openings, resumes and queries. The first step sees the state between
 * commits; what has to come from the store or the journal follows, with the position of the first.
 */
export class ActorReads {
	readonly #options: ReadsOptions;
	readonly subscribers = new Set<Subscriber>();
	/** Subscribers that no answer has confirmed yet, with their openings under way. */
	readonly #unconfirmed = new Map<Subscriber, number>();
	readonly #missed: MissedReader;
	readonly #reopener: Reopener;
	#inFlight = 0;
	#stopped = false;

	constructor(options: ReadsOptions) {
		this.#options = options;
		this.#missed = new MissedReader(options);
		this.#reopener = new Reopener({
			...options,
			missed: this.#missed,
			granted: (actor, caller) => this.#granted(actor, caller),
			subscribe: (subscriber) => {
				this.subscribers.add(subscriber);
				this.#unconfirmed.delete(subscriber);
			},
		});
	}

	get inFlight(): number {
		return this.#inFlight + this.#reopener.inFlight;
	}

	unsubscribe(subscriber: Subscriber): void {
		this.subscribers.delete(subscriber);
		this.#unconfirmed.delete(subscriber);
	}

	/** Tells all who listen that the owner is gone; what is still read is answered `MOVED`. */
	stop(): void {
		this.#stopped = true;
		const subscribers = [...this.subscribers];
		this.subscribers.clear();
		this.#unconfirmed.clear();
		for (const subscriber of subscribers) {
			try {
				subscriber.closed();
			} catch (error) {
				this.#options.log.error({ err: error, actor: this.#options.key }, 'a listener threw');
			}
		}
	}

	/** Serves what reads, between two commits. */
	serve(entry: ReadEntry, actor: Recovered, now: number): void {
		if (entry.type === 'look') this.#look(entry);
		else if (entry.type === 'command') this.#query(entry, actor, now);
		else if (!actor.exists) refuse(entry, refusal('NOT_FOUND', `there is no ${this.#options.key}`));
		else if (entry.type === 'open') this.#open(entry, actor, now);
		else if (entry.type === 'reopen') this.#reopener.serve(entry, actor);
		else this.#ephemeral(entry, actor);
	}

	/** Whoever looks is called back, whatever happens. */
	#look({ look, dropped }: LookEntry): void {
		try {
			look();
		} catch (error) {
			this.#options.log.error({ err: error, actor: this.#options.key }, 'a look threw');
			dropped();
		}
	}

	#ephemeral({ caller, event: [type, data] }: EphemeralEntry, actor: Recovered): void {
		const shown = this.#options.kind.ephemeral?.(actor.state, caller, type, data);
		if (shown === undefined) return;
		for (const subscriber of this.subscribers) {
			subscriber.ephemeral([shown.type, shown.data], shown.audience);
		}
	}

	#query(entry: CommandEntry, actor: Recovered, now: number): void {
		const { kind, key } = this.#options;
		const { id } = splitKey(key);
		const { name, args, caller } = entry.request;
		this.#run<CommandAnswer>(
			() =>
				kind.query?.(actor.state, { name, args, caller }, { id, now }) ??
				refusal('INVALID', `no query ${name}`),
			(reply) => ({ ok: true, reply }),
			entry.answer,
		);
	}

	#open(entry: OpenEntry, actor: Recovered, now: number): void {
		const { caller, resume, subscriber } = entry.request;
		const granted = this.#granted(actor, caller);
		if (!granted.ok) {
			entry.answer(granted);
			return;
		}
		const matches = resume !== undefined && actor.history.matches(resume, actor.position);
		const subscribed = { ...entry, answer: this.#subscribe(subscriber, entry.answer) };
		if (matches) this.#resume(subscribed, actor, now);
		else this.#view(subscribed, actor, { now, how: resume === undefined ? 'opened' : 'reset' });
	}

	#granted(actor: Recovered, caller: Caller): ReturnType<ActorKind['grant']> {
		try {
			return this.#options.kind.grant(actor.state, caller);
		} catch (error) {
			this.#options.log.error({ err: error, actor: this.#options.key }, 'grant threw');
			return refusal('INTERNAL');
		}
	}

	/** Subscribes from now on; a refusal takes that back unless another opening has confirmed it. */
	#subscribe(subscriber: Subscriber, answer: OpenEntry['answer']): OpenEntry['answer'] {
		const pending = this.#unconfirmed;
		if (!this.subscribers.has(subscriber)) pending.set(subscriber, 0);
		this.subscribers.add(subscriber);
		const openings = pending.get(subscriber);
		if (openings !== undefined) pending.set(subscriber, openings + 1);
		return (answered) => {
			const left = (pending.get(subscriber) ?? Infinity) - 1;
			if (answered.ok) pending.delete(subscriber);
			else if (left === 0) this.unsubscribe(subscriber);
			else if (pending.has(subscriber)) pending.set(subscriber, left);
			answer(answered);
		};
	}

	#view(
		entry: OpenEntry,
		actor: Recovered,
		{ now, how }: { now: number; how: 'opened' | 'reset' },
	): void {
		const { caller, args } = entry.request;
		const { position, state } = actor;
		const writer = actor.history.writerOf(position) ?? '';
		if (how === 'reset') this.#options.meter.count('resyncs');
		this.#run<OpenAnswer>(
			() => this.#options.kind.view(state, caller, { args, now }),
			(view) => ({ ok: true, how, position, writer, view }),
			entry.answer,
		);
	}

	#resume(entry: OpenEntry, actor: Recovered, now: number): void {
		const { userId } = entry.request.caller;
		const [from] = entry.request.resume ?? [0];
		const { position } = actor;
		const writer = actor.history.writerOf(position) ?? '';
		const resumed = (told: readonly Told[]): OpenAnswer | undefined => {
			const events = told.filter((one) => hears(one, userId)).map(({ event }) => event);
			if (bytesOf(events) > MISSED_BYTES_MAX) return undefined;
			this.#options.meter.count('resumes');
			return { ok: true, how: 'resumed', position, writer, events };
		};
		const told = actor.history.since(from);
		const answer = told && resumed(told);
		const reset = (current: Recovered) => this.#view(entry, current, { now, how: 'reset' });
		if (answer !== undefined) entry.answer(answer);
		else if (told !== undefined) reset(actor);
		else this.#resumeLate(entry, { from, position }, { resumed, reset });
	}

	#resumeLate(
		entry: OpenEntry,
		{ from, position }: { from: number; position: number },
		then: {
			resumed: (told: readonly Told[]) => OpenAnswer | undefined;
			reset: (current: Recovered) => void;
		},
	): void {
		this.#inFlight++;
		void this.#missed
			.read(from, position)
			.then((older) => older && then.resumed(older.flatMap(({ told }) => told)))
			.catch((error) => {
				this.#options.log.warn({ err: error, actor: this.#options.key }, 'resume not read');
				return undefined;
			})
			.then((late) => {
				this.#inFlight--;
				const moved = () => entry.answer(refusal('MOVED'));
				if (this.#stopped) moved();
				else if (late === undefined) this.#options.look(then.reset, moved);
				else entry.answer(late);
			});
	}

	/** Runs a plan and answers once: its refusal, its result, or a typed failure. */
	#run<Answer>(
		makePlan: () => QueryPlan,
		success: (result: unknown) => Answer,
		answer: (answer: Answer | ReturnType<typeof refusal>) => void,
	): void {
		if (this.#inFlight >= READS_IN_FLIGHT_MAX) {
			answer(refusal('BUSY', 'too many reads wait', 500));
			return;
		}
		try {
			const plan = makePlan();
			const result = plan.ok ? plan.run(this.#counted()) : plan;
			if (!plan.ok) answer(plan);
			else if (result instanceof Promise) this.#later(result.then(success), answer);
			else answer(success(result));
		} catch (error) {
			this.#options.log.error({ err: error, actor: this.#options.key }, 'a read threw');
			answer(refusal('INTERNAL'));
		}
	}

	#later<Answer>(
		result: Promise<Answer>,
		answer: (answer: Answer | ReturnType<typeof refusal>) => void,
	): void {
		this.#inFlight++;
		void result
			.catch((error) => {
				if (error instanceof ReadRefusedError) return error.rejection;
				this.#options.log.warn({ err: error, actor: this.#options.key }, 'a read failed');
				return refusal('UNAVAILABLE', 'the store did not answer', 1_000);
			})
			.then((answered) => {
				this.#inFlight--;
				answer(this.#stopped ? refusal('MOVED') : answered);
			});
	}

	#counted(): Reads {
		const reads = this.#options.unprojected.over(this.#options.store);
		const { meter } = this.#options;
		return {
			get: (collection, key) => {
				meter.count('storeReads');
				return reads.get(collection, key);
			},
			page: (query) => {
				meter.count('storeReads');
				return reads.page(query);
			},
		};
	}
}

/** About the size of events on the wire; exact only near the bound. */
function bytesOf(events: readonly WireEvent[]): number {
	return events.length === 0 ? 0 : pack(events).length;
}
